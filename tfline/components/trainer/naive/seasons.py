"""Forecasts that only repeat: the last value of a series, or those of a season ago.

Which raw series is the one that is forecast, and how long its season is, is found on the train
split: whatever repeats best.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfline.components.artifacts.windows import AHEAD

LONGEST_SEASON = 400
"""Longer seasons are not looked for."""


@dataclasses.dataclass(frozen=True)
class Repeated:
    """A forecast that repeats.

    Attributes:
        key: The raw feature that holds the series so far.
        season: After how many steps it repeats; 1: the last value stays.
    """

    key: str
    season: int


def places(season: int, horizon: int) -> list[int]:
    """Returns which values of a series are repeated, counted from its end: -1 is the last."""
    return [step % season - season for step in range(horizon)]


def find_repeated(
    series: Mapping[str, np.ndarray], labels: np.ndarray
) -> tuple[Repeated | None, Repeated | None]:
    """Returns the best forecasts without and with a season; None where there is none.

    Args:
        series: Raw feature to its values so far, float [n, steps]; NaN where there is none.
        labels: What follows, float [n, horizon].
    """
    horizon = labels.shape[1]
    errors: dict[Repeated, float] = {}
    for key, values in series.items():
        for season in range(1, min(values.shape[1], LONGEST_SEASON) + 1):
            error = np.abs(values[:, places(season, horizon)] - labels)
            if np.isfinite(error).any():
                errors[Repeated(key, season)] = float(np.nanmean(error))
    plain = {found: error for found, error in errors.items() if found.season == 1}
    seasonal = {found: error for found, error in errors.items() if found.season > 1}
    return _best(plain), _best(seasonal)


def forecast_key(series: Mapping[str, np.ndarray], labels: np.ndarray, label: str) -> str | None:
    """Returns the raw feature that holds the past of what is forecast.

    Args:
        series: Raw feature to its values so far, float [n, steps]; NaN where there is none.
        labels: What follows, float [n, horizon].
        label: The raw feature of the label: ``load_ahead`` is what follows ``load``.

    Returns:
        None if no series is what is forecast: by its name, or since its last value is nearer to
        what follows than the median of all labels.
    """
    first = labels[:, 0]
    errors = {key: np.abs(values[:, -1] - first) for key, values in series.items()}
    means = {key: np.nanmean(error) for key, error in errors.items() if np.isfinite(error).any()}
    if not means:
        return None
    key = label.removesuffix(AHEAD)
    if key in means:
        return key
    key = min(means, key=lambda name: means[name])
    near = means[key] < np.nanmean(np.abs(first - np.nanmedian(first)))
    return key if near else None


def _best(errors: Mapping[Repeated, float]) -> Repeated | None:
    return min(errors, key=lambda found: errors[found]) if errors else None


def last_values(column: tf.SparseTensor, count: int) -> tf.Tensor:
    """Returns the last values of each list, float32 [batch, count]; NaN before its beginning."""
    values = tf.SparseTensor(column.indices, tf.cast(column.values, tf.float32), column.dense_shape)
    lengths = tf.RaggedTensor.from_sparse(values).row_lengths()  # [batch]
    dense = tf.sparse.to_dense(values, float("nan"))  # [batch, longest]
    backwards = tf.reverse_sequence(dense, lengths, seq_axis=1)  # the last value first
    padded = tf.pad(backwards, [[0, 0], [0, count]], constant_values=float("nan"))[:, :count]
    return tf.reverse(tf.ensure_shape(padded, [None, count]), axis=[1])


def repeat(values: tf.Tensor, season: int, horizon: int) -> tf.Tensor:
    """Returns the forecast [batch, horizon] of the last values [batch, count] of a series."""
    chosen: Sequence[int] = [values.shape[1] + place for place in places(season, horizon)]
    return tf.gather(values, chosen, axis=1)
