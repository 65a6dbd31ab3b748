"""StatisticsGen: typed inputs and outputs, no work."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfline.components.statistics_gen.executor import StatisticsExecutor


class StatisticsGenSpec(ComponentSpec):
    """StatisticsGen's types."""

    PARAMETERS = {"fingerprint": ExecutionParameter(type=str)}
    INPUTS = {"examples": ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics)}


class StatisticsGen(base_beam_component.BaseBeamComponent):
    """TFX's StatisticsGen, which says what it did, and runs again when its packages change.

    Args:
        examples: Every split of it.
        fingerprint: Of the source and the packages; part of the cache key.
    """

    SPEC_CLASS = StatisticsGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(StatisticsExecutor)

    def __init__(self, *, examples: types.BaseChannel, fingerprint: str) -> None:
        super().__init__(
            spec=StatisticsGenSpec(
                examples=examples,
                fingerprint=fingerprint,
                statistics=types.Channel(type=standard_artifacts.ExampleStatistics),
            )
        )
