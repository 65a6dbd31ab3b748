"""Weighted sums over the examples of a group, for many resamples of it at once."""

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


def weight_of(labels: Array, weights: Array | None) -> Integers:
    """Returns the number of examples, int64 [r]; arguments as in `sum_by_cell`."""
    if weights is None:
        return np.array([len(labels)])
    total: Integers = weights.sum(axis=0, dtype=np.int64)
    return total


def sum_by_cell(cells: Integers, size: int, weights: Array | None) -> Integers:
    """Counts the examples of each cell.

    Args:
        cells: Integers [n] below `size`.
        size: Number of cells.
        weights: How often each example counts in each resample, integers [n, r]; None: once.

    Returns:
        int64 [r, size]; r is 1 without weights.
    """
    if weights is None:
        return np.bincount(cells, minlength=size)[None]
    sums = np.zeros((size, weights.shape[1]), np.int64)
    if len(cells):
        order = np.argsort(cells, kind="stable")
        ordered = cells[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
        sums[ordered[starts]] = np.add.reduceat(weights[order], starts, axis=0, dtype=np.uint32)
    return sums.T


def totals(values: Floats, weights: Array | None) -> Floats:
    """Sums columns of numbers.

    Args:
        values: float64 [n, d].
        weights: As in `sum_by_cell`.

    Returns:
        float64 [r, d]. Weighted sums are made in single precision: they tell how far a value may
        be off, and are no value themselves.
    """
    if weights is None:
        plain: Floats = values.sum(axis=0)[None]
        return plain
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
