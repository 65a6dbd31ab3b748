"""How each component of a pipeline is launched: TFX's own launcher, on one metadata store."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from tfline.pipelines.run.files import FileDigests
from tfline.pipelines.run.plan import Plan
from tfline.pipelines.run.records import RunRecord
from tfline.pipelines.run.work_folder import WorkFolder
from tfline.pipelines.runners.executions import discard_unfinished, forget_damaged
from tfline.pipelines.spec import PipelineSpec

Launched = tuple[bool, dict[str, str]]
"""Whether an earlier execution was used, and the folder of each output."""


def prepare(
    spec: PipelineSpec,
    plan: Plan,
    folder: WorkFolder,
    run_id: str,
    earlier: Iterable[RunRecord],
    digests: FileDigests,
) -> dict[str, Callable[[], Launched]]:
    """Compiles the pipeline; returns how to launch each component, in order.

    TensorFlow, Beam and TFX are imported here, and not before.
    """
    import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
    from tfx.dsl.compiler import compiler, constants
    from tfx.orchestration import metadata
    from tfx.orchestration.local import runner_utils
    from tfx.orchestration.portable import launcher, runtime_parameter_utils

    from tfline.pipelines.graph import create_pipeline
    from tfline.pipelines.run.store import store_connection

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
    store = metadata.Metadata(connection)
    discard_unfinished(store, folder, spec.name)
    forget_damaged(store, earlier, digests)
    deployment = runner_utils.extract_local_deployment_config(ir)
    nodes = {node.pipeline_node.node_info.id: node.pipeline_node for node in ir.nodes}
    if "Pusher" in nodes:  # looks at the push folder each time; does nothing if all is there
        nodes["Pusher"].execution_options.caching_options.enable_cache = False
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
