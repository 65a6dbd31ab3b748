"""`tfline run`: runs a pipeline on this machine.

Example:
    tfline run taxi
    tfline run taxi --set train.epochs=8 --set model=mlp
"""

from __future__ import annotations

import argparse
import sys
from typing import IO, TYPE_CHECKING

from tfline.pipelines.commands.arguments import add_spec, add_work, read_pipeline
from tfline.transforms.errors import TflineError

if TYPE_CHECKING:
    from tfline.pipelines.api.run import Run

NOT_BLESSED = 3
"""Exit code of a run that went through with a model that is not blessed, and not overridden."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set and --work."""
    add_spec(parser)
    add_work(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the pipeline; prints a line a component, the metrics by slice and the verdict."""
    from tfline.pipelines.console import show_result
    from tfline.pipelines.terminal import say_error

    pipeline = read_pipeline(arguments)
    try:
        found = pipeline.run()
    except TflineError as exc:
        if not exc.component:
            raise
        say_error(exc, arguments.command)
        _write_report(pipeline.find_run(), sys.stderr)
        return exc.exit_code
    show_result(found.record)
    _write_report(found, sys.stdout)
    return 0 if found.may_go_live else NOT_BLESSED


def _write_report(found: Run, stream: IO[str]) -> None:
    """Writes the page of the run and prints where it is; a run is not worse for lack of it."""
    try:
        print(f"  report: {found.report()}", file=stream)
    except Exception as exc:
        reason = exc if isinstance(exc, TflineError) else f"{type(exc).__name__}: {exc}"
        print(f"  report: not written: {reason}", file=sys.stderr)
