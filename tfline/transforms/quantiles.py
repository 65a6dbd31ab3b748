"""Numbers by their place among those of the train split: what suits networks for tables.

A network learns smooth functions of what it is given, and a column of a table is often skewed,
with jumps and a few values far out. Both transforms here look only at the order of the values:
no value, however large, is far from the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tfline.transforms.analysis.order import Quantiles
from tfline.transforms.analysis.passes import Analysis, Request
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Numbers
else:
    tf = lazy_import("tensorflow")

Bins = Annotated[
    int, Field(ge=2, le=1_000, description="How many ranges of about equal count there are.")
]

_RANKS = 100
_LEAST_RANK = 1e-3


def piecewise_linear(x: Numbers, *, bins: Bins = 16) -> Analysis[Numbers]:
    """Returns how far a value is through each range between quantiles (Gorishniy et al. 2022).

    With the edges e of the ranges, the number for a range is (x - e[i]) / (e[i + 1] - e[i]), not
    below 0 and not above 1: a network can give each range a slope of its own. Where a value
    repeats so often that a range has no width, its number is 1 from that value on.

    Args:
        x: float64 [batch] or [batch, n].
        bins: How many ranges there are.

    Returns:
        float64 [batch, n * (bins + 1)]: the ranges of a column, then 1 where its value is missing;
        the ranges are 0 there.

    Example:
        features: {piecewise_linear: [fare, trip_miles], string_lookup: [company]}
        model: mlp
    """
    [edges] = yield Request(Quantiles(_even(bins)), x)
    is_missing = tf.math.is_nan(x)[..., tf.newaxis]
    passed = tf.where(is_missing, tf.constant(0.0, tf.float64), _passed(x, edges))
    both = tf.concat([passed, tf.cast(is_missing, tf.float64)], axis=-1)  # [batch, (n,) bins + 1]
    columns = 1 if len(x.shape) == 1 else int(x.shape[1])
    return tf.reshape(both, [-1, columns * (bins + 1)])


def quantile_normal(x: Numbers) -> Analysis[Numbers]:
    """Gives the values of the train split a normal distribution, in the same order.

    A value becomes the number below which as large a share of a standard normal distribution lies
    as of the train split lies below the value, to a hundredth with lines between. Shares are kept
    between a thousandth and 1 less that: what is farther out becomes -3.09 or 3.09.

    Args:
        x: float64 [batch] or [batch, n].

    Returns:
        float64, of the shape of `x`; 0, the median, where the value is missing.
    """
    [edges] = yield Request(Quantiles(_even(_RANKS)), x)
    # A value that repeats lies between those below it and those above it.
    up, down = _passed(x, edges), 1 - _passed(-x, -edges[..., ::-1])
    share = (tf.reduce_mean(up, axis=-1) + tf.reduce_mean(down, axis=-1)) / 2
    share = tf.where(tf.math.is_nan(x), tf.constant(0.5, tf.float64), share)
    return tf.math.ndtri(tf.clip_by_value(share, _LEAST_RANK, 1 - _LEAST_RANK))


def _even(bins: int) -> tuple[float, ...]:
    return tuple(number / bins for number in range(bins + 1))


def _passed(x: Numbers, edges: tf.Tensor) -> Numbers:
    """Returns how far each value is through each range, in [0, 1].

    Args:
        x: float64 [batch] or [batch, n].
        edges: float64 [k + 1] or [n, k + 1], ascending.

    Returns:
        float64 [batch, k] or [batch, n, k].
    """
    low, width = edges[..., :-1], edges[..., 1:] - edges[..., :-1]
    above = tf.cast(x, tf.float64)[..., tf.newaxis] - low
    shares = above / tf.where(width > 0, width, tf.ones_like(width))
    stepped = tf.cast(above >= 0, tf.float64)
    return tf.where(width > 0, tf.clip_by_value(shares, 0.0, 1.0), stepped)
