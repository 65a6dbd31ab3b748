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
from scipy import special

from tfline.components.evaluator.reading.groups import Group
from tfline.metrics.arrays import Array, Floats

_LEVELS = 1 << 16
_MOST = 9
"""A weight above this has a probability below one in a million."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def resample_weights(group: Group, seed: int, resamples: int) -> Array:
    """Returns how much each example of a group counts in each resample.

    Args:
        group: Its examples count by their weights, and those of a unit or a block of time together.
        seed: Of the evaluation.
        resamples: Number of resamples r.

    Returns:
        [n, 1 + r], integers, or float32 if examples have weights; the first column is the examples
        as they are.
    """
    counted = group.counted
    if counted.places is not None:
        weights = time_weights(seed, counted.places, resamples)
    elif counted.units is not None:
        weights = unit_weights(seed, counted.units, resamples)
    else:
        of_block = block_weights((seed, *group.block_seed), group.block_size, resamples)
        weights = of_block[group.rows]
    if counted.weights is not None:
        weights = weights * counted.weights.astype(np.float32)[:, None]
    return weights


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


def expanded_tail(tail: float, pieces: float) -> float:
    """Returns which share of the resamples lies beyond one end of an interval.

    That of the percentile interval is too small if there are few pieces: it is that of Student's t,
    and wider than resamples vary (Hesterberg, 2015, "What teachers should know about the
    bootstrap", section 5.3: the expanded percentile interval).

    Args:
        tail: The probability that is wanted beyond that end.
        pieces: How many independent pieces there are, more than 1.
    """
    quantile = special.stdtrit(pieces - 1, tail) * math.sqrt(pieces / (pieces - 1))
    return float(special.ndtr(quantile))


def time_weights(seed: int, places: Floats, resamples: int) -> Array:
    """Returns weights that windows of a block of time share, in whatever file they are.

    Each resample cuts time elsewhere, so that no two neighbours are apart in all of them.

    Args:
        seed: Of the evaluation.
        places: Where each window begins, in lengths of a block, float64 [n].
        resamples: Number of resamples r.

    Returns:
        uint8 [n, 1 + r]; the first column is 1: the examples as they are.
    """
    weights = np.ones((len(places), 1 + resamples), np.uint8)
    cuts = np.random.default_rng(seed).random(1 + resamples)
    for resample in range(1, 1 + resamples):
        blocks = np.floor(places + cuts[resample]).astype(np.int64)  # [n]
        distinct, place = np.unique(blocks, return_inverse=True)
        start = _mixed(distinct.astype(np.uint64) + np.array([seed + 1], np.uint64) * _GOLDEN)
        levels = _mixed(start + np.array([resample], np.uint64) * _GOLDEN) >> np.uint64(48)
        weights[:, resample] = _weight_of_level()[levels][place]
    return weights


def _mixed(numbers: Array) -> Array:
    """Returns uint64 numbers whose bits depend on all bits of the given ones."""
    first, second = _MIX
    numbers = (numbers ^ (numbers >> np.uint64(30))) * first
    numbers = (numbers ^ (numbers >> np.uint64(27))) * second
    mixed: Array = numbers ^ (numbers >> np.uint64(31))
    return mixed
