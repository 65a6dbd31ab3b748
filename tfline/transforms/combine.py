"""Transforms of several raw features into one; columns come side by side, as the keys do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from tfline.transforms.analysis.moments import PrincipalComponents
from tfline.transforms.analysis.passes import Analysis, Request
from tfline.transforms.columns import finite_or_missing
from tfline.transforms.depth import declare_depth
from tfline.transforms.formula import check_formula, compute, names_of
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Indices, Numbers, Strings
else:
    tf = lazy_import("tensorflow")

Formula = Annotated[
    str,
    AfterValidator(check_formula),
    Field(examples=["miles / hours"]),
]


def ratio(x: Numbers) -> Numbers:
    """Divides the first feature by the second.

    Args:
        x: float64 [batch, 2].

    Returns:
        float64 [batch]; NaN where one of them is missing or the second is 0.
    """
    return finite_or_missing(x[:, 0] / x[:, 1])


def difference(x: Numbers) -> Numbers:
    """Subtracts the second feature from the first.

    Args:
        x: float64 [batch, 2].

    Returns:
        float64 [batch]; NaN where one of them is missing.
    """
    return finite_or_missing(x[:, 0] - x[:, 1])


def expression(x: Numbers, *, formula: Formula) -> Numbers:
    """Computes a formula over raw features, such as ``total_rooms / households``.

    Args:
        x: float64 [batch, n]: the features that the formula names, in the order in which they
            appear in it.
        formula: An expression over raw features: numbers, names, + - * / % ** and comparisons
            (1 or 0), and abs, exp, log, log1p, max, min, round, sqrt and where(condition, a, b).

    Returns:
        float64 [batch]; NaN where a feature is missing or the result is no finite number.
    """
    columns = tf.unstack(tf.cast(x, tf.float64), axis=1)
    result = compute(formula, dict(zip(names_of(formula), columns, strict=True)))
    return finite_or_missing(result)


def cross(x: Strings, *, bins: Annotated[int, Field(ge=2, le=10_000_000)]) -> Indices:
    """Returns a hash of several categories together.

    Args:
        x: string [batch, n].
        bins: How many different hashes there are.

    Returns:
        int64 [batch] in [0, bins).
    """
    columns = [tf.expand_dims(column, 1) for column in tf.unstack(x, axis=1)]
    crossed = tf.sparse.to_dense(tf.sparse.cross_hashed(columns, bins))  # [batch, 1]
    return declare_depth(tf.reshape(crossed, [-1]), bins)


def pca(
    x: Numbers, *, components: Annotated[int, Field(ge=1)] = 2, whiten: bool = False
) -> Analysis[Numbers]:
    """Projects features onto their principal axes.

    The axes are those of the records of the train split that lack none of the features. An axis
    has no direction of its own: here its part that is largest is positive.

    Args:
        x: float64 [batch, n].
        components: How many axes, at most n; those along which the values differ most.
        whiten: Divide by the standard deviation (of the sample) along each axis.

    Returns:
        float64 [batch, components]; a missing value counts as the mean.
    """
    mean, axes, deviations = yield Request(PrincipalComponents(components), x)
    centred = tf.cast(x, tf.float64) - mean
    centred = tf.where(tf.math.is_nan(centred), tf.zeros_like(centred), centred)
    projected = tf.matmul(centred, axes, transpose_b=True)  # [batch, components]
    if whiten:
        projected = tf.math.divide_no_nan(projected, deviations)
    return projected
