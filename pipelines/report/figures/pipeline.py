"""The graph of a pipeline as boxes and arrows: geometry only, drawn as SVG by the template.

It is not drawn by Plotly, so it is there without a script, and as text for a screen reader.
"""

from __future__ import annotations

import dataclasses

from pipelines.report.collect.pipeline import Node, PipelineSection

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
    return {"wide": _draw_wide(section), "tall": _draw_tall(section)}


def _draw_wide(section: PipelineSection) -> Drawing:
    boxes, arcs = {}, _arcs(section)
    top = _MARGIN + _ARC * len(arcs)
    for node in section.nodes:
        x = _MARGIN + node.rank * (_WIDTH + _ALONG)
        boxes[node.name] = Box(node, x, top + node.lane * (_HEIGHT + _ACROSS))
    paths = []
    for node in section.nodes:
        for name in node.upstream:
            start, end = boxes[name], boxes[node.name]
            right, middle = start.x + _WIDTH, start.y + _HEIGHT // 2
            entry = end.y + _HEIGHT // 2
            if end.node.rank - start.node.rank <= 1:
                bend = (right + end.x) // 2
                paths.append(f"M{right} {middle} C{bend} {middle} {bend} {entry} {end.x} {entry}")
            elif end.node.lane == 0:
                level = top - _ARC * (1 + arcs.index((name, node.name)))
                out, into = start.x + _WIDTH // 2, end.x + _WIDTH // 2
                paths.append(f"M{out} {start.y} V{level} H{into} V{end.y}")
            else:  # below the boxes between
                out = start.x + _WIDTH * 3 // 4
                paths.append(f"M{out} {start.y + _HEIGHT} V{entry} H{end.x}")
    ranks = max(node.rank for node in section.nodes) + 1
    lanes = max(node.lane for node in section.nodes) + 1
    return Drawing(
        width=2 * _MARGIN + ranks * (_WIDTH + _ALONG) - _ALONG,
        height=top + lanes * (_HEIGHT + _ACROSS) - _ACROSS + _MARGIN,
        boxes=tuple(boxes.values()),
        paths=tuple(paths),
    )


def _draw_tall(section: PipelineSection) -> Drawing:
    boxes, arcs = {}, _arcs(section)
    left = _MARGIN + _ARC * len(arcs)
    for node in section.nodes:
        y = _MARGIN + node.rank * (_HEIGHT + _ALONG)
        boxes[node.name] = Box(node, left + node.lane * (_WIDTH + _ALONG), y)
    paths = []
    for node in section.nodes:
        for name in node.upstream:
            start, end = boxes[name], boxes[node.name]
            bottom, middle = start.y + _HEIGHT, start.x + _WIDTH // 2
            entry = end.x + _WIDTH // 2
            if end.node.rank - start.node.rank <= 1:
                bend = (bottom + end.y) // 2
                paths.append(f"M{middle} {bottom} C{middle} {bend} {entry} {bend} {entry} {end.y}")
            elif end.node.lane == 0:
                level = left - _ARC * (1 + arcs.index((name, node.name)))
                out, into = start.y + _HEIGHT // 2, end.y + _HEIGHT // 2
                paths.append(f"M{start.x} {out} H{level} V{into} H{end.x}")
            else:
                out = start.y + _HEIGHT * 3 // 4
                paths.append(f"M{start.x + _WIDTH} {out} H{entry} V{end.y}")
    ranks = max(node.rank for node in section.nodes) + 1
    lanes = max(node.lane for node in section.nodes) + 1
    return Drawing(
        width=left + lanes * (_WIDTH + _ALONG) - _ALONG + _MARGIN,
        height=2 * _MARGIN + ranks * (_HEIGHT + _ALONG) - _ALONG,
        boxes=tuple(boxes.values()),
        paths=tuple(paths),
    )


def _arcs(section: PipelineSection) -> list[tuple[str, str]]:
    """Returns the arrows that pass over other boxes, the shortest first: each has its level."""
    ranks = {node.name: node.rank for node in section.nodes}
    arcs = [
        (name, node.name)
        for node in section.nodes
        for name in node.upstream
        if node.rank - ranks[name] > 1 and node.lane == 0
    ]
    return sorted(arcs, key=lambda arc: ranks[arc[1]] - ranks[arc[0]])
