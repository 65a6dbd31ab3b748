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
