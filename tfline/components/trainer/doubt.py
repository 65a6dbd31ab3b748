"""Whether the doubt that a model tells by Monte Carlo dropout is that which it should have.

Dropout tells how far models differ that fit the same data, and nothing of what no model can know:
its intervals may be too narrow. So they are measured, on labels, and the report shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfline.components.trainer.models.own_training import History
from tfline.components.trainer.monte_carlo import sample_outputs
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead

MOST_RECORDS = 5_000
"""So many records of a split are measured."""

_REACH = 1.959964
"""95 % of a normal distribution are within so many standard deviations."""

_BINS = 10

Floats = npt.NDArray[np.float64]


def measure_doubt(
    model: keras.Model, head: Head, batches: tf.data.Dataset, samples: int, prefix: str = ""
) -> History:
    """Returns how well the doubt of a model fits what it is wrong about.

    Args:
        model: Trained, with dropout.
        head: What it predicts.
        batches: Features and labels of a split, [batch, ...].
        samples: How many answers there are under dropout.
        prefix: What the names begin with: ``val_``.

    Returns:
        Of numbers: ``coverage_95``, the share of labels within the interval of 95 %, and
        ``width_95``, its mean width in the unit of the label. Of classes: the expected calibration
        error (Guo et al. 2017) of single answers, ``calibration_error``, and of their means under
        dropout, ``monte_carlo_calibration_error``. Empty for other labels.
    """
    if not isinstance(head, RegressionHead) and head.task not in _OF_CLASSES:
        return {}
    sample = tf.function(lambda x: sample_outputs(model, x, samples), reduce_retracing=True)
    labels, plain, sampled = [], [], []
    for features, label, *_ in batches.take(_batches(batches)):
        labels.append(label)
        plain.append(head.restore(model(features, training=False)))
        sampled.append(head.restore(sample(features)))
    label, y = tf.concat(labels, 0), tf.concat(sampled, 1)
    if isinstance(head, RegressionHead):
        measured = _of_numbers(head, label, y)
    else:
        events = _OF_CLASSES[head.task]
        measured = {
            "calibration_error": calibration_error(*events(label, tf.concat(plain, 0))),
            "monte_carlo_calibration_error": calibration_error(
                *events(label, tf.reduce_mean(y, axis=0))
            ),
        }
    return {f"{prefix}{name}": [value] for name, value in measured.items()}


def calibration_error(confidence: Floats, correct: Floats) -> float:
    """Returns how far confidence is from how often it is right, on average over ten bins of it.

    Args:
        confidence: Of each decision, in [0, 1], float64 [n].
        correct: Whether it was right, 0 or 1, [n].
    """
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, correct - confidence, _BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def _batches(batches: tf.data.Dataset) -> int:
    """Returns how many batches are measured."""
    first = next(iter(batches.take(1)), None)
    return 0 if first is None else math.ceil(MOST_RECORDS / len(first[1]))


def _of_numbers(head: RegressionHead, label: tf.Tensor, y: tf.Tensor) -> dict[str, float]:
    """Measures numbers y [samples, batch, ...] by their labels."""
    truth = head.scale.restored(label).numpy()
    values = y.numpy().astype(np.float64)
    if head.steps > 1:
        truth, values = truth[:, -1], values[:, :, -1]
    truth = truth.reshape(values.shape[1:])
    reach = _REACH * values.std(axis=0)
    inside = np.abs(truth - values.mean(axis=0)) <= reach
    return {"coverage_95": float(inside.mean()), "width_95": float(2 * reach.mean())}


def _one_class(label: tf.Tensor, y: tf.Tensor) -> tuple[Floats, Floats]:
    """Returns the confidence in the most probable class, and whether it is the right one."""
    probabilities = y.numpy().astype(np.float64)
    chosen = probabilities.argmax(axis=1)
    return probabilities.max(axis=1), (chosen == label.numpy()).astype(np.float64)


def _flags(label: tf.Tensor, y: tf.Tensor) -> tuple[Floats, Floats]:
    """Returns the confidence in each yes or no, and whether it is right."""
    probabilities = y.numpy().astype(np.float64).ravel()
    said = probabilities >= 0.5
    right = said == (label.numpy().ravel() > 0.5)
    return np.where(said, probabilities, 1 - probabilities), right.astype(np.float64)


_OF_CLASSES: dict[str, Callable[[tf.Tensor, tf.Tensor], tuple[Floats, Floats]]] = {
    "binary": _flags,
    "multiclass": _one_class,
    "ordinal": _one_class,
    "multilabel": _flags,
}
