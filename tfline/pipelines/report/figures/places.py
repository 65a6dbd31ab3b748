"""The map: a point a record, in the colour of its label."""

from __future__ import annotations

import collections
from collections.abc import Sequence

from tfline.pipelines.report.collect.places import Places
from tfline.pipelines.report.figures.plot import (
    BLUE,
    COLOURS,
    GREY,
    ORANGE,
    Figure,
    Json,
    axis,
    escape,
)

_SIZE, _OPACITY = 5, 0.6
_MOST_CLASSES = len(COLOURS) - 1
_SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "star")
"""Points differ in their form, too: colour alone says nothing to some."""


def draw_map(places: Places) -> Figure:
    """Returns the map."""
    right, up = places.names
    return Figure(
        title=f"{places.label} on a map",
        description=f"{len(places.x):,} eval records by {right} and {up}, coloured by the label.",
        data=_of_classes(places) if places.classes else [_of_numbers(places)],
        layout={"xaxis": axis(escape(right)), "yaxis": axis(escape(up))},
        height=460,
        wide=True,
        note=f"A sample of {len(places.x):,} records that have both coordinates.",
    )


def _of_numbers(places: Places) -> Json:
    marker = {
        "size": _SIZE,
        "opacity": _OPACITY,
        "color": [float(f"{value:.5g}") for value in places.values],
        "colorscale": [[0, BLUE], [0.5, "#f0e442"], [1, ORANGE]],
        "colorbar": {"thickness": 10, "outlinewidth": 0},
    }
    hover = "%{x}, %{y}: %{marker.color}<extra></extra>"
    return {**_points(places.x, places.y), "marker": marker, "hovertemplate": hover}


def _of_classes(places: Places) -> list[Json]:
    """Returns the points of the most frequent classes, each in a colour, and of all others."""
    common = collections.Counter(places.values).most_common()
    named = [int(value) for value, _ in common[:_MOST_CLASSES]]
    traces = []
    for place, index in enumerate([*sorted(named), None]):
        rows = [
            row
            for row, value in enumerate(places.values)
            if (value not in named if index is None else value == index)
        ]
        if rows:
            marker = {
                "size": _SIZE,
                "opacity": _OPACITY,
                "color": GREY if index is None else COLOURS[place],
                "symbol": _SYMBOLS[place % len(_SYMBOLS)],
            }
            points = _points([places.x[row] for row in rows], [places.y[row] for row in rows])
            name = "others" if index is None else escape(places.classes[index])
            traces.append({**points, "name": name, "marker": marker, "showlegend": True})
    return traces


def _points(x: Sequence[float], y: Sequence[float]) -> Json:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [float(f"{value:.7g}") for value in x],
        "y": [float(f"{value:.7g}") for value in y],
    }
