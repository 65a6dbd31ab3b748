"""The user's own metrics, named by dotted path.

A Keras 3 metric takes batches, and a group is a batch. A metric of TFMA (or of Keras 2, which TFMA
reads itself) takes single examples: there a group is taken apart again, so such a metric costs what
it costs in TFMA.

An own metric sees labels [1] and predictions [1] (binary: probability of class 1; regression) or
[k] (multiclass probabilities) an example; a Keras 3 metric sees [n, 1] and [n, 1] or [n, k].
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import keras
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_specs, metric_types
from tensorflow_model_analysis.proto import config_pb2

from tfline.metrics.arrays import Array, Floats
from tfline.metrics.keras_metrics import check_keras_metric, is_of_keras
from tfline.transforms.errors import SpecError
from tfline.transforms.features import Task

_KerasState = tuple[Array, Floats, list[Floats]]
"""The first example (labels, predictions), and the values of the metric's variables."""


class Ungroup(metric_types.Preprocessor):
    """Takes a group apart into the single examples that TFMA's own metrics expect."""

    def process(self, group: tfma.types.Extracts) -> Iterator[metric_types.StandardMetricInputs]:
        """Yields the examples of a group."""
        labels, predictions = group[tfma.LABELS_KEY], group[tfma.PREDICTIONS_KEY]
        for row in range(len(labels)):
            yield metric_types.StandardMetricInputs(
                {
                    tfma.LABELS_KEY: labels[row : row + 1],
                    tfma.PREDICTIONS_KEY: (
                        {name: _example(of_model, row) for name, of_model in predictions.items()}
                        if isinstance(predictions, dict)
                        else _example(predictions, row)
                    ),
                }
            )


def _example(predictions: Floats, row: int) -> Floats:
    """Returns [1] of predictions [n], or [k] of predictions [n, k]."""
    return predictions[row] if predictions.ndim == 2 else predictions[row : row + 1]


class KerasCombiner(beam.CombineFn):
    """Updates a Keras 3 metric group by group.

    Variables of a Keras metric are sums over the examples, in Keras' own metrics and in those
    derived from `Mean`: so those of two workers are added.

    Args:
        metric: The class.
        key: The key of its value.
    """

    def __init__(self, metric: type[keras.metrics.Metric], key: metric_types.MetricKey) -> None:
        super().__init__()
        self._metric = metric
        self._key = key

    def create_accumulator(self) -> _KerasState | None:
        """Returns what is known of no examples."""
        return None

    def add_input(
        self, accumulator: _KerasState | None, group: metric_types.StandardMetricInputs
    ) -> _KerasState | None:
        """Adds a group."""
        labels = group.get_labels()[:, None]  # [n, 1]
        predictions = group.get_predictions(model_name=self._key.model_name or None)
        predictions = predictions.reshape(len(labels), -1)  # [n, 1] or [n, k]
        metric = self._metric(name=self._key.name)
        metric.update_state(labels, predictions)
        state = [np.asarray(keras.ops.convert_to_tensor(variable)) for variable in metric.variables]
        added = (labels[:1], predictions[:1], state)
        return self.merge_accumulators([accumulator, added])

    def merge_accumulators(self, accumulators: Iterable[_KerasState | None]) -> _KerasState | None:
        """Adds what several workers know."""
        known = [accumulator for accumulator in accumulators if accumulator is not None]
        if not known:
            return None
        labels, predictions, _ = known[0]
        states = zip(*(state for _, _, state in known), strict=True)
        return labels, predictions, [np.sum(parts, axis=0) for parts in states]

    def extract_output(
        self, accumulator: _KerasState | None
    ) -> dict[metric_types.MetricKey, float | Floats]:
        """Returns the metric's value."""
        if accumulator is None:
            return {self._key: float("nan")}
        labels, predictions, state = accumulator
        metric = self._metric(name=self._key.name)
        metric.update_state(labels, predictions)  # some build their variables at the first call
        for variable, value in zip(metric.variables, state, strict=True):
            variable.assign(value)
        value = np.asarray(metric.result())
        return {self._key: float(value) if value.ndim == 0 else value}


def _computations(
    name: str,
    eval_config: config_pb2.EvalConfig,
    model_names: list[str] | None = None,
    example_weighted: bool = False,
) -> metric_types.MetricComputations:
    metric = load_metric(name)
    if issubclass(metric, keras.metrics.Metric):
        keys = [
            metric_types.MetricKey(name, model_name=model, example_weighted=example_weighted)
            for model in model_names or [""]
        ]
        return [
            metric_types.MetricComputation([key], None, KerasCombiner(metric, key)) for key in keys
        ]
    module, _, class_name = name.rpartition(".")
    own = config_pb2.MetricConfig(
        module=module, class_name=class_name, config=json.dumps({"name": name})
    )
    spec = config_pb2.MetricsSpec(metrics=[own], model_names=model_names or [])
    return [_ungrouped(c) for c in metric_specs.to_computations([spec], eval_config)]


def _ungrouped(computation: Any) -> Any:
    """Returns a computation that takes groups, from one that takes examples."""
    if not isinstance(computation, metric_types.MetricComputation):
        return computation  # derived from others
    own = [
        preprocessor
        for preprocessor in computation.preprocessors
        if type(preprocessor) is not metric_types.StandardMetricInputsPreprocessor
    ]
    return computation._replace(preprocessors=[Ungroup(), *own])


def load_metric(name: str) -> type:
    """Imports a metric class by its dotted path.

    Raises:
        SpecError: If there is no such class, or it is no metric.
    """
    module, _, class_name = name.rpartition(".")
    try:
        metric = getattr(importlib.import_module(module), class_name)
    except (ImportError, AttributeError) as exc:
        raise SpecError(
            f"The metric '{name}' cannot be imported: {exc}.",
            hint="Name a class that this Python can import.",
        ) from exc
    kinds = (keras.metrics.Metric, tfma.metrics.Metric, *_keras_2_metrics())
    if not (isinstance(metric, type) and issubclass(metric, kinds)):
        raise SpecError(
            f"'{name}' is no metric.",
            hint="Derive it from keras.metrics.Metric or tfma.metrics.Metric.",
        )
    return metric


def _keras_2_metrics() -> tuple[type, ...]:
    return (metric_specs.tf_keras.metrics.Metric, metric_specs.tf_keras.losses.Loss)


class CustomMetric(tfma.metrics.Metric):
    """A user's own metric over groups.

    Args:
        name: The dotted path of its class, under which its value is found.
    """

    def __init__(self, name: str) -> None:
        super().__init__(_computations, name=name)


def custom_metric_config(name: str, task: Task) -> config_pb2.MetricConfig:
    """Returns the configuration from which TFMA builds a `CustomMetric`.

    Raises:
        SpecError: If `name` cannot be imported, is no metric, or does not fit the task.
    """
    bases = load_metric(name).__mro__
    check_keras_metric(
        task, name, [base.__name__ for base in bases if is_of_keras(base.__module__)]
    )
    return config_pb2.MetricConfig(
        module=CustomMetric.__module__,
        class_name=CustomMetric.__name__,
        config=json.dumps({"name": name}),
    )
