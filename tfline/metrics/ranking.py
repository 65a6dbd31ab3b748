"""At which place of the model's order the right class stands.

probabilities 0.5 0.2 0.3, label 2:  one class is more probable, so top-1 misses it and
top-2 counts it
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.sums import ratio, sum_by_cell
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats, Integers
else:
    np = lazy_import("numpy")


@dataclasses.dataclass(frozen=True, eq=False)
class Ranks(Statistic):
    """At which place of the model's order the label was found.

    Attributes:
        counts: int64 [r, k]; entry i: labels for which i classes were more probable. Of equally
            probable classes the first comes first, as with argmax.
    """

    counts: Integers

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Counts the classes before the label's."""
        of_label = np.take_along_axis(predictions, labels[:, None], axis=1)  # [n, 1]
        first = np.arange(decision.num_classes) < labels[:, None]  # [n, k]
        ahead = (predictions > of_label) | ((predictions == of_label) & first)  # [n, k]
        return cls(sum_by_cell(ahead.sum(axis=1), decision.num_classes, weights))

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(self.counts + other.counts)


def top_accuracy(k: int, ranks: Ranks) -> Floats:
    """Returns the share of examples whose class is among the `k` most probable ones."""
    return ratio(ranks.counts[:, :k].sum(axis=-1), ranks.counts.sum(axis=-1))
