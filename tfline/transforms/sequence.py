"""Transforms of sequences: all values of a numeric feature, in their order, of any number.

They end with `pad` or `window`, which give each record the same number of steps, or with `future`,
whose steps follow those of the others; `mask` tells which of them are padding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tfline.transforms.analysis.moments import Moments
from tfline.transforms.analysis.passes import Analysis, Request
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Numbers, Series, Vector
else:
    tf = lazy_import("tensorflow")

Steps = Annotated[int, Field(ge=1, le=100_000)]
Side = Literal["start", "end"]


def differences(x: Series, *, lag: Steps = 1) -> Series:
    """Subtracts from each step the one `lag` steps before it.

    Args:
        x: ragged float64 [batch, (steps)].
        lag: How many steps lie between the two.

    Returns:
        ragged float64 [batch, (steps - lag)]; empty where there are not more than `lag` steps.
    """
    kept = tf.maximum(x.row_lengths() - lag, 0)
    positions = tf.ragged.range(kept)
    starts = tf.expand_dims(x.row_starts(), 1)
    before = (positions + starts).flat_values
    change = tf.gather(x.flat_values, before + lag) - tf.gather(x.flat_values, before)
    return positions.with_flat_values(change)


def scale_series(x: Series) -> Series:
    """Subtracts each series' own mean and divides by its own standard deviation.

    Args:
        x: ragged float64 [batch, (steps)].

    Returns:
        ragged float64 [batch, (steps)]; 0 everywhere in a constant series.
    """
    present = tf.math.is_finite(x.flat_values)
    rows = x.value_rowids()
    values = tf.where(present, x.flat_values, tf.zeros_like(x.flat_values))
    values = tf.cast(values, tf.float64)

    def mean_of(numbers: tf.Tensor) -> tf.Tensor:
        kept = tf.where(present, numbers, tf.zeros_like(numbers))
        total = tf.math.unsorted_segment_sum(kept, rows, x.nrows())
        count = tf.math.unsorted_segment_sum(tf.cast(present, tf.float64), rows, x.nrows())
        return tf.gather(tf.math.divide_no_nan(total, count), rows)

    centred = values - mean_of(values)
    scaled = tf.math.divide_no_nan(centred, tf.sqrt(mean_of(centred**2)))
    return x.with_flat_values(_or_missing(present, scaled))


def z_score_steps(x: Series) -> Analysis[Series]:
    """Subtracts the mean of all steps of the train split and divides by their deviation.

    Args:
        x: ragged float64 [batch, (steps)].

    Returns:
        ragged float64 [batch, (steps)]; 0 everywhere if the feature is constant.
    """
    mean, deviation = yield Request(Moments(), x.flat_values)
    centred = tf.cast(x.flat_values, tf.float64) - mean
    scaled = tf.math.divide_no_nan(centred, deviation)
    return x.with_flat_values(_or_missing(tf.math.is_finite(x.flat_values), scaled))


def pad(x: Series, *, length: Steps, side: Side = "end", value: float = 0.0) -> Vector:
    """Gives each series the same number of steps.

    Args:
        x: ragged float64 [batch, (steps)].
        length: How many steps; of what is longer, those at `side` are cut.
        side: Where padding is put.
        value: The padding; also takes the place of a missing value.

    Returns:
        float32 [batch, length].
    """
    missing = tf.math.is_nan(x.flat_values)
    filled = tf.where(missing, tf.constant(value, x.dtype), x.flat_values)
    return _fixed(x.with_flat_values(filled), length, side, value)


def mask(x: Series, *, length: Steps, side: Side = "end") -> Vector:
    """Tells which steps of a padded series are values: see `pad`.

    Args:
        x: ragged float64 [batch, (steps)].
        length: How many steps.
        side: Where padding is put.

    Returns:
        float32 [batch, length]: 1.0 for a value, 0.0 for padding and for a missing value.
    """
    present = tf.cast(tf.math.is_finite(x.flat_values), tf.float32)
    return _fixed(x.with_flat_values(present), length, side, 0.0)


def window(x: Series, *, length: Steps, horizon: Annotated[int, Field(ge=0)] = 0) -> Vector:
    """Returns the steps up to `horizon` steps before the end of a series.

    With a label `horizon` steps after them, they are what a value is forecast from.

    Args:
        x: ragged float64 [batch, (steps)].
        length: How many steps; a shorter series is padded with zeros at its start.
        horizon: How many steps at the end are left out.

    Returns:
        float32 [batch, length].
    """
    kept = tf.maximum(x.row_lengths() - horizon, 0)
    positions = tf.ragged.range(kept)
    indices = (positions + tf.expand_dims(x.row_starts(), 1)).flat_values
    return pad(
        positions.with_flat_values(tf.gather(x.flat_values, indices)), length=length, side="start"
    )


def future(x: Series, *, length: Steps) -> Vector:
    """Returns what is known in advance of the steps that a forecast is made of.

    A holiday, a price or a plan of the rows that are forecast, as `tfline data convert --known`
    writes them. They are no steps of the window: a model of series joins them to what it has read
    of the past, others read them as numbers.

    Args:
        x: ragged float64 [batch, (steps)].
        length: How many steps; as many as the label's `horizon`. A shorter series is padded with
            zeros at its end; of a longer one the end is left out.

    Returns:
        float32 [batch, length].
    """
    return pad(x, length=length)


def last(x: Series) -> Numbers:
    """Returns the last step of a series.

    Args:
        x: ragged float64 [batch, (steps)].

    Returns:
        float64 [batch]; NaN where there is none.
    """
    return _fixed(x, 1, "start", float("nan"))[:, 0]


def steps(x: Series) -> Numbers:
    """Returns how many steps a series has.

    Args:
        x: ragged float64 [batch, (steps)].

    Returns:
        float64 [batch].
    """
    return tf.cast(x.row_lengths(), tf.float64)


def _fixed(x: Series, length: int, side: str, value: float) -> tf.Tensor:
    """Returns [batch, length] of [batch, (steps)], cut or padded at a side."""
    if side == "end":
        return x.to_tensor(default_value=tf.constant(value, x.dtype), shape=[None, length])
    backwards = tf.reverse(x[:, -length:], axis=[1])
    backwards = backwards.to_tensor(tf.constant(value, x.dtype), shape=[None, length])
    return tf.reverse(backwards, axis=[1])


def _or_missing(present: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    return tf.where(present, values, tf.constant(float("nan"), values.dtype))
