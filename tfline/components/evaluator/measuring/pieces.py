"""How many independent examples of equal weight say as much as those of a slice.

Tests and intervals that take many examples for granted are too sure of themselves if a few decide:
a few customers, a few blocks of time, a few records of large weight, or the few positive ones of an
AUC. Weights w of independent pieces say as much as (sum of w)^2 / (sum of w^2) equal ones (Kish,
1965, "Survey Sampling", section 11.7).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from tfline.components.evaluator.reading.groups import Group
from tfline.metrics.arrays import Floats, Integers
from tfline.metrics.scores import Scores
from tfline.metrics.table import Metric

COUNTED_UNITS = 1000
"""Units are counted up to this: more are enough for whatever is told of them."""


@dataclasses.dataclass(frozen=True, eq=False)
class Pieces:
    """The weights of the independent pieces of a slice; c is all, or all, negative and positive.

    Attributes:
        sums: Of pieces that are single examples, float64 [3, c]: weights, their second and their
            fourth powers.
        numbers: Of units, the smallest of their numbers, at most `COUNTED_UNITS`: uint64 [u],
            distinct, rising. Numbers are hashes, so these are units drawn at random.
        totals: The weight of each of these units, float64 [u, c].
    """

    sums: Floats
    numbers: Integers
    totals: Floats

    @classmethod
    def of(cls, group: Group, *, binary: bool) -> Pieces:
        """Returns those of a group.

        Args:
            group: Its labels are 0 or 1 if they are `binary`.
            binary: Whether negative and positive ones are also told apart.
        """
        counted = group.counted
        weights = np.ones(len(group.labels)) if counted.weights is None else counted.weights
        columns = [weights]
        if binary:
            columns += [weights * (group.labels == label) for label in (0, 1)]
        each = np.stack(columns, axis=1)  # [n, c]
        if counted.units is None:
            none = np.zeros((0, each.shape[1]))
            return cls(
                _powers(each),
                np.zeros(0, np.uint64),
                none,
            )
        numbers, place = np.unique(counted.units, return_inverse=True)
        totals = np.zeros((len(numbers), each.shape[1]))
        np.add.at(totals, place, each)
        return cls(np.zeros((3, each.shape[1])), numbers[:COUNTED_UNITS], totals[:COUNTED_UNITS])

    def __add__(self, other: Pieces) -> Pieces:
        """Adds the weights."""
        numbers = np.union1d(self.numbers, other.numbers)
        totals = np.zeros((len(numbers), self.totals.shape[1]))
        for part in (self, other):
            totals[np.searchsorted(numbers, part.numbers)] += part.totals
        return Pieces(self.sums + other.sums, numbers[:COUNTED_UNITS], totals[:COUNTED_UNITS])

    @property
    def units(self) -> int | None:
        """How many units there are, up to `COUNTED_UNITS`; None: examples stand for themselves."""
        return len(self.numbers) or None

    def effective(self, metric: Metric) -> float:
        """Returns how many independent examples of equal weight say as much of a metric."""
        sums, squares, _ = self._all
        return _of_metric(_ratio(np.square(sums), squares), metric)

    def certain(self, metric: Metric) -> float:
        """Returns how many pieces of equal weight tell an error of a metric as surely.

        An error is a sum over squared weights, so fewer decide it than decide the value
        (Satterthwaite, 1946, "An approximate distribution of estimates of variance components").
        """
        _, squares, fourths = self._all
        return _of_metric(_ratio(np.square(squares), fourths), metric)

    @property
    def _all(self) -> Floats:
        return self.sums if self.units is None else _powers(self.totals)


def _powers(weights: Floats) -> Floats:
    """Returns the sums of weights [n, c], of their second and their fourth powers, [3, c]."""
    return np.stack([(weights**power).sum(axis=0) for power in (1, 2, 4)])


def _ratio(numerators: Floats, denominators: Floats) -> Floats:
    none = np.zeros(len(numerators))
    ratios: Floats = np.divide(numerators, denominators, out=none, where=denominators > 0)
    return ratios


def _of_metric(known: Floats, metric: Metric) -> float:
    if len(known) == 1:
        return float(known[0])
    if metric.statistic is Scores:
        return float(known[1:].min())
    return float(known[2 if metric.by_class else 0])
