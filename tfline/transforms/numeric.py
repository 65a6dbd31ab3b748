"""Transforms of numbers: float64 [batch] or [batch, n] with NaN for missing values in.

Statistics are those of the train split alone, over the values that are there, each column for
itself. All is computed in float64, so that a small difference of large numbers keeps its digits;
a model gets float32.
A missing value becomes the neutral one where a transform has one: the mean for `z_score`, the
middle of the range for `min_max`.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import AfterValidator, Field

from tfline.transforms.analysis.moments import Moments
from tfline.transforms.analysis.order import Extremes, MostFrequent, Quantiles
from tfline.transforms.analysis.passes import Analysis, Request
from tfline.transforms.columns import finite_or_missing
from tfline.transforms.depth import declare_depth
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Gapped, Indices, Numbers
else:
    tf = lazy_import("tensorflow")

Buckets = Annotated[int, Field(ge=2, le=10_000)]
Percent = Annotated[float, Field(ge=0, le=100)]
Indicator = Annotated[bool, Field(description="Tell in more columns what was missing.")]


def _check_increasing(values: tuple[float, ...]) -> tuple[float, ...]:
    if any(low >= high for low, high in itertools.pairwise(values)):
        raise ValueError("expected numbers in increasing order")
    return values


Increasing = AfterValidator(_check_increasing)
Boundaries = Annotated[
    tuple[float, ...],
    Field(min_length=1, strict=False, examples=[[10.0, 20.0, 50.0]]),
    Increasing,
]
Range = Annotated[tuple[Percent, Percent], Field(strict=False), Increasing]


def passthrough(x: Numbers, *, default: float = 0.0) -> Numbers:
    """Leaves a number as it is.

    Args:
        x: float64 [batch] or [batch, n].
        default: Takes the place of a missing value.

    Returns:
        float64, of the shape of `x`.
    """
    return _replace_missing(x, default)


def keep_missing(x: Numbers) -> Gapped:
    """Leaves a number as it is, and what is missing missing: for a model of trees.

    Trees ask only which of two values is larger, so that scaling changes nothing for them, and
    find out by themselves what a missing value means.

    Args:
        x: float64 [batch] or [batch, n].

    Returns:
        float64, of the shape of `x`; NaN where the value is missing. Networks do not take it.

    Example:
        features: {keep_missing: [fare, trip_miles], string_lookup: [company]}
        model: boosted_trees
    """
    return x


def z_score(x: Numbers) -> Analysis[Numbers]:
    """Subtracts the mean and divides by the standard deviation (of the population).

    Args:
        x: float64 [batch] or [batch, n].

    Returns:
        float64, of the shape of `x`; 0 where the value is missing, and everywhere if the feature
        is constant.
    """
    mean, deviation = yield Request(Moments(), x)
    return _replace_missing(_scale(x, mean, deviation), 0.0)


def min_max(x: Numbers) -> Analysis[Numbers]:
    """Maps the range of the train split to [0, 1].

    Args:
        x: float64 [batch] or [batch, n].

    Returns:
        float64, of the shape of `x`; 0.5 where the value is missing. Values outside the range of
        the train split lie outside [0, 1].
    """
    low, high = yield Request(Extremes(), x)
    return _replace_missing(_scale(x, low, high - low), 0.5)


def max_abs(x: Numbers) -> Analysis[Numbers]:
    """Divides by the largest absolute value of the train split.

    Args:
        x: float64 [batch] or [batch, n].

    Returns:
        float64, of the shape of `x`; 0 where the value is missing.
    """
    low, high = yield Request(Extremes(), x)
    largest = tf.maximum(-low, high)
    return _replace_missing(_scale(x, tf.zeros_like(largest), largest), 0.0)


def robust(x: Numbers, *, percent: Range = (25.0, 75.0)) -> Analysis[Numbers]:
    """Subtracts the median and divides by the range between two percentiles.

    Args:
        x: float64 [batch] or [batch, n].
        percent: The two percentiles; by default their range is the interquartile range.

    Returns:
        float64, of the shape of `x`; 0 where the value is missing, and everywhere if the range
        is empty.
    """
    low, high = percent
    [found] = yield Request(Quantiles((low / 100, 0.5, high / 100)), x)
    scaled = _scale(x, found[..., 1], found[..., 2] - found[..., 0])
    return _replace_missing(scaled, 0.0)


def log1p(x: Numbers) -> Numbers:
    """Returns the natural logarithm of 1 + x.

    Args:
        x: float64 [batch] or [batch, n]; values below 0 count as 0.

    Returns:
        float64, of the shape of `x`; still NaN where the value is missing, for the next step of
        a chain.
    """
    return tf.math.log1p(tf.maximum(x, 0.0))


def power(x: Numbers, *, exponent: float) -> Numbers:
    """Raises to a power.

    Args:
        x: float64 [batch] or [batch, n].
        exponent: The power.

    Returns:
        float64, of the shape of `x`; NaN where the value is missing or has no such power that is
        a finite number.
    """
    return finite_or_missing(tf.pow(x, tf.constant(exponent, x.dtype)))


def clip(x: Numbers, *, low: float | None = None, high: float | None = None) -> Numbers:
    """Moves what is below `low` or above `high` to that bound.

    Args:
        x: float64 [batch] or [batch, n].
        low: The least value; None: unbounded.
        high: The greatest value; None: unbounded.

    Returns:
        float64, of the shape of `x`; NaN where the value is missing.
    """
    if low is not None:
        x = tf.where(x < low, tf.constant(low, x.dtype), x)
    if high is not None:
        x = tf.where(x > high, tf.constant(high, x.dtype), x)
    return x


def bucketize(x: Numbers, *, buckets: Buckets = 10) -> Analysis[Indices]:
    """Returns the number of the quantile bucket that a value falls into.

    Args:
        x: float64 [batch] or [batch, n].
        buckets: How many buckets of about equal count; some stay empty where values repeat.

    Returns:
        int64, of the shape of `x`, in [0, buckets]; the last number, `buckets`, is for missing
        values.
    """
    [boundaries] = yield Request(Quantiles(_inner_quantiles(buckets)), x)
    return _bucket(x, boundaries)


def discretize(x: Numbers, *, boundaries: Boundaries) -> Indices:
    """Returns the number of the bucket that a value falls into.

    Args:
        x: float64 [batch] or [batch, n].
        boundaries: Where one bucket ends and the next begins; a value that is equal to a boundary
            is in the bucket above it.

    Returns:
        int64, of the shape of `x`, in [0, len(boundaries) + 1]; the last number is for missing
        values.
    """
    rounded = tf.constant([_as_stored(boundary) for boundary in boundaries], tf.float64)
    return _bucket(x, tf.broadcast_to(rounded, [*x.shape[1:], len(boundaries)]))


def cross_buckets(x: Numbers, *, buckets: Buckets = 10) -> Analysis[Indices]:
    """Returns one number for the quantile buckets that several features fall into together.

    Args:
        x: float64 [batch, n].
        buckets: How many buckets each feature has; a missing value has one more of its own.

    Returns:
        int64 [batch] in [0, (buckets + 1) ** n).
    """
    [boundaries] = yield Request(Quantiles(_inner_quantiles(buckets)), x)
    base = buckets + 1
    index = _bucket(x, boundaries)  # [batch, n]
    places = [base**place for place in reversed(range(x.shape[1]))]
    crossed = tf.reduce_sum(index * tf.constant(places, tf.int64), axis=1)
    return declare_depth(crossed, base ** x.shape[1])


def impute_mean(x: Numbers, *, indicator: Indicator = False) -> Analysis[Numbers]:
    """Puts the mean of the train split in the place of missing values.

    Args:
        x: float64 [batch] or [batch, n].
        indicator: Append for each column one that is 1.0 where its value was missing.

    Returns:
        float64, of the shape of `x`; with `indicator` [batch, 2 n].
    """
    mean, _ = yield Request(Moments(), x)
    return _fill(x, mean, indicator)


def impute_median(x: Numbers, *, indicator: Indicator = False) -> Analysis[Numbers]:
    """Puts the median of the train split in the place of missing values.

    Args:
        x: float64 [batch] or [batch, n].
        indicator: Append for each column one that is 1.0 where its value was missing.

    Returns:
        float64, of the shape of `x`; with `indicator` [batch, 2 n].
    """
    [found] = yield Request(Quantiles((0.5,)), x)
    return _fill(x, found[..., 0], indicator)


def impute_most_frequent(x: Numbers, *, indicator: Indicator = False) -> Analysis[Numbers]:
    """Puts the most frequent value of the train split in the place of missing values.

    Args:
        x: float64 [batch] or [batch, n].
        indicator: Append for each column one that is 1.0 where its value was missing.

    Returns:
        float64, of the shape of `x`; with `indicator` [batch, 2 n].
    """
    [found] = yield Request(MostFrequent(), x)
    return _fill(x, found, indicator)


def impute_constant(x: Numbers, *, value: float, indicator: Indicator = False) -> Numbers:
    """Puts a given number in the place of missing values.

    Args:
        x: float64 [batch] or [batch, n].
        value: The number.
        indicator: Append for each column one that is 1.0 where its value was missing.

    Returns:
        float64, of the shape of `x`; with `indicator` [batch, 2 n].
    """
    return _fill(x, tf.constant(value, tf.float64), indicator)


def missing(x: Numbers) -> Numbers:
    """Returns 1.0 where a value is missing, else 0.0.

    Args:
        x: float64 [batch] or [batch, n].

    Returns:
        float64, of the shape of `x`.
    """
    return tf.cast(tf.math.is_nan(x), x.dtype)


def polynomial(
    x: Numbers,
    *,
    degree: Annotated[int, Field(ge=1, le=6)] = 2,
    interaction_only: bool = False,
) -> Numbers:
    """Returns all products of up to `degree` of the columns, without the constant.

    Args:
        x: float64 [batch] or [batch, n].
        degree: The most factors of a product.
        interaction_only: The factors of a product are different columns.

    Returns:
        float64 [batch, products], by degree and then in the order of the columns; NaN where a
        factor is missing or the product is no finite number.
    """
    choose = itertools.combinations if interaction_only else itertools.combinations_with_replacement
    columns = tf.unstack(tf.reshape(x, [-1, _width(x)]), axis=1)
    products = [
        tf.reduce_prod(tf.stack(factors), axis=0)
        for size in range(1, degree + 1)
        for factors in choose(columns, size)
    ]
    return finite_or_missing(tf.stack(products, axis=1))


def _width(x: Numbers) -> int:
    """Returns the number of columns: n for [batch, n], 1 for [batch]."""
    return int(x.shape[1]) if len(x.shape) == 2 else 1


def _scale(x: Numbers, offset: tf.Tensor, scale: tf.Tensor) -> Numbers:
    """Returns (x - offset) / scale in float64, 0 if scale is 0; NaN where x is."""
    shifted = tf.cast(x, tf.float64) - offset
    return tf.where(scale > 0, shifted / tf.where(scale > 0, scale, 1.0), 0.0 * shifted)


def _fill(x: Numbers, value: tf.Tensor, indicator: bool) -> Numbers:
    """Returns x with `value` where it is missing, and beside it where that was."""
    filled = tf.where(tf.math.is_nan(x), tf.cast(value, x.dtype), x)
    if not indicator:
        return filled
    columns = [tf.reshape(tensor, [-1, _width(x)]) for tensor in (filled, missing(x))]
    return tf.concat(columns, axis=1)


def _replace_missing(x: Numbers, value: float) -> Numbers:
    return tf.where(tf.math.is_nan(x), tf.constant(value, x.dtype), x)


def _as_stored(boundary: float) -> float:
    """Returns a boundary rounded as values are stored: a value of 0.7 is not below it at 0.7.

    Floats of a tf.Example have 32 bits; integers have 64.
    """
    return boundary if boundary.is_integer() else float(np.float32(boundary))


def _inner_quantiles(buckets: int) -> tuple[float, ...]:
    return tuple(number / buckets for number in range(1, buckets))


def _bucket(x: Numbers, boundaries: tf.Tensor) -> Indices:
    """Returns the bucket of each value: int64, of the shape of x; the last one if it is missing.

    Args:
        x: float64 [batch] or [batch, n].
        boundaries: float64 [k] or [n, k], ascending.
    """
    buckets = int(boundaries.shape[-1]) + 1
    values = tf.cast(_replace_missing(x, 0.0), tf.float64)
    below = boundaries <= values[..., tf.newaxis]  # [batch, (n,) k]
    index = tf.math.count_nonzero(below, axis=-1)
    index = tf.where(tf.math.is_nan(x), tf.constant(buckets, tf.int64), index)
    return declare_depth(index, buckets + 1)
