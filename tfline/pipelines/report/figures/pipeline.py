"""The graph of a pipeline as boxes and arrows: geometry only, drawn as SVG by the template.

It is not drawn by Plotly, so it is there without a script, and as text for a screen reader.
"""

from __future__ import annotations

import dataclasses

from tfline.pipelines.report.collect.pipeline import Node, PipelineSection

_WIDTH, _HEIGHT = 138, 50
_ALONG, _ACROSS = 30, 40
_MARGIN, _ARC = 4, 15


@dataclasses.dataclass(frozen=True)
class Box:
    """A component: its corner, in pixels."""

    node: Node
    x: int
    y: int


@dataclasses.dataclass(frozen=True)
class Drawing:
    """The graph, from left to right or from top to bottom.

    Attributes:
        width: Of the picture, in pixels.
        height: Of the picture.
        boxes: The components.
        paths: The arrows, as SVG paths.
        box_width: Of every box.
        box_height: Of every box.
    """

    width: int
    height: int
    boxes: tuple[Box, ...]
    paths: tuple[str, ...]
    box_width: int = _WIDTH
    box_height: int = _HEIGHT


def draw(section: PipelineSection) -> dict[str, Drawing]:
    """Returns the graph for wide and for narrow screens."""
    return {"wide": _draw(section, tall=False), "tall": _draw(section, tall=True)}


def _draw(section: PipelineSection, tall: bool) -> Drawing:
    """Places the boxes along the graph and across it; a tall graph runs downwards."""
    length, breadth = (_HEIGHT, _WIDTH) if tall else (_WIDTH, _HEIGHT)
    arcs = _arcs(section)
    first = _MARGIN + _ARC * len(arcs)  # where lane 0 begins, beside the arrows that pass it
    places = {
        node.name: (
            _MARGIN + node.rank * (length + _ALONG),
            first + node.lane * (breadth + _ACROSS),
        )
        for node in section.nodes
    }

    def point(along: int, across: int) -> str:
        return f"{across} {along}" if tall else f"{along} {across}"

    def path(source: str, node: Node) -> str:
        (begin, side), (end, entry) = places[source], places[node.name]
        middle, target = side + breadth // 2, entry + breadth // 2
        if (source, node.name) in arcs:
            level = first - _ARC * (1 + arcs.index((source, node.name)))
            out, into = begin + length // 2, end + length // 2
            corners = [(out, side), (out, level), (into, level), (into, entry)]
        elif node.rank - ranks[source] > 1 and side > first:  # from a lane at the side
            turn = end - _ALONG // 2
            corners = [(begin + length, middle), (turn, middle), (turn, target), (end, target)]
        elif node.rank - ranks[source] > 1:  # to a lane at the side
            out = begin + length * 3 // 4
            corners = [(out, side + breadth), (out, target), (end, target)]
        else:
            bend = (begin + length + end) // 2
            curve = " ".join([point(bend, middle), point(bend, target), point(end, target)])
            return f"M{point(begin + length, middle)} C{curve}"
        return "M" + " L".join(point(*corner) for corner in corners)

    ranks = {node.name: node.rank for node in section.nodes}
    size = (
        2 * _MARGIN + (max(ranks.values()) + 1) * (length + _ALONG) - _ALONG,
        first + (max(node.lane for node in section.nodes) + 1) * (breadth + _ACROSS) - _ACROSS,
    )
    width, height = reversed(size) if tall else size
    return Drawing(
        width=width + _MARGIN,
        height=height + _MARGIN,
        boxes=tuple(
            Box(node, *(reversed(places[node.name]) if tall else places[node.name]))
            for node in section.nodes
        ),
        paths=tuple(path(source, node) for node in section.nodes for source in node.upstream),
    )


def _arcs(section: PipelineSection) -> list[tuple[str, str]]:
    """Returns the arrows that pass boxes of lane 0, the shortest first: each has its level."""
    ranks = {node.name: node.rank for node in section.nodes}
    lanes = {node.name: node.lane for node in section.nodes}
    arcs = [
        (name, node.name)
        for node in section.nodes
        for name in node.upstream
        if node.rank - ranks[name] > 1 and node.lane == lanes[name] == 0
    ]
    return sorted(arcs, key=lambda arc: ranks[arc[1]] - ranks[arc[0]])
