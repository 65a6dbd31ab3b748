"""Metrics of Keras 3 and Keras 2 over groups of examples: a group is one batch of theirs.

Variables of a metric are sums over the examples, in Keras' own metrics and in those derived from
`Mean`, so those of two workers are added:

    BinaryAccuracy  ->  total 3 of count 4  +  total 5 of count 6  =  total 8 of count 10

An own metric sees labels [n, 1] and predictions [n, 1] (binary: the probability of class 1;
regression) or [n, k] (the probabilities of k classes).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import tf_keras

from tfline.components.evaluator.measuring.own_metrics import counts_weights, load_metric
from tfline.metrics.arrays import Array, Floats


@dataclasses.dataclass(frozen=True, eq=False)
class KerasState:
    """The variables of a metric after some examples.

    Attributes:
        name: The dotted path of the metric.
        labels: Of the first example, [1, ...]; some metrics build their variables at a first call.
        predictions: Of the first example, [1, ...].
        variables: Their values.
    """

    name: str
    labels: Array
    predictions: Floats
    variables: tuple[Floats, ...]

    def __add__(self, other: KerasState) -> KerasState:
        """Adds the variables."""
        pairs = zip(self.variables, other.variables, strict=True)
        return dataclasses.replace(self, variables=tuple(one + more for one, more in pairs))

    def result(self) -> Floats:
        """Returns the value, a number or an array."""
        metric = _make(self.name)
        metric.update_state(self.labels, self.predictions)
        for variable, value in zip(metric.variables, self.variables, strict=True):
            variable.assign(value)
        return np.asarray(metric.result())


def update_keras(
    name: str, labels: Array, predictions: Floats, weights: Floats | None = None
) -> KerasState:
    """Returns the state of a metric after a group.

    Args:
        name: The dotted path of its class.
        labels: [n] or [n, ...].
        predictions: [n] or [n, ...].
        weights: How much each example counts, [n]; None: all the same. A metric that takes none is
            computed without them.
    """
    labels = labels.reshape(len(labels), -1)
    predictions = predictions.reshape(len(labels), -1)
    metric = _make(name)
    if weights is None or not counts_weights(name):
        metric.update_state(labels, predictions)
    else:
        metric.update_state(labels, predictions, sample_weight=weights.astype(np.float32))
    variables = tuple(_value(variable) for variable in metric.variables)
    return KerasState(name, labels[:1], predictions[:1], variables)


def _value(variable: Any) -> Floats:
    return np.asarray(keras.ops.convert_to_tensor(variable))


def _make(name: str) -> Any:
    made = load_metric(name)(name=name.replace(".", "_"))
    return _MeanLoss(made) if isinstance(made, tf_keras.losses.Loss) else made


class _MeanLoss(tf_keras.metrics.Mean):  # type: ignore[misc]
    """The mean of a Keras 2 loss over the examples.

    Args:
        loss: The loss.
    """

    def __init__(self, loss: Any) -> None:
        super().__init__(name=loss.name)
        self._loss = loss

    def update_state(
        self, labels: Array, predictions: Floats, sample_weight: Floats | None = None
    ) -> Any:
        """Adds the losses of a batch."""
        return super().update_state(self._loss.call(labels, predictions), sample_weight)
