"""Which record goes to which split: NumPy only, one function a rule.

Each takes one number a record and returns the index of the record's split. A record's place follows
from its own bytes, or from its time, and not from its position: it keeps its split when others come
or go, and equal records share one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Assignment = NDArray[np.intp]

LEFT_OUT = -1
"""In place of the index of a split: the record is in none."""

_BITS = 64


def by_hash(fingerprints: NDArray[np.int64], fractions: Sequence[float], seed: int) -> Assignment:
    """Divides by fingerprint: the same fingerprint is always in the same split.

    Args:
        fingerprints: One a record: of the record, or of the value of its group.
        fractions: The shares of the splits, which are met on average.
        seed: Another seed, another division.

    Returns:
        The index of each record's split.
    """
    points = _mix(fingerprints, seed) / 2.0**_BITS
    return np.searchsorted(_bounds(fractions), points, side="right")


def by_stratum(
    strata: NDArray[np.int64],
    fingerprints: NDArray[np.int64],
    fractions: Sequence[float],
    seed: int,
) -> Assignment:
    """Divides the records of each stratum in the same shares, by the rank of their fingerprints.

    Systematic sampling (W. Cochran, Sampling Techniques, 1977, chapter 8): the shares are met
    within one record in each stratum, and on average over many small strata. A stratum of a single
    record is in the largest split, so that a rare class is learned before it is asked for.

    Args:
        strata: The stratum of each record, as any number.
        fingerprints: That of each record; equal records share a split.
        fractions: The shares of the splits.
        seed: Another seed, another division.

    Returns:
        The index of each record's split.
    """
    points = _mix(fingerprints, seed)
    values, stratum, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    order = np.lexsort((points, stratum))
    starts = _is_new(stratum[order], points[order])  # of a run of equal records
    runs = np.flatnonzero(starts)
    middle = (runs + np.append(runs[1:], len(order)) - 1) / 2
    first = np.cumsum(sizes) - sizes
    rank = np.empty(len(order))
    rank[order] = middle[np.cumsum(starts) - 1]
    offset = _mix(values.astype(np.int64), seed) / 2.0**_BITS
    places = (rank - first[stratum] + offset[stratum]) / sizes[stratum]
    assignment = np.searchsorted(_bounds(fractions), places, side="right")
    assignment[sizes[stratum] == 1] = int(np.argmax(fractions))
    return assignment


def by_time(
    times: NDArray[np.int64] | NDArray[np.float64],
    fractions: Sequence[float],
    *,
    ends: NDArray[np.int64] | NDArray[np.float64] | None = None,
    embargo: float = 0,
) -> Assignment:
    """Divides at quantiles of time: the earliest records in split 0, and so on.

    Args:
        times: The time of each record, in any unit.
        fractions: The shares of the splits, from the earliest to the latest.
        ends: Where each record ends, if it is a window of several rows; else it ends where it
            begins.
        embargo: How much time lies at least between the end of a split and the beginning of the
            next.

    Returns:
        The index of each record's split; `LEFT_OUT` for one that begins before all records of the
        earlier splits have ended, or within the embargo. Records of the same time are in the same
        split, the later one if a quantile falls on them.
    """
    last = len(times) - 1
    cuts = [min(int(np.rint(bound * len(times))), last) for bound in _bounds(fractions)]
    assignment = np.searchsorted(np.sort(times)[cuts], times, side="right")
    ends = times if ends is None else ends
    for split in range(1, len(fractions)):
        earlier = ends[(assignment >= 0) & (assignment < split)]
        if len(earlier):
            gap = times - earlier.max()
            assignment[(assignment == split) & ((gap <= 0) | (gap < embargo))] = LEFT_OUT
    return assignment


def quantile_bins(numbers: NDArray[np.int64] | NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Returns the number of the quantile bin that each number falls into; NaN has the last."""
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    present = numbers[~np.isnan(numbers)]
    edges = np.unique(np.quantile(present, inner)) if len(present) else np.empty(0)
    found: NDArray[np.int64] = np.searchsorted(edges, numbers, side="right").astype(np.int64)
    return np.where(np.isnan(numbers), bins, found)


def _is_new(stratum: NDArray[Any], points: NDArray[Any]) -> NDArray[np.bool_]:
    """Tells of sorted records which ones differ from the one before."""
    differs = (stratum[1:] != stratum[:-1]) | (points[1:] != points[:-1])
    return np.concatenate([np.ones(min(1, len(points)), np.bool_), differs])


def _bounds(fractions: Sequence[float]) -> NDArray[np.float64]:
    """Returns where one split ends and the next begins, on the line from 0 to 1."""
    return np.cumsum(fractions)[:-1]


def _mix(fingerprints: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Returns evenly spread 64-bit numbers: SplitMix64 (G. Steele et al., OOPSLA 2014)."""
    offset = np.uint64(seed % 2**_BITS * 0x9E3779B97F4A7C15 % 2**_BITS)
    z = fingerprints.view(np.uint64) + offset
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return mixed
