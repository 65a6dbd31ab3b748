"""Figures of the data: distributions, associations, drift."""

from __future__ import annotations

import itertools

from tfline.pipelines.report.collect.data import Bars, DataSection, RawFeature
from tfline.pipelines.report.figures.places import draw_map
from tfline.pipelines.report.figures.plot import (
    BLUE,
    COLOURS,
    DIVERGING,
    ORANGE,
    Figure,
    Json,
    axis,
    escape,
    upright,
)

MAX_HISTOGRAMS = 40
"""Features that have a figure; all are in the table."""


def draw(section: DataSection) -> dict[str, Figure]:
    """Returns the figures by name."""
    figures: dict[str, Figure] = {}
    with_bars = [feature for feature in section.features if feature.bars is not None]
    for index, feature in enumerate(with_bars[:MAX_HISTOGRAMS]):
        figures[f"histogram_{index}"] = _histogram(feature)
    drifts = [feature for feature in section.features if feature.drift is not None]
    if drifts:
        figures["drift"] = _drift(drifts, section.drifted)
    if section.associations is not None:
        figures["associations"] = _associations(section)
    if section.places is not None:
        figures["map"] = draw_map(section.places)
    return figures


def _histogram(feature: RawFeature) -> Figure:
    """Returns the distribution of a feature in each split, as shares that add up to 1."""
    bars = feature.bars
    if bars is None:
        raise ValueError(f"Expected a feature with a distribution. Received: {feature.name!r}")
    is_number = bool(bars.edges)
    data = []
    for place, (split, shares) in enumerate(bars.shares.items()):
        trace: Json = {
            "type": "bar",
            "name": escape(split),
            "marker": {
                "color": COLOURS[place % len(COLOURS)],
                "pattern": {"shape": ("", "/", "x")[place % 3], "size": 5, "solidity": 0.35},
            },
            "text": [escape(label) for label in bars.labels],
            "textposition": "none",
        }
        rounded = [round(share, 5) for share in shares]
        data.append({**trace, **(_upright(bars, rounded) if is_number else _lying(bars, rounded))})
    return Figure(
        title=feature.name,
        description=f"Distribution of {feature.name} in {' and '.join(bars.shares)}.",
        data=data,
        layout=_numbers(bars) if is_number else _VALUES,
        height=230,
    )


_LEGEND: Json = {"showlegend": True, "barmode": "group", "bargroupgap": 0}
_VALUES: Json = {
    **_LEGEND,
    "bargap": 0.2,
    "xaxis": {"tickformat": ".0%", "nticks": 4, "rangemode": "tozero", "tickfont": {"size": 11}},
    "yaxis": {"type": "category", "autorange": "reversed", "tickfont": {"size": 11}},
}


def _numbers(bars: Bars) -> Json:
    """Returns the layout of upright bars, with a tick at every quarter of the bins."""
    last = len(bars.edges) - 1
    ticks = [bars.edges[round(last * quarter / 4)] for quarter in range(5)]
    ticks = sorted({float(f"{tick:.6g}") for tick in ticks})
    return {
        **_LEGEND,
        "bargap": 0.1,
        "xaxis": {
            "tickvals": ticks,
            "ticktext": [f"{tick:,.4g}" for tick in ticks],
            "tickfont": {"size": 11},
            "tickangle": 0,
        },
        "yaxis": {"tickformat": ".0%", "nticks": 4, "rangemode": "tozero"},
    }


def _upright(bars: Bars, shares: list[float]) -> Json:
    """Returns upright bars, each in the middle of its bin."""
    middles = [(low + high) / 2 for low, high in itertools.pairwise(bars.edges)]
    return {
        "x": [float(f"{middle:.8g}") for middle in middles],
        "y": shares,
        "hovertemplate": "%{text}: %{y:.1%}<extra>%{fullData.name}</extra>",
    }


def _lying(bars: Bars, shares: list[float]) -> Json:
    """Returns lying bars, which leave room for the names of values."""
    return {
        "orientation": "h",
        "y": [escape(label, 18) for label in bars.labels],
        "x": shares,
        "hovertemplate": "%{text}: %{x:.1%}<extra>%{fullData.name}</extra>",
    }


def _drift(features: list[RawFeature], limit: float) -> Figure:
    shown = sorted(features, key=lambda feature: -(feature.drift or 0.0))[:30][::-1]
    drifts = [round(feature.drift or 0.0, 4) for feature in shown]
    space = 1.35 if max(drifts) >= limit else 1.15  # for the words behind a bar
    return Figure(
        title="Drift between train and eval",
        description="Jensen-Shannon divergence of each raw feature between train and eval; "
        f"the largest is {max(drifts):.3f}, of {shown[-1].name}.",
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "y": [escape(feature.name, 28) for feature in shown],
                "x": drifts,
                "marker": {"color": [ORANGE if drift >= limit else BLUE for drift in drifts]},
                "text": [f"{drift:.3f}{'  drifted' if drift >= limit else ''}" for drift in drifts],
                "textposition": "outside",
                "cliponaxis": False,
                "hovertemplate": "%{y}: %{x}<extra></extra>",
            }
        ],
        layout={
            "xaxis": axis(
                "Jensen-Shannon divergence",
                range=[0, max(*drifts, limit) * space],
                rangemode="tozero",
            ),
            "yaxis": {"type": "category", "tickfont": {"size": 12}},
            "shapes": [upright(limit)],
        },
        height=90 + 22 * len(shown),
        note=f"0: the same distribution; 1: no value in common. From {limit:g} on (dotted), "
        "a feature is called drifted.",
    )


def _associations(section: DataSection) -> Figure:
    found = section.associations
    if found is None:
        raise ValueError("Expected a section with associations.")
    names = [escape(name, 24) for name in found.names]
    values = [list(row) for row in found.values]
    shown = len(names) <= 14
    return Figure(
        title="Associations of the label and the features",
        description=f"Association of each pair of {len(names)} columns; the label is the first.",
        data=[
            {
                "type": "heatmap",
                "x": names,
                "y": names,
                "z": values,
                "zmin": -1,
                "zmax": 1,
                "colorscale": DIVERGING,
                "xgap": 1,
                "ygap": 1,
                "text": [["" if v is None else f"{v:.2f}" for v in row] for row in values],
                "texttemplate": "%{text}" if shown else "",
                "textfont": {"size": 10},
                "hovertemplate": "%{y} and %{x}: %{z:.3f}<extra></extra>",
                "colorbar": {"thickness": 10, "outlinewidth": 0},
            }
        ],
        layout={
            "xaxis": {"type": "category", "tickangle": -45, "tickfont": {"size": 11}},
            "yaxis": {"type": "category", "autorange": "reversed", "tickfont": {"size": 11}},
        },
        height=160 + 26 * len(names),
        wide=True,
        note=f"Of {found.records:,} eval records. Two numbers: Spearman's rank correlation, with "
        "its sign. A number and a category: the correlation ratio of ranks. Two categories: "
        "Cramér's V. The latter two have no sign and are corrected for chance.",
    )
