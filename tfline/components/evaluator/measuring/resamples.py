"""Resamples of the examples: how much a value would vary if other examples had been drawn.

The Poisson bootstrap: in each resample an example counts 0, 1, 2, ... times, independently of all
others, with the probabilities of a Poisson variable of mean 1 (Hanley and MacGibbon, 2006,
"Creating non-parametric bootstrap samples using Poisson frequencies"; Chamandy et al., 2012,
"Estimating uncertainty for massive data streams"). So it needs neither the number of examples nor
a second look at them: sums over resamples are kept beside the sums over the examples, on any
number of workers, and memory does not grow with the data. Every model gets the same weights, which
pairs the resamples of two models.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from tfline.metrics.arrays import Array

_LEVELS = 1 << 16
_MOST = 9
"""A weight above this has a probability below one in a million."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@functools.cache
def _weight_of_level() -> Array:
    """Returns the weight for each of 65,536 equally likely numbers, uint8."""
    cumulated = np.cumsum([math.exp(-1) / math.factorial(count) for count in range(_MOST)])
    levels = (np.arange(_LEVELS) + 0.5) / _LEVELS
    return np.searchsorted(cumulated, levels).astype(np.uint8)


@functools.lru_cache(maxsize=1)
def block_weights(seed: tuple[int, ...], examples: int, resamples: int) -> Array:
    """Returns the weights of a block of examples; those of the last block are kept.

    Args:
        seed: Of the evaluation and of the block: the same numbers give the same weights.
        examples: Number of examples n.
        resamples: Number of resamples r.

    Returns:
        uint8 [n, 1 + r]; the first column is 1: the examples as they are.
    """
    generator = np.random.Generator(np.random.SFC64(seed))
    levels = np.frombuffer(generator.bytes(2 * examples * (1 + resamples)), np.uint16)
    weights = _weight_of_level()[levels].reshape(examples, 1 + resamples)
    weights[:, 0] = 1
    return weights


def unit_weights(seed: int, units: Array, resamples: int) -> Array:
    """Returns weights that all examples of a unit share, in whatever block or file they are.

    A resample draws whole units (the block bootstrap): the orders of one customer are no
    independent evidence. The weight comes of the unit's number alone, by the finaliser of
    SplitMix64 (Steele, Lea and Flood, 2014), so that every worker draws the same.

    Args:
        seed: Of the evaluation.
        units: The number of each example's unit, uint64 [n].
        resamples: Number of resamples r.

    Returns:
        uint8 [n, 1 + r]; the first column is 1: the examples as they are.
    """
    distinct, place = np.unique(units, return_inverse=True)
    start = _mixed(distinct + np.array([seed + 1], np.uint64) * _GOLDEN)  # [u]
    steps = np.arange(1 + resamples, dtype=np.uint64) * _GOLDEN  # [1 + r]
    levels = _mixed(start[:, None] + steps) >> np.uint64(48)  # 16 bits each
    weights = _weight_of_level()[levels]
    weights[:, 0] = 1
    of_examples: Array = weights[place]
    return of_examples


def _mixed(numbers: Array) -> Array:
    """Returns uint64 numbers whose bits depend on all bits of the given ones."""
    first, second = _MIX
    numbers = (numbers ^ (numbers >> np.uint64(30))) * first
    numbers = (numbers ^ (numbers >> np.uint64(27))) * second
    mixed: Array = numbers ^ (numbers >> np.uint64(31))
    return mixed
