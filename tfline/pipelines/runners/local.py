"""Runs a pipeline on this machine: TFX's own launcher, component by component, Beam in process.

TFX records every execution in the metadata store and publishes outputs only when a component has
finished; a run that is killed therefore goes on after the last finished component.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tfline.pipelines.run.fingerprint import environment_digest
from tfline.pipelines.run.plan import Plan, make_plan
from tfline.pipelines.run.records import ComponentRecord, RunRecord, list_runs
from tfline.pipelines.run.work_folder import WorkFolder
from tfline.pipelines.runners.causes import full_or_read_only, root_cause
from tfline.pipelines.runners.events import PROGRESS, SUMMARY, Listener, relayed
from tfline.pipelines.spec import PipelineSpec

_log = logging.getLogger(__name__)

Launched = tuple[bool, dict[str, str]]
"""Whether an earlier execution was used, and the folder of each output."""


class ComponentError(Exception):
    """A component has failed; the cause is what it raised.

    Args:
        component: Its name.
        cause: An error that the user can act on, or any other.
        log: The file that has the traceback.
    """

    def __init__(self, component: str, cause: BaseException, log: Path) -> None:
        super().__init__(component, cause, log)
        self.component = component
        self.cause = cause
        self.log = log


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
        ComponentError: A component failed.
        TflineError: The run could not be started.
    """
    plan = make_plan(spec)
    records = list_runs(folder.runs)
    if records and records[-1].holds(plan):
        return _unchanged(records[-1].model_copy(update={"places": dict(places or {})}), listener)
    record = RunRecord(
        id=run_id,
        pipeline=spec.name,
        parts=plan.parts,
        spec=spec.model_dump(mode="json"),
        environment=environment_digest(),
        log=str(folder.log(run_id)),
        places=dict(places or {}),
    )
    started = time.monotonic()
    try:
        _write(record, folder)
        _run_components(spec, plan, folder, record, records, listener)
        record.status = "complete"
    except BaseException as exc:
        record.status = "failed"
        record.error = str(exc.cause if isinstance(exc, ComponentError) else exc) or "interrupted"
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
        ComponentError: A component failed.
        TflineError: The run could not be started.
    """
    plan = make_plan(spec)
    records = list_runs(folder.runs)
    if records and records[-1].holds(plan):
        return records[-1]
    record = RunRecord(id=run_id, pipeline=spec.name, parts=plan.parts, log=str(folder.log(run_id)))
    _run_components(spec, plan, folder, record, records, listener, until=component)
    return record


def _unchanged(record: RunRecord, listener: Listener) -> RunRecord:
    for name, component in record.components.items():
        component.cached = True
        component.seconds = 0.0
        listener.finished(name, 0.0, True, component.summary)
    return record


def _run_components(
    spec: PipelineSpec,
    plan: Plan,
    folder: WorkFolder,
    record: RunRecord,
    earlier: list[RunRecord],
    listener: Listener,
    until: str | None = None,
) -> None:
    """Launches every component; writes the record after each.

    With `until`, it ends after that component, and writes nothing.
    """
    listener.started("")
    with _naming("tfline", Path(record.log)):
        launches = _prepare(spec, plan, folder, record.id)
    for name, launch in launches.items():
        listener.started(name)
        said: list[str] = []
        started = time.monotonic()
        with (
            relayed(SUMMARY, said.append),
            relayed(PROGRESS, listener.progressed),
            _naming(name, Path(record.log)),
        ):
            cached, outputs = launch()
        component = ComponentRecord(
            seconds=round(time.monotonic() - started, 3),
            cached=cached,
            summary=_summary_of(earlier, name, outputs) if cached else " ".join(said[-1:]),
            outputs=outputs,
        )
        record.components[name] = component
        if until is None:
            _write(record, folder)
        listener.finished(name, component.seconds, cached, component.summary)
        if name == until:
            return


def _summary_of(records: list[RunRecord], name: str, outputs: Mapping[str, str]) -> str:
    """Returns what a component said when it made `outputs`."""
    for record in reversed(records):
        component = record.components.get(name)
        if component is not None and component.summary and component.outputs == outputs:
            return component.summary
    return ""


def _prepare(
    spec: PipelineSpec, plan: Plan, folder: WorkFolder, run_id: str
) -> dict[str, Callable[[], Launched]]:
    """Compiles the pipeline; returns how to launch each component, in order.

    TensorFlow, Beam and TFX are imported here, and not before.
    """
    import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
    from tfx.dsl.compiler import compiler, constants
    from tfx.orchestration import metadata
    from tfx.orchestration.local import runner_utils
    from tfx.orchestration.portable import launcher, runtime_parameter_utils

    from tfline.pipelines.graph import create_pipeline, store_connection

    connection = store_connection(spec.metadata, folder.metadata)
    pipeline = create_pipeline(
        spec,
        plan,
        root=str(folder.artifacts),
        connection=connection,
        train_state=folder.training,
    )
    ir = compiler.Compiler().compile(pipeline)
    runtime_parameter_utils.substitute_runtime_parameter(
        ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
    )
    _discard_unfinished(metadata.Metadata(connection), folder, spec.name)
    deployment = runner_utils.extract_local_deployment_config(ir)
    nodes = {node.pipeline_node.node_info.id: node.pipeline_node for node in ir.nodes}
    if "Pusher" in nodes:  # looks at the push folder each time; does nothing if all is there
        nodes["Pusher"].execution_options.caching_options.enable_cache = False
    store = metadata.Metadata(connection)
    return {
        name: functools.partial(
            _launch,
            store,
            launcher.Launcher(
                pipeline_node=nodes[name],
                mlmd_connection=store,
                pipeline_info=ir.pipeline_info,
                pipeline_runtime_spec=ir.runtime_spec,
                executor_spec=runner_utils.extract_executor_spec(deployment, name),
                custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, name),
            ),
        )
        for name in plan.parts
    }


def _launch(store: Any, launcher: Any) -> Launched:
    """Launches a component.

    Its outputs are asked of the metadata store: of a cached execution the launcher names folders
    that were never made.
    """
    from tfx.orchestration.portable.mlmd import execution_lib

    execution = launcher.launch()
    with store as handle:
        outputs = execution_lib.get_output_artifacts(handle, execution.execution_id)
    folders = {channel: artifacts[0].uri for channel, artifacts in outputs.items() if artifacts}
    return not execution.execution_output_uri, folders


def _discard_unfinished(connection: Any, folder: WorkFolder, pipeline: str) -> None:
    """Ends the executions of runs that were killed, and removes what they had written."""
    from ml_metadata.proto import metadata_store_pb2

    with connection as handle:
        # A database server may keep other pipelines, too, which are running now.
        context = handle.store.get_context_by_type_and_name("pipeline", pipeline)
        if context is None:
            return
        unfinished = [
            execution
            for execution in handle.store.get_executions_by_context(context.id)
            if execution.last_known_state == metadata_store_pb2.Execution.RUNNING
        ]
        for execution in unfinished:
            _log.info("Discarding execution %d of a run that was killed", execution.id)
            for left in folder.artifacts.glob(f"*/*/{execution.id}"):
                shutil.rmtree(left)
            execution.last_known_state = metadata_store_pb2.Execution.CANCELED
        if unfinished:
            handle.store.put_executions(unfinished)


def _write(record: RunRecord, folder: WorkFolder) -> None:
    try:
        record.write(folder.runs)
    except OSError as exc:
        raise full_or_read_only(exc, folder.root) from exc


@contextlib.contextmanager
def _naming(component: str, log: Path) -> Iterator[None]:
    """Turns whatever is raised inside into a ComponentError, with the traceback in the log."""
    try:
        yield
    except Exception as exc:
        _log.exception("%s failed", component)
        raise ComponentError(component, root_cause(exc, log.parent), log) from exc
