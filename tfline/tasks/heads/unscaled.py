"""Metrics of numbers in the unit of the label, while a model is trained in others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

Restore = Callable[[tf.Tensor], tf.Tensor]
"""Turns what a model is trained on, or what it gives, into numbers in the unit of the label."""


class Unscaled(keras.metrics.Metric):
    """Shows another metric the labels and the predictions as the label has them.

    Args:
        metric: The other metric, or a function from labels and predictions to a number each.
        labels: From targets, [batch, ...].
        predictions: From outputs, [batch, ..., units].
    """

    def __init__(
        self,
        metric: keras.metrics.Metric | Callable[..., Any],
        labels: Restore,
        predictions: Restore,
    ) -> None:
        if not isinstance(metric, keras.metrics.Metric):
            metric = keras.metrics.MeanMetricWrapper(metric, name=metric.__name__)
        super().__init__(name=metric.name)
        self._metric = metric
        self._labels = labels
        self._predictions = predictions

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: Any = None) -> Any:
        """Takes a batch: targets [batch, ...], outputs [batch, ..., units]."""
        labels, predictions = self._labels(y_true), self._predictions(y_pred)
        return self._metric.update_state(labels, predictions, sample_weight)

    def result(self) -> Any:
        """Returns the value of the other metric."""
        return self._metric.result()

    def reset_state(self) -> None:
        """Begins anew."""
        self._metric.reset_state()


class Coverage(keras.metrics.Mean):
    """The share of the numbers that lie between the lowest and the highest quantile of theirs.

    Args:
        numbers: How many are predicted of a record.
        levels: How many quantiles each has.
    """

    def __init__(self, numbers: int, levels: int) -> None:
        super().__init__(name="coverage")
        self._shape = [-1, numbers, levels]

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: Any = None) -> Any:
        """Takes a batch: targets [batch, ...], outputs [batch, ..., units]."""
        each = tf.reshape(y_pred, self._shape)
        targets = tf.reshape(tf.cast(y_true, each.dtype), self._shape[:-1])
        low, high = tf.reduce_min(each, axis=-1), tf.reduce_max(each, axis=-1)
        inside = tf.cast((low <= targets) & (targets <= high), tf.float32)
        return super().update_state(tf.reduce_mean(inside, axis=-1), sample_weight)
