"""How far an answer may be off, and what that leaves possible: from answers to bounds and back.

A score says how far the label of a record lies outside of what was answered; the records whose
score is at most q have their label within the bounds that belong to q.
"""

from __future__ import annotations

import abc

import tensorflow as tf

from tfline.tasks.heads.head import ONE_OF_SEVERAL, Head
from tfline.tasks.heads.links import Log, Quantiles
from tfline.tasks.heads.numbers import RegressionHead
from tfline.transforms.errors import ModelError

Outputs = dict[str, tf.Tensor]


class Bounds(abc.ABC):
    """A kind of score, with its bounds."""

    @abc.abstractmethod
    def scores(self, answer: Outputs, label: tf.Tensor) -> tf.Tensor:
        """Returns the scores of answers, float32 [batch, numbers], for labels [batch, ...]."""

    @abc.abstractmethod
    def within(self, answer: Outputs, quantile: tf.Tensor) -> Outputs:
        """Returns what is possible where no score exceeds its quantile, float32 [batch, numbers].

        Returns:
            ``lower`` and ``upper`` of the shape of a prediction; or ``prediction_set`` int64
            [batch, classes], 1 for each class that is possible.
        """


class ClassSet(Bounds):
    """All classes that are probable enough: the smallest sets on average (Sadinle et al. 2019).

    The score is 1 less the probability of the true class. A set may be empty, where no class is
    probable enough: else a model that is right more often would have too large sets.
    """

    def scores(self, answer: Outputs, label: tf.Tensor) -> tf.Tensor:
        """See `Bounds.scores`."""
        chosen = tf.gather(answer["probabilities"], tf.reshape(label, [-1]), batch_dims=1)
        return 1 - chosen[:, tf.newaxis]

    def within(self, answer: Outputs, quantile: tf.Tensor) -> Outputs:
        """See `Bounds.within`."""
        return {"prediction_set": tf.cast(1 - answer["probabilities"] <= quantile, tf.int64)}


class Residual(Bounds):
    """As far above as below a number; the score is the distance.

    Where a logarithm is learnt the distance is one of logarithms, so that large numbers have wide
    intervals; of counts, whose variance is their mean, it is in units of its square root.

    Args:
        kind: ``number``, ``logarithm`` or ``count``.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def scores(self, answer: Outputs, label: tf.Tensor) -> tf.Tensor:
        """See `Bounds.scores`."""
        y = _flat(answer["prediction"])
        label = tf.reshape(tf.cast(label, tf.float32), tf.shape(y))
        return tf.abs(self._scaled(label) - self._scaled(y)) / self._unit(y)

    def within(self, answer: Outputs, quantile: tf.Tensor) -> Outputs:
        """See `Bounds.within`."""
        y = _flat(answer["prediction"])
        reach = quantile * self._unit(y)
        shape = tf.shape(answer["prediction"])
        lower, upper = (self._restored(self._scaled(y) + way * reach) for way in (-1.0, 1.0))
        return {"lower": tf.reshape(lower, shape), "upper": tf.reshape(upper, shape)}

    def _scaled(self, y: tf.Tensor) -> tf.Tensor:
        return tf.math.log1p(tf.maximum(y, -1 + 1e-6)) if self._kind == "logarithm" else y

    def _restored(self, y: tf.Tensor) -> tf.Tensor:
        if self._kind == "logarithm":
            return tf.math.expm1(y)
        return tf.maximum(y, 0.0) if self._kind == "count" else y

    def _unit(self, y: tf.Tensor) -> tf.Tensor:
        return tf.sqrt(tf.maximum(y, 1e-6)) if self._kind == "count" else tf.ones_like(y)


class QuantileRange(Bounds):
    """Between the lowest and the highest quantile, made wider or narrower (Romano et al. 2019).

    The score is how far the label lies outside of both.
    """

    def scores(self, answer: Outputs, label: tf.Tensor) -> tf.Tensor:
        """See `Bounds.scores`."""
        low, high = _flat(answer["quantiles"][..., 0]), _flat(answer["quantiles"][..., -1])
        label = tf.reshape(tf.cast(label, tf.float32), tf.shape(low))
        return tf.maximum(low - label, label - high)

    def within(self, answer: Outputs, quantile: tf.Tensor) -> Outputs:
        """See `Bounds.within`."""
        low, high = _flat(answer["quantiles"][..., 0]), _flat(answer["quantiles"][..., -1])
        middle = (low + high) / 2
        shape = tf.shape(answer["prediction"])
        return {  # narrower by more than there is: nothing is left but the middle
            "lower": tf.reshape(tf.minimum(low - quantile, middle), shape),
            "upper": tf.reshape(tf.maximum(high + quantile, middle), shape),
        }


def find_bounds(head: Head) -> Bounds:
    """Returns the kind of score that suits what a model predicts.

    Raises:
        ModelError: There is none.
    """
    if head.task == "binary" or head.task in ONE_OF_SEVERAL:
        return ClassSet()
    if not isinstance(head, RegressionHead):
        raise ModelError(f"There are no intervals of a {head.task} label", where="intervals")
    if isinstance(head.link, Quantiles) and len(head.link.levels) > 1:
        return QuantileRange()
    if isinstance(head.link, Log):
        return Residual("count")
    return Residual("logarithm" if head.scale.transform == "log1p" else "number")


def _flat(y: tf.Tensor) -> tf.Tensor:
    """Returns numbers [batch] or [batch, numbers] as [batch, numbers]."""
    return y[:, tf.newaxis] if y.shape.rank == 1 else y
