"""`tfline runs`: the runs of a pipeline.

Example:
    tfline runs taxi
"""

from __future__ import annotations

import argparse

from tfline.pipelines.commands.arguments import add_spec, add_work, read_pipeline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set and --work."""
    add_spec(parser)
    add_work(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints a line a run: when, how it ended, how long it took, what was executed."""
    pipeline = read_pipeline(arguments)
    runs = pipeline.runs()
    if not runs:
        print(f"no runs in {pipeline.work.root}")
    for number, found in enumerate(runs, start=1):
        what = found.error.split("\n")[0] or f"ran {', '.join(found.executed) or 'nothing'}"
        print(f"{number:>3}  {found.id}  {found.status:<11}  {found.seconds:7.1f} s  {what}")
        if found.status == "overridden":
            print(f"{'':29}{found.verdict.override}")
    return 0
