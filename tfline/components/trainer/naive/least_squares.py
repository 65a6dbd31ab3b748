"""The constant and the linear model that fit the train split best, in closed form."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfline.components.trainer.models.inputs import TensorFeature

MOST_COLUMNS = 2_000
"""Features that would make more columns together are left out, the widest first."""

_RIDGE = 1e-4
"""What is added to the variance of each column, as a share of it: columns may depend on others."""

Floats = npt.NDArray[np.float64]


def column_features(features: Sequence[TensorFeature]) -> list[TensorFeature]:
    """Returns the features that a linear model reads, in their order; a string is none."""
    kept: set[str] = set()
    columns = 0
    for feature in sorted(features, key=_width):
        columns += _width(feature)
        if feature.kind != "string" and columns <= MOST_COLUMNS:
            kept.add(feature.name)
    return [feature for feature in features if feature.name in kept]


def _width(feature: TensorFeature) -> int:
    if feature.kind == "index":
        return feature.depth or 1
    return int(np.prod(feature.shape)) * (2 if feature.gapped else 1)


def columns_of(inputs: Mapping[str, tf.Tensor], features: Sequence[TensorFeature]) -> tf.Tensor:
    """Returns one row of numbers a record, float32 [batch, columns].

    Args:
        inputs: Transformed features by name, [batch, ...].
        features: See `column_features`; an index becomes one-hot, those of a text are counted; a
            number that may be missing has a column beside it that tells, so that the model finds
            out what stands best in its place.
    """
    parts = []
    for feature in features:
        x = inputs[feature.name]
        if feature.kind == "index":
            hot = tf.one_hot(x, feature.depth or 1)  # [batch, (length), depth]
            x = tf.reduce_sum(hot, axis=1) if feature.shape else hot
        elif feature.gapped:
            missing = tf.math.is_nan(x)
            known = tf.where(missing, tf.zeros_like(x), x)
            x = tf.stack([known, tf.cast(missing, x.dtype)], axis=-1)
        parts.append(tf.reshape(tf.cast(x, tf.float32), [-1, _width(feature)]))
    return tf.concat(parts, axis=1)


@dataclasses.dataclass(frozen=True)
class Linear:
    """A linear model: y = x weights + bias.

    Attributes:
        weights: float64 [columns, outputs].
        bias: float64 [outputs].
        mean: Of y in the train split, by weight, float64 [outputs].
    """

    weights: Floats
    bias: Floats
    mean: Floats


def fit_linear(batches: Iterable[tuple[Floats, Floats, Floats]]) -> Linear:
    """Fits by weighted least squares, in one pass.

    Args:
        batches: x [batch, columns], y [batch, outputs] and how much each row counts, [batch].
    """
    count, gram = 0.0, np.zeros([0, 0])
    for x, y, weights in batches:
        both = np.concatenate([np.ones([len(x), 1]), x, y], axis=1)
        count += weights.sum()
        squares = both.T @ (weights[:, None] * both)
        gram = squares if not gram.size else gram + squares
    columns = x.shape[1]
    means = gram[0, 1:] / count
    spread = gram[1:, 1:] / count - np.outer(means, means)  # covariances
    a, b = spread[:columns, :columns], spread[:columns, columns:]
    ridge = _RIDGE * np.diag(a) + 1e-12
    weights = np.asarray(np.linalg.solve(a + np.diag(ridge), b), np.float64)
    bias = means[columns:] - means[:columns] @ weights
    return Linear(weights, bias, means[columns:])
