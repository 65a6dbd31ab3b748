"""tfline's Transform for the features of the taxi pipeline: analysis, and transformed examples."""

from __future__ import annotations

import json
import sys

from tfx.dsl.components.base import base_beam_executor
from tfx.types import standard_artifacts

from tfline.components.transform.executor import Executor
from tfline.pipelines.spec import load_spec


def main(examples_uri: str, schema_uri: str, work: str) -> None:
    """Runs the executor; both splits are written, as stock TFX does."""
    examples, schema = standard_artifacts.Examples(), standard_artifacts.Schema()
    examples.uri, examples.split_names = examples_uri, '["train", "eval"]'
    schema.uri = schema_uri
    graph = standard_artifacts.TransformGraph()
    graph.uri = f"{work}/transform_graph"
    spec = load_spec("taxi")
    config = {
        "features": [feature.model_dump(mode="json") for feature in spec.features],
        "label": spec.label.model_dump(mode="json"),
        "materialize": "always",
    }
    context = base_beam_executor.BaseBeamExecutor.Context(tmp_dir=f"{work}/tmp", unique_id="1")
    Executor(context).Do(
        {"examples": [examples], "schema": [schema]},
        {"transform_graph": [graph]},
        {"config": json.dumps(config)},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
