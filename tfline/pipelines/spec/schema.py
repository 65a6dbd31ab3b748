"""The JSON Schema of a spec, by which an editor completes and checks it."""

from __future__ import annotations

from typing import Any

from tfline.components.trainer.models import MODELS
from tfline.pipelines.spec.feature_forms import features_json_schema, steps_json_schema
from tfline.pipelines.spec.pipeline import PipelineSpec
from tfline.transforms.arguments import arguments_schema


def json_schema() -> dict[str, Any]:
    """Returns the JSON Schema (2020-12) of a spec, from its classes and the tables' signatures."""
    schema = PipelineSpec.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"]["features"] = features_json_schema()
    label = schema["$defs"]["LabelSpec"]["properties"]
    label["transform"] = {"description": label["transform"]["description"], **steps_json_schema()}
    schema["properties"]["model"] = {
        "description": "The Keras model.",
        "anyOf": [
            {"type": "string", "examples": sorted(MODELS)},
            {
                "type": "object",
                "properties": {name: arguments_schema(build) for name, build in MODELS.items()},
                "minProperties": 1,
                "maxProperties": 1,
            },
        ],
    }
    return schema
