"""Figures of two runs: metrics of each slice, and both trainings."""

from __future__ import annotations

from tfline.pipelines.report.collect.comparison import ComparisonPage
from tfline.pipelines.report.figures.plot import (
    BLUE,
    GREY,
    ORANGE,
    Figure,
    Json,
    axis,
    escape,
    line,
)

_SHOWN = 30

_FIGURES = 2
"""Metrics that have a figure."""


def draw(content: ComparisonPage) -> dict[str, Figure]:
    """Returns the figures by name."""
    figures: dict[str, Figure] = {}
    for metric in content.metrics[:_FIGURES]:
        figure = _slices(content, metric)
        if figure is not None:
            figures[f"slices_{metric}"] = figure
    for name, (before, after) in content.curves.items():
        if before and after:
            figures[f"curve_{name}"] = _curves(name, before, after)
    return figures


def _slices(content: ComparisonPage, metric: str) -> Figure | None:
    """Returns both values of each slice, joined; None if no slice has both."""
    rows = [row for row in content.slices if row.metrics[metric].change is not None][:_SHOWN][::-1]
    if not rows:
        return None
    names = [escape(row.label, 32) for row in rows]
    joins: Json = {"x": [], "y": []}
    for row, name in zip(rows, names, strict=True):
        joins["x"] += [row.metrics[metric].before, row.metrics[metric].after, None]
        joins["y"] += [name, name, None]
    worse = sum(row.metrics[metric].better is False for row in rows)
    return Figure(
        title=f"{metric} by slice, before and after",
        description=f"{metric} of {len(rows)} slices in both runs; worse in {worse} of them.",
        data=[
            {
                "type": "scatter",
                "mode": "lines",
                **joins,
                "line": {"color": GREY, "width": 2},
                "hoverinfo": "skip",
                "showlegend": False,
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": "before",
                "x": [row.metrics[metric].before for row in rows],
                "y": names,
                "marker": {"color": ORANGE, "symbol": "circle-open", "size": 9},
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": "after",
                "x": [row.metrics[metric].after for row in rows],
                "y": names,
                "marker": {"color": BLUE, "size": 9},
            },
        ],
        layout={
            "xaxis": axis(metric),
            "yaxis": {"type": "category", "tickfont": {"size": 12}},
            "showlegend": True,
        },
        height=120 + 22 * len(rows),
    )


def _curves(name: str, before: tuple[float, ...], after: tuple[float, ...]) -> Figure:
    return Figure(
        title=f"{name} in validation",
        description=f"{name} in validation by epoch: at last {before[-1]:.4g} before and "
        f"{after[-1]:.4g} after.",
        data=[
            line("before", range(1, len(before) + 1), before, 1, mode="lines+markers"),
            line("after", range(1, len(after) + 1), after, 0, mode="lines+markers"),
        ],
        layout={"xaxis": axis("epoch", tickformat="d"), "showlegend": True},
        height=280,
    )
