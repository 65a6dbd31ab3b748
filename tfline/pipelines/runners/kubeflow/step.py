"""A step: runs the executor of one TFX component on what the backend's launcher gives it.

It is what the local runner runs too; only where inputs come from and where outputs go is different.

    python -m tfline.pipelines.runners.kubeflow.step --component MODULE.CLASS \
        --executor-input JSON --input NAME=FOLDER --output NAME=FOLDER
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
from tfx.dsl.components.base import base_beam_executor, base_executor
from tfx.types.component_spec import ChannelParameter
from tfx.utils import import_utils

from tfline.pipelines.runners.kubeflow.executor_input import ExecutorInput, Types
from tfline.pipelines.runners.kubeflow.process import folders, run_step, step_parser

_log = logging.getLogger("tfline.step")


def main(argv: Sequence[str]) -> None:
    """Runs the component.

    Args:
        argv: The arguments.
    """
    parser = step_parser()
    parser.add_argument("--component", required=True, help="MODULE.CLASS of the TFX component")
    parser.add_argument("--beam", action="append", default=[], help="an argument of Beam")
    arguments = parser.parse_args(argv)
    component: Any = import_utils.import_class_by_path(arguments.component)
    given = ExecutorInput(arguments.executor_input, folders(arguments), arguments.root)
    inputs = given.input_artifacts(_types(component.SPEC_CLASS.INPUTS))
    outputs = given.output_artifacts(_types(component.SPEC_CLASS.OUTPUTS))
    properties: dict[str, Any] = json.loads(given.parameters["properties"])
    with tempfile.TemporaryDirectory() as scratch:
        executor = _executor(component.EXECUTOR_SPEC.executor_class, scratch, arguments.beam)
        executor.Do(inputs, outputs, properties)
    given.write_output(outputs, {})


def _types(channels: Mapping[str, ChannelParameter]) -> Types:
    return {name: channel.type for name, channel in channels.items()}


def _executor(kind: Any, scratch: str, beam: list[str]) -> base_executor.BaseExecutor:
    """Returns an executor, with a Beam pipeline to make if it needs one."""
    if issubclass(kind, base_beam_executor.BaseBeamExecutor):
        context = base_beam_executor.BaseBeamExecutor.Context(
            beam_pipeline_args=beam, tmp_dir=scratch, unique_id="step"
        )
    else:
        context = base_executor.BaseExecutor.Context(tmp_dir=scratch, unique_id="step")
    executor: base_executor.BaseExecutor = kind(context)
    return executor


if __name__ == "__main__":
    run_step(main)
