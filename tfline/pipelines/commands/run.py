"""`tfline run`: runs a pipeline on this machine.

Example:
    tfline run taxi
    tfline run taxi --set train.epochs=8 --set model=mlp
"""

from __future__ import annotations

import argparse
import sys
from typing import IO, TYPE_CHECKING

from tfline.pipelines.commands.arguments import (
    add_spec,
    add_work,
    read_places,
    read_spec,
    work_folder,
)

if TYPE_CHECKING:
    from tfline.pipelines.run.records import RunRecord
    from tfline.pipelines.run.work_folder import WorkFolder
    from tfline.pipelines.spec import PipelineSpec

NOT_BLESSED = 3
"""Exit code of a run that went through with a model that is not blessed, and not overridden."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set and --work."""
    add_spec(parser)
    add_work(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the pipeline; prints a line a component, the metrics by slice and the verdict."""
    from tfline.pipelines.console import RunDisplay, show_result
    from tfline.pipelines.run.preflight import check_data
    from tfline.pipelines.run.records import find_run, list_runs, may_go_live, new_id
    from tfline.pipelines.runners.events import output_to_log
    from tfline.pipelines.runners.local import ComponentError
    from tfline.pipelines.runners.local import run as run_locally

    spec = read_spec(arguments)
    check_data(spec)
    folder = work_folder(arguments, spec)
    with folder.locked():
        run_id = new_id()
        log = folder.log(run_id)
        try:
            with output_to_log(log) as terminal, RunDisplay(spec, terminal) as display:
                record = run_locally(spec, folder, display, run_id, read_places(arguments))
        except ComponentError as exc:
            print(f"{exc.component}: {_describe(exc.cause)}", file=sys.stderr)
            print(f"  log: {log}", file=sys.stderr)
            _write_report(find_run(list_runs(folder.runs), run_id), folder, spec, sys.stderr)
            return getattr(exc.cause, "exit_code", 1)
        if record.id != run_id:
            log.unlink()  # nothing ran
    show_result(record)
    _write_report(record, folder, spec, sys.stdout)
    return 0 if may_go_live(record) else NOT_BLESSED


def _write_report(
    record: RunRecord, folder: WorkFolder, spec: PipelineSpec, stream: IO[str]
) -> None:
    """Writes the page of the run and prints where it is; a run is not worse for lack of it."""
    from tfline.pipelines.report.render import write_report

    try:
        print(f"  report: {write_report(record, folder, spec.card)}", file=stream)
    except Exception as exc:
        print(f"  report: not written: {_describe(exc)}", file=sys.stderr)


def _describe(cause: BaseException) -> str:
    """Returns the words of an error; its type too if it is none of tfline's."""
    if hasattr(cause, "exit_code"):
        return str(cause)
    first = str(cause).strip().split("\n")[0]
    return f"{type(cause).__name__}: {first}\n  to do: This is an error inside; see the log."
