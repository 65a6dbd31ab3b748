"""StatisticsGen: typed inputs and outputs, no work."""

from __future__ import annotations

from tfx.components.statistics_gen import component
from tfx.dsl.components.base import executor_spec

from tfline.components.statistics_gen.executor import StatisticsExecutor


class StatisticsGen(component.StatisticsGen):
    """TFX's StatisticsGen, which says what it did."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(StatisticsExecutor)
