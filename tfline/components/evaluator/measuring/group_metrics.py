"""The metrics of `METRICS` as TFMA metrics over groups of examples.

TFMA calls a combiner once for each element. Here an element is not an example but a group: arrays
of labels and predictions of many examples of one slice (see `reading.groups`). The combiner adds
up the group's sufficient statistic, and the metric's value is derived from the sum, so that all
metrics of one statistic share it. Everything else is TFMA's: evaluator, validation, result files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2

from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.table import METRICS
from tfline.transforms.features import Task


class StatisticCombiner(beam.CombineFn):
    """Adds up a statistic over groups of examples.

    Args:
        statistic: What is kept of the examples.
        key: The private key under which TFMA finds it.
        decision: How probabilities become classes.
    """

    def __init__(
        self, statistic: type[Statistic], key: metric_types.MetricKey, decision: Decision
    ) -> None:
        super().__init__()
        self._statistic = statistic
        self._key = key
        self._decision = decision

    def create_accumulator(self) -> Statistic | None:
        """Returns what is known of no examples."""
        return None

    def add_input(
        self, accumulator: Statistic | None, group: metric_types.StandardMetricInputs
    ) -> Statistic | None:
        """Adds a group."""
        predictions = group.get_predictions(model_name=self._key.model_name or None)
        added = self._statistic.of(group.get_labels(), predictions, self._decision)
        return added if accumulator is None else accumulator + added

    def merge_accumulators(self, accumulators: Iterable[Statistic | None]) -> Statistic | None:
        """Adds what several workers know."""
        merged: Statistic | None = None
        for accumulator in accumulators:
            if merged is None:
                merged = accumulator
            elif accumulator is not None:
                merged += accumulator
        return merged

    def extract_output(
        self, accumulator: Statistic | None
    ) -> dict[metric_types.MetricKey, Statistic | None]:
        """Returns the statistic for the derived metrics."""
        return {self._key: accumulator}


def _computations(
    name: str,
    task: Task,
    num_classes: int,
    thresholds: dict[str, float],
    model_names: list[str] | None = None,
    example_weighted: bool = False,
) -> metric_types.MetricComputations:
    """Returns the computations of one metric for each model; TFMA fills the last arguments."""
    computations: list[Any] = []
    for model_name in model_names or [""]:
        statistic = METRICS[name].statistic
        decision = Decision(num_classes, thresholds[model_name])
        kept = metric_types.MetricKey(f"_{statistic.__name__}", model_name=model_name)
        key = metric_types.MetricKey(name, model_name=model_name, example_weighted=example_weighted)
        computations += [
            metric_types.MetricComputation(
                keys=[kept],
                preprocessors=None,
                combiner=StatisticCombiner(statistic, kept, decision),
            ),
            _derived(name, task, key, kept),
        ]
    return computations


def _derived(
    name: str, task: Task, key: metric_types.MetricKey, kept: metric_types.MetricKey
) -> metric_types.DerivedMetricComputation:
    def result(metrics: dict[metric_types.MetricKey, Any]) -> dict[metric_types.MetricKey, Any]:
        value = METRICS[name].values[task](metrics[kept])[0]  # of the examples as they are
        if value.ndim != 1:
            return {key: value if value.ndim else value.item()}
        return {
            key._replace(sub_key=metric_types.SubKey(class_id=index)): float(of_class)
            for index, of_class in enumerate(value)
        }

    return metric_types.DerivedMetricComputation(keys=[key], result=result)


class GroupMetric(tfma.metrics.Metric):
    """A metric of `METRICS` over groups.

    Args:
        name: Its name in `METRICS`.
        task: What the label asks for.
        num_classes: Number of classes; 0 for a regression.
        thresholds: By model, the probability from which on a binary prediction is class 1.
    """

    def __init__(
        self, name: str, task: Task, num_classes: int, thresholds: dict[str, float]
    ) -> None:
        super().__init__(
            _computations, name=name, task=task, num_classes=num_classes, thresholds=thresholds
        )


def group_metric_config(
    name: str, task: Task, num_classes: int, thresholds: dict[str, float]
) -> config_pb2.MetricConfig:
    """Returns the configuration from which TFMA builds a `GroupMetric`; arguments as there."""
    metric = GroupMetric(name, task, num_classes, thresholds)
    return config_pb2.MetricConfig(
        module=GroupMetric.__module__,
        class_name=GroupMetric.__name__,
        config=json.dumps(metric.get_config()),
    )
