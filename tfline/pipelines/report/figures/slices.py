"""Figures of the slices: a metric of each slice with its interval, one figure a metric."""

from __future__ import annotations

from tfline.pipelines.report.collect.slices import SliceRow, SlicesSection
from tfline.pipelines.report.figures.plot import (
    BLUE,
    GREY,
    ORANGE,
    Figure,
    Json,
    axis,
    escape,
    line,
    upright,
)

_SHOWN = 30


def draw(section: SlicesSection) -> dict[str, Figure]:
    """Returns the figures by name."""
    figures = {
        f"slices_{metric}": _metric(section, metric)
        for metric in section.plotted
        if any(row.values.get(metric) is not None for row in section.rows)
    }
    if section.part == "step" and section.parts:
        metrics = next(iter(section.parts.values()))
        figures |= {f"parts_{metric}": _steps(section, metric) for metric in list(metrics)[:2]}
    return figures


def _metric(section: SlicesSection, metric: str) -> Figure:
    rows = [row for row in section.rows if row.values.get(metric) is not None]
    kept = [*rows[:1], *sorted(rows[1:], key=lambda row: -row.records)[: _SHOWN - 1]]
    # The largest slice on top, the overall one above all.
    kept = kept[::-1]
    data = [_points(kept, metric, small) for small in (False, True)]
    baselines = [(row, row.baselines.get(metric)) for row in kept]
    if any(value is not None for _, value in baselines):
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "live model",
                "x": [value for _, value in baselines],
                "y": [escape(row.label, 32) for row, _ in baselines],
                "marker": {"color": ORANGE, "symbol": "line-ns-open", "size": 12},
                "hovertemplate": "%{y}, live model: %{x:.4f}<extra></extra>",
            }
        )
    left_out = len(rows) - len(kept)
    return Figure(
        title=f"{metric} by slice",
        description=_describe(kept, metric),
        data=[trace for trace in data if trace["x"]],
        layout={
            "xaxis": axis(metric),
            "yaxis": {
                "type": "category",
                "categoryorder": "array",
                "categoryarray": [escape(row.label, 32) for row in kept],
                "tickfont": {"size": 12},
            },
            "shapes": _bounds(section, metric),
            "showlegend": True,
        },
        height=120 + 22 * len(kept),
        note=" ".join(
            [
                f"Bars: {section.confidence:.0%} intervals."
                if any(metric in row.intervals for row in kept)
                else "",
                f"Dotted: required ({_words(section, metric)})." if _words(section, metric) else "",
                f"{left_out} smaller slices are in the table." if left_out else "",
            ]
        ).strip(),
    )


def _steps(section: SlicesSection, metric: str) -> Figure:
    """Returns a metric at each step of a forecast."""
    values = [found[metric] for found in section.parts.values()]
    return Figure(
        title=f"{metric} by step of the forecast",
        description=f"{metric} at {len(values)} steps.",
        data=[line(metric, section.parts, values, mode="lines+markers")],
        layout={"xaxis": axis("step", type="category"), "yaxis": {"rangemode": "tozero"}},
        height=280,
    )


def _points(rows: list[SliceRow], metric: str, small: bool) -> Json:
    """Returns the slices that are too small to decide, or the others."""
    shown = [row for row in rows if row.small is small]
    values = [row.values[metric] or 0.0 for row in shown]
    trace: Json = {
        "type": "scatter",
        "mode": "markers",
        "name": "too small to decide" if small else "model",
        "x": values,
        "y": [escape(row.label, 32) for row in shown],
        "marker": {
            "color": GREY if small else BLUE,
            "symbol": "circle-open" if small else "circle",
            "size": 9,
        },
        "text": [f"{row.records:,} records" for row in shown],
        "hovertemplate": "%{y}: %{x:.4f}<br>%{text}<extra></extra>",
    }
    intervals = [row.intervals.get(metric) for row in shown]
    if any(intervals):
        ends = [
            (value, value) if interval is None else interval
            for value, interval in zip(values, intervals, strict=True)
        ]
        pairs = list(zip(values, ends, strict=True))
        trace["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [high - value for value, (_, high) in pairs],
            "arrayminus": [value - low for value, (low, _) in pairs],
            "thickness": 1,
            "width": 4,
        }
    return trace


def _bounds(section: SlicesSection, metric: str) -> list[Json]:
    return [upright(bound) for bound in section.bounds[metric] if bound is not None]


def _words(section: SlicesSection, metric: str) -> str:
    overall, on_slices = section.bounds[metric]
    words = [] if overall is None else [f"overall {overall:g}"]
    return ", ".join(words if on_slices is None else [*words, f"on slices {on_slices:g}"])


def _describe(rows: list[SliceRow], metric: str) -> str:
    weakest = min(rows, key=lambda row: row.values[metric] or 0.0)
    strongest = max(rows, key=lambda row: row.values[metric] or 0.0)
    return (
        f"{metric} of {len(rows)} slices, from {weakest.values[metric]:.3f} on {weakest.label} to "
        f"{strongest.values[metric]:.3f} on {strongest.label}."
    )
