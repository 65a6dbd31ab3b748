"""Building blocks of the figures: plain dictionaries in Plotly's own JSON form.

They are written by hand, not by Plotly's classes, whose import and validation take longer than the
rest of a page; a test lets those classes check every figure.
"""

from __future__ import annotations

import dataclasses
from typing import Any

Json = dict[str, Any]

BLUE, ORANGE, GREEN, PINK = "#0072b2", "#d55e00", "#007a5a", "#b0518d"
GREY, DARK, LINE = "#8a939b", "#24292f", "#e4e7ea"
COLOURS = (BLUE, ORANGE, GREEN, PINK, "#56b4e9", "#a07800", "#6f42c1", "#636c76")
"""After Okabe and Ito (2008), "Color universal design"; darkened to be read on white."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Lines differ in their dash, too: colour alone says nothing to some."""

BLUES = [[0, "#f6f9fc"], [0.35, "#a9cbe6"], [1, "#08436f"]]
"""From none to much."""

DIVERGING = [[0, "#b34700"], [0.5, "#f7f8f9"], [1, "#08578f"]]
"""From -1 over nothing to 1."""


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        title: What is shown, in a few words.
        description: The same in a sentence, for those who cannot see it.
        data: Plotly's traces.
        layout: Plotly's layout, beside what all figures share.
        height: In pixels.
        wide: Whether it takes the whole width of the page.
        note: Small print below it.
    """

    title: str
    description: str
    data: list[Json]
    layout: Json = dataclasses.field(default_factory=dict)
    height: int = 320
    wide: bool = False
    note: str = ""

    @property
    def spec(self) -> Json:
        """Data and layout, complete."""
        layout = {**_LAYOUT, **self.layout, "height": self.height}
        for axis in ("xaxis", "yaxis"):
            layout[axis] = {**_AXIS, **self.layout.get(axis, {})}
        return {"data": self.data, "layout": layout}


_AXIS: Json = {
    "automargin": True,
    "gridcolor": LINE,
    "linecolor": GREY,
    "zerolinecolor": GREY,
    "title": {"standoff": 8},
}
_LAYOUT: Json = {
    "font": {"family": "system-ui, sans-serif", "size": 13, "color": DARK},
    "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "hovermode": "closest",
    "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    "colorway": list(COLOURS),
}


def axis(title: str, **more: Any) -> Json:
    """Returns an axis with a title."""
    return {"title": {"text": title, "standoff": 8}, **more}


def line(name: str, x: Any, y: Any, place: int = 0, **more: Any) -> Json:
    """Returns a line in the colour and dash of its place among others."""
    style = {
        "color": COLOURS[place % len(COLOURS)],
        "dash": DASHES[place % len(DASHES)],
        "width": 2,
    }
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escape(name),
        "x": list(x),
        "y": list(y),
        "line": style,
        **more,
    }


def reference(x: Any, y: Any, name: str = "") -> Json:
    """Returns a thin grey line to compare with."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(x),
        "y": list(y),
        "name": name,
        "line": {"color": GREY, "dash": "dot", "width": 1},
        "hoverinfo": "skip",
        "showlegend": bool(name),
    }


def upright(x: float) -> Json:
    """Returns a dotted line across the whole height of a figure: a bound, or what was chosen."""
    line = {"color": DARK, "dash": "dot", "width": 1}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def escape(text: str, longest: int = 40) -> str:
    """Returns data as text that Plotly shows as it is, cut: Plotly reads a subset of HTML."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
