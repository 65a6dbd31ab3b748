"""The pipeline as a graph: what ran, what was cached, how long it took, and what takes what."""

from __future__ import annotations

import dataclasses
from typing import Literal

from tfline.pipelines.report.run_files import RunFiles
from tfline.pipelines.run.plan import UPSTREAM

Outcome = Literal["executed", "cached", "failed", "not run"]


@dataclasses.dataclass(frozen=True)
class Node:
    """A component.

    Attributes:
        name: Its name.
        outcome: What became of it.
        seconds: Wall time.
        share: Part of the time of all components, 0 to 1.
        summary: Its own line about its result.
        upstream: The components that it takes something from.
        rank: Place along the graph: how many components come before it at least.
        lane: Place across the graph, from 0.
    """

    name: str
    outcome: Outcome
    seconds: float
    share: float
    summary: str
    upstream: tuple[str, ...]
    rank: int
    lane: int


@dataclasses.dataclass(frozen=True)
class PipelineSection:
    """The graph.

    Attributes:
        nodes: In the order in which they run.
        seconds: Wall time of the run, with what it takes to start.
        cached: How many components were not executed again.
    """

    nodes: tuple[Node, ...]
    seconds: float
    cached: int


def collect(files: RunFiles) -> PipelineSection:
    """Returns the graph of a run, also of one that failed on its way."""
    record = files.record
    names = list(record.parts)
    total = sum(component.seconds for component in record.components.values())
    places = _places(names)
    nodes: list[Node] = []
    for name in names:
        component = record.components.get(name)
        upstream = tuple(source for source in UPSTREAM.get(name, ()) if source in names)
        outcome: Outcome = "not run"
        if component is not None:
            outcome = "cached" if component.cached else "executed"
        elif record.status == "failed" and not any(n.outcome == "failed" for n in nodes):
            outcome = "failed"
        seconds = component.seconds if component is not None else 0.0
        nodes.append(
            Node(
                name=name,
                outcome=outcome,
                seconds=seconds,
                share=seconds / total if total else 0.0,
                summary=component.summary if component is not None else "",
                upstream=upstream,
                rank=places[name][0],
                lane=places[name][1],
            )
        )
    cached = sum(node.outcome == "cached" for node in nodes)
    return PipelineSection(tuple(nodes), record.seconds, cached)


def _places(names: list[str]) -> dict[str, tuple[int, int]]:
    """Returns rank and lane of each component.

    A component is a rank after all that it takes something from; one that takes nothing, beside
    the first, a rank before what takes something from it.
    """
    takes = {name: [s for s in UPSTREAM.get(name, ()) if s in names] for name in names}
    late = {name for name in names[1:] if not takes[name]}
    ranks: dict[str, int] = {}
    for name in names:
        if name not in late:
            ranks[name] = 1 + max((ranks[s] for s in takes[name] if s in ranks), default=-1)
    for name in late:
        takers = [ranks[taker] for taker in ranks if name in takes[taker]]
        ranks[name] = max(0, min(takers, default=1) - 1)
    lanes: dict[int, int] = {}
    places: dict[str, tuple[int, int]] = {}
    for name in sorted(names, key=lambda name: name in late):  # those stand at the side
        lane = lanes.get(ranks[name], 0)
        lanes[ranks[name]] = lane + 1
        places[name] = (ranks[name], lane)
    return places
