"""Runs a pipeline on this machine: TFX's own launcher, component by component, Beam in process.

TFX records every execution in the metadata store and publishes outputs only when a component has
finished; a run that is killed therefore goes on after the last finished component.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tfline.pipelines.run.files import FileDigests, folder_digests
from tfline.pipelines.run.packages import environment_digest
from tfline.pipelines.run.plan import Plan, make_plan
from tfline.pipelines.run.records import (
    ComponentRecord,
    RunRecord,
    close_killed,
    list_runs,
    resumption,
)
from tfline.pipelines.run.reference import hold_against_last
from tfline.pipelines.run.work_folder import WorkFolder
from tfline.pipelines.runners.causes import full_or_read_only, root_cause
from tfline.pipelines.runners.events import PROGRESS, SUMMARY, WARNING, Listener, relayed
from tfline.pipelines.runners.launches import prepare
from tfline.pipelines.spec import PipelineSpec

_log = logging.getLogger(__name__)


def run(
    spec: PipelineSpec,
    folder: WorkFolder,
    listener: Listener,
    run_id: str,
    places: Mapping[str, str] | None = None,
) -> RunRecord:
    """Runs a pipeline, or finds that nothing has changed since its last complete run.

    Args:
        spec: What to run.
        folder: Where to keep what it makes; the caller holds its lock.
        listener: Is told how it goes.
        run_id: Names the run, its record and its log.
        places: Where the rules were written, for the record; see `RunRecord.places`.

    Returns:
        The record of this run, or of the last one, whose every component counts as cached.

    Raises:
        TflineError: A component failed, and `component` names it; or the run could not be
            started.
    """
    digests = FileDigests(folder.digests)
    records = list_runs(folder.runs)
    plan = hold_against_last(make_plan(spec, digests), records)
    if records and records[-1].holds(plan, digests):
        return _unchanged(records[-1].model_copy(update={"places": dict(places or {})}), listener)
    record = RunRecord(
        id=run_id,
        pipeline=spec.name,
        process=os.getpid(),
        parts=plan.parts,
        spec=spec.model_dump(mode="json"),
        environment=environment_digest(),
        log=str(folder.log(run_id)),
        places=dict(places or {}),
    )
    started = time.monotonic()
    try:
        close_killed(records, folder.runs)
        record.resumes = resumption(records, plan)
        if record.resumes:
            listener.noted(f"goes on from {record.resumes}")
        _write(record, folder)
        _run_components(spec, plan, folder, record, records, listener, digests)
        record.status = "complete"
    except BaseException as exc:
        record.status = "failed"
        record.error = str(exc) or "interrupted"
        raise
    finally:
        record.seconds = round(time.monotonic() - started, 3)
        with contextlib.suppress(OSError):  # a full disk must not hide the error that it caused
            record.write(folder.runs)
    shutil.rmtree(folder.training, ignore_errors=True)
    return record


def run_until(
    component: str, spec: PipelineSpec, folder: WorkFolder, listener: Listener, run_id: str
) -> RunRecord:
    """Runs the components up to one.

    No record is kept: a run that follows finds what has finished in the metadata store.

    Args:
        component: The last one to run.
        spec: What to run.
        folder: Where to keep what it makes; the caller holds its lock.
        listener: Is told how it goes.
        run_id: Names the log.

    Returns:
        The record of these components, or of the last run if nothing has changed since.

    Raises:
        TflineError: A component failed, and `component` names it; or the run could not be
            started.
    """
    digests = FileDigests(folder.digests)
    records = list_runs(folder.runs)
    plan = hold_against_last(make_plan(spec, digests), records)
    if records and records[-1].holds(plan, digests):
        return records[-1]
    record = RunRecord(id=run_id, pipeline=spec.name, parts=plan.parts, log=str(folder.log(run_id)))
    _run_components(spec, plan, folder, record, records, listener, digests, until=component)
    return record


def _unchanged(record: RunRecord, listener: Listener) -> RunRecord:
    for name, component in record.components.items():
        component.cached = True
        component.seconds = 0.0
        listener.finished(name, 0.0, True, said_of(component))
    return record


def _run_components(
    spec: PipelineSpec,
    plan: Plan,
    folder: WorkFolder,
    record: RunRecord,
    earlier: list[RunRecord],
    listener: Listener,
    digests: FileDigests,
    until: str | None = None,
) -> None:
    """Launches every component; writes the record after each.

    With `until`, it ends after that component, and writes nothing.
    """
    listener.started("")
    with _naming("tfline", Path(record.log)):
        launches = prepare(spec, plan, folder, record.id, earlier, digests)
    for name, launch in launches.items():
        listener.started(name)
        said: list[str] = []
        warned: list[str] = []
        started = time.monotonic()
        with (
            relayed(SUMMARY, said.append),
            relayed(WARNING, warned.append),
            relayed(PROGRESS, listener.progressed),
            _naming(name, Path(record.log)),
        ):
            cached, outputs = launch()
        component = ComponentRecord(
            seconds=round(time.monotonic() - started, 3),
            cached=cached,
            summary=_summary_of(earlier, name, outputs) if cached else " ".join(said[-1:]),
            warnings=_warnings_of(earlier, name, outputs) if cached else warned,
            outputs=outputs,
            files={channel: folder_digests(Path(uri), digests) for channel, uri in outputs.items()},
        )
        record.components[name] = component
        digests.save()
        if until is None:
            _write(record, folder)
        listener.finished(name, component.seconds, cached, said_of(component))
        if name == until:
            return


def said_of(component: ComponentRecord) -> str:
    """Returns what a component said of its result, and a line a warning."""
    return "\n    warning: ".join([component.summary, *component.warnings])


def _warnings_of(records: list[RunRecord], name: str, outputs: Mapping[str, str]) -> list[str]:
    """Returns what a component warned of when it made `outputs`."""
    for record in reversed(records):
        component = record.components.get(name)
        if component is not None and component.outputs == outputs:
            return component.warnings
    return []


def _summary_of(records: list[RunRecord], name: str, outputs: Mapping[str, str]) -> str:
    """Returns what a component said when it made `outputs`."""
    for record in reversed(records):
        component = record.components.get(name)
        if component is not None and component.summary and component.outputs == outputs:
            return component.summary
    return ""


def _write(record: RunRecord, folder: WorkFolder) -> None:
    try:
        record.write(folder.runs)
    except OSError as exc:
        raise full_or_read_only(exc, folder.root) from exc


@contextlib.contextmanager
def _naming(component: str, log: Path) -> Iterator[None]:
    """Turns whatever is raised inside into a `TflineError`, with the traceback in the log."""
    try:
        yield
    except Exception as exc:
        _log.exception("%s failed", component)
        error = root_cause(exc, log.parent)
        error.component, error.log = component, log
        if error is exc:
            raise
        raise error from exc
