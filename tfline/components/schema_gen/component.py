"""SchemaGen and SchemaImporter: typed inputs and outputs, no work."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfline.components.schema_gen.executor import SchemaExecutor, SchemaImportExecutor


class SchemaGenSpec(ComponentSpec):
    """SchemaGen's types."""

    PARAMETERS = {
        "infer_feature_shape": ExecutionParameter(type=int),
        "fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {"statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics)}
    OUTPUTS = {"schema": ChannelParameter(type=standard_artifacts.Schema)}


class SchemaGen(base_component.BaseComponent):
    """TFX's SchemaGen, which says what it did, and runs again when its packages change.

    It infers no shapes: a feature that every record of today has may be missing tomorrow.

    Args:
        statistics: What the schema is inferred from.
        fingerprint: Of the source and the packages; part of the cache key.
    """

    SPEC_CLASS = SchemaGenSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(SchemaExecutor)

    def __init__(self, *, statistics: types.BaseChannel, fingerprint: str) -> None:
        super().__init__(
            spec=SchemaGenSpec(
                statistics=statistics,
                infer_feature_shape=0,
                fingerprint=fingerprint,
                schema=types.Channel(type=standard_artifacts.Schema),
            )
        )


class SchemaImporterSpec(ComponentSpec):
    """A curated schema, as a text proto in a parameter, so that an edit of it is seen."""

    PARAMETERS = {"schema_text": ExecutionParameter(type=str)}
    INPUTS: dict[str, ChannelParameter] = {}
    OUTPUTS = {"schema": ChannelParameter(type=standard_artifacts.Schema)}


class SchemaImporter(base_component.BaseComponent):
    """Makes an artifact of a curated schema, in place of the schema that SchemaGen infers.

    Args:
        schema_text: A `tensorflow_metadata.proto.v0.Schema` as text proto.
    """

    SPEC_CLASS = SchemaImporterSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(SchemaImportExecutor)

    def __init__(self, *, schema_text: str) -> None:
        schema = types.Channel(type=standard_artifacts.Schema)
        super().__init__(spec=SchemaImporterSpec(schema_text=schema_text, schema=schema))
