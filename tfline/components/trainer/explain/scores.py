"""What is explained of an answer: the number that the contributions of the features add up to.

A probability is no sum of contributions that may each be of any size, but what a model computes
before its last activation is. So the score of two classes is the log-odds of the second one; of
several, how far the logarithm of the probability of the decided class lies above the mean of all;
of a number, the number, or its logarithm where that is what is learnt. A random forest, whose
probabilities are sums, has scores that are probabilities.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from tfline.tasks.heads.head import Head
from tfline.tasks.heads.links import Log
from tfline.tasks.heads.numbers import RegressionHead

PROBABILITY = "probability"
_LOG_ODDS = "log-odds"
_OF_HIGHER = "log-odds of a higher class"
_ABOVE_MEAN = "log-probability above the mean of the classes"
_NUMBER, _LOG_NUMBER, _LOG_1P = "number", "logarithm of the number", "log(1 + number)"


@dataclasses.dataclass(frozen=True)
class Score:
    """What is explained.

    Attributes:
        unit: What it is, in words.
        numbers: How many scores an answer has.
        of: From logits [batch, units], which a model computes before its last activation, and 1
            for the decided class, else 0, [batch, units], to the scores [batch, numbers].
    """

    unit: str
    numbers: int
    of: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def find_score(head: Head) -> Score | None:
    """Returns what is explained of the answers of a model; None: they have no scores."""
    if isinstance(head, RegressionHead):
        return _of_numbers(head)
    if head.task == "binary":
        return Score(_LOG_ODDS, 1, lambda logits, _: logits)
    if head.task == "ordinal":
        return Score(_OF_HIGHER, 1, lambda logits, _: logits)
    if head.task == "multilabel":
        return Score(_LOG_ODDS, head.units, lambda logits, _: logits)
    if head.task == "multiclass":
        return Score(_ABOVE_MEAN, 1, _above_mean)
    return None


def decided(logits: tf.Tensor) -> tf.Tensor:
    """Returns 1 at the largest of the logits [batch, units], else 0: float32 of the same shape."""
    return tf.one_hot(tf.argmax(logits, axis=1), logits.shape[1])


def _above_mean(logits: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    mean = tf.reduce_mean(logits, axis=1, keepdims=True)
    return tf.reduce_sum(logits * chosen, axis=1, keepdims=True) - mean


def _of_numbers(head: RegressionHead) -> Score:
    if isinstance(head.link, Log):

        def log_of(logits: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
            return logits + tf.math.log(head.restore(tf.ones_like(logits)))

        return Score(_LOG_NUMBER, head.size, log_of)
    if head.scale.transform != "log1p":
        return Score(_NUMBER, head.size, lambda logits, _: head.predicted(logits))
    scale = head.scale.model_copy(update={"transform": "standardize"})
    of_logarithm = dataclasses.replace(head, scale=scale)
    return Score(_LOG_1P, head.size, lambda logits, _: of_logarithm.predicted(logits))
