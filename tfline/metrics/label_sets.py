"""Sets of classes: how right they are as a whole, where an example may have several.

given {rain, wind}, decided {rain}, of 3 classes:  not equal, 1 decision of 3 is wrong
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

from tfline.metrics.statistic import Decision, Share, Statistic, decide
from tfline.metrics.sums import ratio, totals, weight_of
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats, Integers
else:
    np = lazy_import("numpy")


@dataclasses.dataclass(frozen=True, eq=False)
class Sets(Statistic):
    """How right the sets of classes are that examples of a multi-label task were given.

    Attributes:
        equal: int64 [r], examples with all classes right.
        wrong: int64 [r], classes that are wrong, over all examples.
        examples: int64 [r], number of examples.
        classes: Number of classes.
    """

    equal: Integers
    wrong: Integers
    examples: Integers
    classes: int

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Counts the differences between given and decided classes."""
        wrong = ((labels > 0) != decide(predictions, decision, several=True)).sum(axis=1)  # [n]
        columns = np.stack([wrong == 0, wrong], axis=1).astype(np.float64)
        equal, total = totals(columns, weights).T
        return cls(equal, total, weight_of(labels, weights), labels.shape[1])

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(
            self.equal + other.equal,
            self.wrong + other.wrong,
            self.examples + other.examples,
            self.classes,
        )


def equal_of_all(sets: Sets) -> Share:
    """Returns the examples with all classes right, among all."""
    return sets.equal, sets.examples


def subset_accuracy(sets: Sets) -> Floats:
    """Returns the share of examples with all classes right."""
    return ratio(*equal_of_all(sets))


def hamming_loss(sets: Sets) -> Floats:
    """Returns the share of the decisions about a class that are wrong."""
    return ratio(sets.wrong, sets.examples * sets.classes)
