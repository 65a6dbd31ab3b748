"""The step Plan: looks at the data and the push folder, and says what each component is to do.

It builds the pipeline as the local runner does, from what is there now. The execution properties
of a component, fingerprints included, are one output parameter of this step and an input of the
component's step: the backend's cache sees edits of the data, the spec and the source as the local
one does.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
from ml_metadata.proto import metadata_store_pb2

from tfline.pipelines.graph import create_pipeline
from tfline.pipelines.run.plan import make_plan
from tfline.pipelines.run.preflight import check_data
from tfline.pipelines.runners.kubeflow.executor_input import ExecutorInput
from tfline.pipelines.runners.kubeflow.parameters import DATA_ROOT, SCHEMA, SPAN, SPEC, STEPS
from tfline.pipelines.runners.kubeflow.process import folders, run_step, step_parser
from tfline.pipelines.spec import PipelineSpec, load_spec
from tfline.transforms.errors import DataError


def main(argv: Sequence[str]) -> None:
    """Makes the plan.

    Args:
        argv: The arguments.

    Raises:
        DataError: There is no data root, or a pattern matches no file in it.
        SpecError: The spec cannot be used in this image.
    """
    arguments = step_parser().parse_args(argv)
    paths = folders(arguments)
    given = ExecutorInput(arguments.executor_input, paths, arguments.root)
    imported = paths["inputs"].get("data")
    with tempfile.TemporaryDirectory() as scratch:
        spec = _read_spec(given.parameters, Path(scratch))
        _enter(imported or given.parameters[DATA_ROOT])
        check_data(spec)
        plan = make_plan(spec)
    pipeline = create_pipeline(
        spec,
        plan,
        root="",
        connection=metadata_store_pb2.ConnectionConfig(),
        train_state=Path(arguments.root, spec.name, "training") if arguments.root else None,
    )
    properties = {
        component.id: json.dumps(component.exec_properties, sort_keys=True)
        for component in pipeline.components
    }
    given.write_output({}, properties)


def _read_spec(parameters: Mapping[str, Any], scratch: Path) -> PipelineSpec:
    """Reads the spec, with what the run was asked to do otherwise."""
    overrides = []
    if parameters[STEPS]:
        overrides.append(f"train.steps={int(parameters[STEPS])}")
    if parameters[SPAN] >= 0:
        overrides.append(f"data.span={int(parameters[SPAN])}")
    if SCHEMA in parameters:
        schema = scratch / "schema.pbtxt"
        schema.write_text(parameters[SCHEMA], encoding="utf-8")
        overrides.append(f"schema_file={schema}")
    file = scratch / "spec.yaml"
    file.write_text(parameters[SPEC], encoding="utf-8")
    return load_spec(str(file), overrides)


def _enter(data_root: str) -> None:
    """Makes the data root the current folder, which patterns are relative to."""
    try:
        os.chdir(data_root)
    except OSError as exc:
        raise DataError(f"The data root cannot be read: {exc.strerror}", data_root) from exc


if __name__ == "__main__":
    run_step(main)
