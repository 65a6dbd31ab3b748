"""ExampleValidator: typed inputs and outputs, no work."""

from __future__ import annotations

from collections.abc import Sequence

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfline.components.example_validator.config import (
    Content,
    Expectation,
    HeldAgainst,
    Slicing,
    ValidateConfig,
)
from tfline.components.example_validator.executor import ValidateExecutor


class ExampleValidatorSpec(ComponentSpec):
    """ExampleValidator's types."""

    PARAMETERS = {
        "config": ExecutionParameter(type=str),
        "fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
    }
    OUTPUTS = {"anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies)}


class ExampleValidator(base_component.BaseComponent):
    """TFX's ExampleValidator, with checks of what the spec expects; anomalies stop the run.

    Args:
        examples: Those that the statistics are of.
        statistics: Of every split.
        schema: What the statistics are validated against.
        config: How strict to be.
        expectations: What the spec says of each raw feature that it names.
        slicing: How the evaluation slices the records.
        fingerprint: Of the source; part of the cache key.
        inferred: Whether the schema was inferred from the train split, and not curated.
        reference: The run that the data is held against.
    """

    SPEC_CLASS = ExampleValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(ValidateExecutor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        statistics: types.BaseChannel,
        schema: types.BaseChannel,
        config: ValidateConfig,
        expectations: Sequence[Expectation],
        slicing: Slicing,
        fingerprint: str,
        inferred: bool = True,
        reference: HeldAgainst | None = None,
    ) -> None:
        content = Content(
            validation=config,
            expectations=tuple(expectations),
            slicing=slicing,
            inferred=inferred,
            reference=reference,
        )
        super().__init__(
            spec=ExampleValidatorSpec(
                examples=examples,
                statistics=statistics,
                schema=schema,
                config=content.model_dump_json(),
                fingerprint=fingerprint,
                anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
            )
        )
