"""Weighted sums over the examples of a group, for many resamples of it at once.

Weights are how often each example counts in each resample, or how much: integers are summed up to
integers; float64 is summed in double precision, float32 in single precision, which is enough to
tell how far a value may be off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats, Integers
else:
    np = lazy_import("numpy")

_ROWS = 4096
"""Examples whose weights are turned into floating point at a time: they stay in the CPU's cache."""


def weight_of(labels: Array, weights: Array | None) -> Array:
    """Returns the number or the weight of the examples, [r]; arguments as in `sum_by_cell`."""
    if weights is None:
        return np.array([len(labels)])
    total: Array = weights.sum(axis=0, dtype=_sum_type(weights))
    return total


def _sum_type(weights: Array) -> type:
    return np.float64 if weights.dtype.kind == "f" else np.int64


def sum_by_cell(cells: Integers, size: int, weights: Array | None) -> Array:
    """Counts the examples of each cell, or adds their weights.

    Args:
        cells: Integers [n] below `size`.
        size: Number of cells.
        weights: How often or how much each example counts in each resample, [n, r]; None: once.

    Returns:
        int64 [r, size], float64 of weights that are floats; r is 1 without weights.
    """
    if weights is None:
        return np.bincount(cells, minlength=size)[None]
    sums: Array = np.zeros((size, weights.shape[1]), _sum_type(weights))
    if len(cells):
        order = np.argsort(cells, kind="stable")
        ordered = cells[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
        dtype = np.float64 if weights.dtype.kind == "f" else np.uint32
        sums[ordered[starts]] = np.add.reduceat(weights[order], starts, axis=0, dtype=dtype)
    return sums.T


def totals(values: Floats, weights: Array | None) -> Floats:
    """Sums columns of numbers.

    Args:
        values: float64 [n, d].
        weights: As in `sum_by_cell`.

    Returns:
        float64 [r, d]. With weights that are no float64, the sums are made in single precision.
    """
    if weights is None:
        plain: Floats = values.sum(axis=0)[None]
        return plain
    if weights.dtype == np.float64:
        exact: Floats = weights.T @ values
        return exact
    result = np.zeros((weights.shape[1], values.shape[1]))
    for start in range(0, len(values), _ROWS):
        part = slice(start, start + _ROWS)
        result += weights[part].T.astype(np.float32) @ values[part].astype(np.float32)
    return result


def ratio(numerators: Array, denominators: Array) -> Floats:
    """Returns the quotients; NaN where the denominator is 0."""
    undefined = np.full(np.broadcast(numerators, denominators).shape, np.nan)
    quotients: Floats = np.divide(numerators, denominators, out=undefined, where=denominators != 0)
    return quotients
