"""`tfline runs`: the runs of a pipeline.

Example:
    tfline runs taxi
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tfline.pipelines.commands.arguments import add_spec, add_work, read_pipeline

if TYPE_CHECKING:
    from tfline.pipelines.api.run import Run

_SHOWN_CHANGES = 5
"""Settings of the spec that are shown as changed since the run before."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set and --work."""
    add_spec(parser)
    add_work(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints a line a run: how it ended, its main metric, how long it took, what was new in it."""
    from tfline.pipelines.terminal import Grid, say

    pipeline = read_pipeline(arguments)
    runs = pipeline.runs()
    if not runs:
        print(f"no runs in {pipeline.work.root}")
        return 0
    rows = [
        [str(number), found.id, found.status, _metric(found), f"{found.seconds:.1f} s"]
        for number, found in enumerate(runs, start=1)
    ]
    grid = Grid(["#", "run", "verdict", "metric", "time"], rows, left=4)
    columns = range(len(grid.header))
    say(f"{grid.line(grid.header, columns)}  what")
    for row, found, before in zip(rows, runs, [None, *runs], strict=False):
        say(f"{grid.line(row, columns)}  {_what(found, before)}", hang=6)
    return 0


def _metric(found: Run) -> str:
    """Returns the main metric of a run, for example ``auc 0.9481``."""
    metric = found.main_metric
    return f"{metric[0]} {metric[1]:.4f}" if metric else ""


def _what(found: Run, before: Run | None) -> str:
    """Returns what stopped a run or who overrode its verdict, what it changed, and what it ran."""
    told = [found.error.split("\n")[0]]
    if found.status == "overridden":
        told.append(found.verdict.override)
    if found.record.resumes:
        told.append(f"went on from {found.record.resumes}")
    told += [str(change) for change in found.changes(before)[:_SHOWN_CHANGES]] if before else []
    if not found.error:
        told.append(f"ran {', '.join(found.executed) or 'nothing'}")
    return "; ".join(filter(None, told))
