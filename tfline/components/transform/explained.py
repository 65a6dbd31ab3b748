"""How much of a label one feature explains by itself. NumPy alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ALONE = 0.98
"""A feature that explains this share of what there is to explain gives the label away."""

_BINS = 128


def codes(column: npt.NDArray[np.generic], *, numeric: bool) -> npt.NDArray[np.intp]:
    """Returns the value of a category as a number, or the bin of a number."""
    found: npt.NDArray[np.intp]
    if not numeric:
        _, found = np.unique(column, return_inverse=True)
        return found
    distinct = np.unique(column)
    if len(distinct) <= _BINS:
        found = np.searchsorted(distinct, column)
        return found
    numbers = column.astype(np.float64)
    present = numbers[np.isfinite(numbers)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, _BINS + 1)[1:-1]))
    found = np.where(np.isfinite(numbers), np.searchsorted(edges, numbers), len(edges) + 1)
    return found


def explained_class(codes: npt.NDArray[np.intp], target: npt.NDArray[np.intp]) -> float:
    """Returns how much of the error of the most frequent class goes, on records kept apart.

    Args:
        codes: The value or bin of a feature, [records].
        target: The class, [records].
    """
    learn, judge = slice(0, None, 2), slice(1, None, 2)
    counts = np.zeros((codes.max() + 1, target.max() + 1))
    np.add.at(counts, (codes[learn], target[learn]), 1)
    majority = int(counts.sum(axis=0).argmax())
    guess = np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), majority)
    base = np.mean(target[judge] == majority)
    if base == 1:
        return 0.0
    return float((np.mean(guess[codes[judge]] == target[judge]) - base) / (1 - base))


def explained_number(codes: npt.NDArray[np.intp], target: Array) -> float:
    """Returns the share of the variance that the mean of each bin explains, on records kept apart.

    Args:
        codes: The value or bin of a feature, [records].
        target: The number, [records].
    """
    learn, judge = slice(0, None, 2), slice(1, None, 2)
    size = int(codes.max()) + 1
    counts = np.bincount(codes[learn], minlength=size)
    sums = np.bincount(codes[learn], target[learn], minlength=size)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), target[learn].mean())
    total = np.mean((target[judge] - target[learn].mean()) ** 2)
    return float(1 - np.mean((target[judge] - means[codes[judge]]) ** 2) / total) if total else 0.0
