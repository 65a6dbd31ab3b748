"""Can chance explain what was measured? One-sided tests, intervals, and Holm's correction.

Shares of examples have exact tests: the binomial test against a bound (its interval is that of
Clopper and Pearson, 1934), and McNemar's test in its exact form between two models, a binomial
test of the examples that only one of them has right (McNemar, 1947). Everything else is tested by
its standard error over resamples, with the tail of Student's t for as many pieces of evidence as
there are; its interval is that of the percentiles of the resamples. No interval leaves the range of
its metric.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from scipy import special

BINOMIAL = "exact binomial test"
MCNEMAR = "exact McNemar test"
BOOTSTRAP = "bootstrap"
PAIRED_BOOTSTRAP = "paired bootstrap"

POWER = 0.8
"""How often a loss that counts as detectable would have been shown."""


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What a test says of a claim "at least" or "at most".

    Attributes:
        test: The test.
        fails: Probability of a result as bad as this, or worse, if the claim just held.
        holds: Probability of a result as good as this, or better, if the claim just failed.
    """

    test: str
    fails: float
    holds: float


def share_evidence(hits: int, trials: int, bound: float, sign: int) -> Evidence:
    """Tests a share of independent examples against a bound.

    Args:
        hits: Examples that are counted.
        trials: Examples that they are counted among.
        bound: The share that is claimed.
        sign: 1: it is claimed to be at least that; -1: at most.
    """
    share = min(max(bound, 0.0), 1.0)
    few = float(special.bdtr(hits, trials, share))  # P(X <= hits)
    many = 1.0 if hits == 0 else float(special.bdtrc(hits - 1, trials, share))  # P(X >= hits)
    return Evidence(BINOMIAL, few, many) if sign > 0 else Evidence(BINOMIAL, many, few)


def duel_evidence(won: int, lost: int) -> Evidence:
    """Tests whether a model is right at least as often as another one on the same examples.

    Args:
        won: Examples that only it has right.
        lost: Examples that only the other one has right.
    """
    half = share_evidence(won, won + lost, 0.5, 1)
    return Evidence(MCNEMAR, half.fails, half.holds)


def t_evidence(margin: float, error: float, test: str, pieces: float | None = None) -> Evidence:
    """Tests by a standard error, with the tail of Student's t.

    Args:
        margin: How far the value is on the good side of what is claimed; negative: the bad side.
        error: Its standard error; 0 leaves nothing to chance, infinity all.
        test: What the error is from.
        pieces: How many independent examples of equal weight say as much; None: many.
    """
    if error == 0:
        return Evidence(test, float(margin >= 0), float(margin <= 0))
    if pieces is None:
        fails = float(special.ndtr(margin / error))
    else:
        fails = float(special.stdtr(max(pieces - 1, 1.0), margin / error))
    return Evidence(test, fails, 1 - fails)


def share_interval(hits: int, trials: int, confidence: float) -> tuple[float, float]:
    """Returns the two-sided interval of a share; the whole range if there are no trials."""
    tail = (1 - confidence) / 2
    low = float(special.betaincinv(hits, trials - hits + 1, tail)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    return low, high


def share_error(hits: int, trials: int) -> float:
    """Returns the standard error of a share; above 0 even if all or none are counted.

    One success and one failure are added (Agresti and Caffo, 2000, "Simple and effective
    confidence intervals for proportions and differences of proportions").
    """
    share = (hits + 1) / (trials + 2)
    return math.sqrt(share * (1 - share) / (trials + 2))


def difference_of_independent(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float]:
    """Returns the interval of a difference of two values from different examples.

    The distances of the values to the ends of their own intervals are combined (Zou and Donner,
    2008, "Construction of confidence limits about effect measures: a general approach"), so the
    interval of a difference of shares stays between -1 and 1.

    Args:
        first: A value, and the lower and upper end of its interval.
        second: The value that is subtracted, with its interval.
    """
    value, low, high = first
    other, other_low, other_high = second
    difference = value - other
    below = math.hypot(value - low, other_high - other)
    above = math.hypot(high - value, other - other_low)
    return difference - below, difference + above


def detectable_loss(tolerated: float, error: float, confidence: float) -> float:
    """Returns the loss that would be shown to exceed `tolerated` in 4 of 5 evaluations."""
    return tolerated + error * float(special.ndtri(confidence) + special.ndtri(POWER))


def adjust(p_values: Sequence[float]) -> list[float]:
    """Corrects p-values for their number (Holm, 1979).

    Rejecting all claims whose corrected p-value is at most alpha rejects a true one with a
    probability of at most alpha, however the tests depend on each other.

    Args:
        p_values: One a claim.

    Returns:
        The corrected ones, in the same order.
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    adjusted, largest = [math.nan] * count, 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
