"""Which record goes to which split: NumPy only, one function a rule.

Each takes one number a record and returns the index of the record's split.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Assignment = NDArray[np.intp]

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


def by_stratum(strata: NDArray[np.int64], fractions: Sequence[float], seed: int) -> Assignment:
    """Divides the records of each stratum at random, each in the same shares.

    Args:
        strata: The stratum of each record, as any number.
        fractions: The shares of the splits, met within one record in each stratum.
        seed: Another seed, another division.

    Returns:
        The index of each record's split.
    """
    _, stratum, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    order = np.lexsort((np.random.default_rng(seed).random(len(strata)), stratum))
    first = np.cumsum(sizes) - sizes
    rank = np.empty(len(strata), np.intp)
    rank[order] = np.arange(len(strata)) - np.repeat(first, sizes)
    assignment = np.zeros(len(strata), np.intp)
    for bound in _bounds(fractions):
        assignment += rank >= np.rint(bound * sizes)[stratum]
    return assignment


def by_time(
    times: NDArray[np.int64] | NDArray[np.float64], fractions: Sequence[float]
) -> Assignment:
    """Divides at quantiles of time: the earliest records in split 0, and so on.

    Args:
        times: The time of each record, in any unit.
        fractions: The shares of the splits, from the earliest to the latest.

    Returns:
        The index of each record's split. Records of the same time are in the same split, the
        later one if a quantile falls on them.
    """
    last = len(times) - 1
    cuts = [min(int(np.rint(bound * len(times))), last) for bound in _bounds(fractions)]
    return np.searchsorted(np.sort(times)[cuts], times, side="right")


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
