"""The exact values of the metrics on each slice, by tfline's own engine.

A group of examples, one slice of one block, becomes a statistic for each metric in a few NumPy
calls; the statistics of a slice are added up by Beam, and its metrics are computed from the sum:

    group (labels [4096], predictions [4096, 10])  ->  Classes (counts [10])  ->  accuracy 0.91

So the cost of an example is that of NumPy, not of Python, and all metrics of one statistic share
it. Keras 3 and Keras 2 metrics are such statistics too: see `keras_state`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from tfline.components.evaluator.measuring.keras_state import KerasState, update_keras
from tfline.components.evaluator.reading.groups import Group
from tfline.metrics.slices import SliceKey
from tfline.metrics.statistic import Decision, Statistic
from tfline.tasks.table import find_task
from tfline.tasks.task import Task

Sums = dict[tuple[str, ...], Any]
"""By ("exact", model, statistic or own metric): a `Statistic` or a `KerasState`."""


@dataclasses.dataclass(frozen=True)
class Measuring:
    """What is measured.

    Attributes:
        metrics: Names of the task's metrics.
        keras_metrics: Dotted paths of metrics of Keras.
        task: What the label asks for.
        decisions: By model, how its probabilities become classes; the candidate first.
    """

    metrics: tuple[str, ...]
    keras_metrics: tuple[str, ...]
    task: str
    decisions: Mapping[str, Decision]

    @property
    def asks(self) -> Task:
        """The task."""
        return find_task(self.task)

    @property
    def statistics(self) -> tuple[type[Statistic], ...]:
        """What the metrics are computed from."""
        return tuple(dict.fromkeys(self.asks.metrics[name].statistic for name in self.metrics))


class SumGroup(beam.DoFn):
    """Makes the statistics of a group.

    Args:
        measuring: What is measured.
    """

    def __init__(self, measuring: Measuring) -> None:
        super().__init__()
        self._measuring = measuring

    def process(self, group: Group) -> Iterator[tuple[SliceKey, Sums]]:
        """Yields the slice of a group with its sums."""
        sums: Sums = {}
        for model, predictions in group.predictions.items():
            decision = group.decision(self._measuring.decisions[model])
            for statistic in self._measuring.statistics:
                weights = group.column_of_weights if statistic.is_weighted else None
                sums["exact", model, statistic.__name__] = statistic.of(
                    group.labels, predictions, decision, weights
                )
            for name in self._measuring.keras_metrics:
                sums["exact", model, name] = update_keras(
                    name, group.labels, predictions, group.counted.weights
                )
        yield group.key, sums


MetricValues = dict[metric_types.MetricKey, Any]


def measure_values(measuring: Measuring, sums: Sums) -> MetricValues:
    """Returns the values of a slice, as TFMA names and keeps them.

    Args:
        measuring: What is measured.
        sums: Of the slice.

    Returns:
        By key: a float, or an array. A metric with a value for each class has a key for each, with
        the class as its sub-key. With two models, the first's minus the second's has a key too.
    """
    values: MetricValues = {}
    for model in measuring.decisions:
        for name in measuring.metrics:
            metric = measuring.asks.metrics[name]
            statistic = sums["exact", model, metric.statistic.__name__]
            value = metric.compute(measuring.asks.family, statistic)[
                0
            ]  # of the examples as they are
            values |= _keyed(name, model, value)
        for name in measuring.keras_metrics:
            state: KerasState = sums["exact", model, name]
            values |= _keyed(name, model, state.result())
    if len(measuring.decisions) == 2:
        _, baseline = measuring.decisions
        values |= _differences(values, baseline)
    return values


def _keyed(name: str, model: str, value: Any) -> MetricValues:
    key = metric_types.MetricKey(name, model_name=model, example_weighted=None)
    if np.ndim(value) != 1:
        return {key: value if np.ndim(value) else float(value)}
    return {
        key._replace(sub_key=metric_types.SubKey(class_id=index)): float(of_class)
        for index, of_class in enumerate(value)
    }


def _differences(values: MetricValues, baseline: str) -> MetricValues:
    return {
        key.make_diff_key(): value - values[key.make_baseline_key(baseline)]
        for key, value in values.items()
        if key.model_name != baseline
    }
