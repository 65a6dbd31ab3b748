"""What has to be kept of a group of examples so that a metric can be computed from it.

A statistic reads a group in a few NumPy calls, and two statistics add up to that of both groups:
ten examples cost what ten thousand do, and groups are formed and merged in any order, on any number
of workers. `Classes` of 4,096 images with 10 classes is 30 counts.

Labels and predictions of a group of n examples:

    binary       labels int64 [n], 0 or 1       predictions float32 [n], probability of class 1
    multiclass   labels int64 [n], class index  predictions float32 [n, k], probabilities
    multilabel   labels float32 [n, k], 0 or 1  predictions float32 [n, k], probabilities
    regression   labels float64 [n]             predictions float32 [n]; [n, size] of several
    forecast     labels float32 [n, horizon]    predictions float32 [n, horizon]
    text         labels float32 [n], tokens     predictions float64 [n, m], see `text_numbers`

Every array of a statistic has a first axis [r]: resamples of the group, in which an example counts
as often, or as much, as its weight says. Without weights there is one, the group itself. What is
called a number of examples below is their weight, if they have weights.

    3 examples, 2 of them right; weights [[1, 0], [1, 2], [1, 1]] -> right [2, 2] of [3, 3] examples
"""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, ClassVar, Self

from tfline.metrics.sums import weight_of
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Booleans, Floats, Integers
else:
    np = lazy_import("numpy")


@dataclasses.dataclass(frozen=True)
class Decision:
    """How probabilities become classes, and what the errors of a forecast are compared with.

    Attributes:
        num_classes: Number of classes k; 0 for a regression.
        threshold: Probability from which on a binary prediction is class 1.
        naive_error: Mean absolute error of the naive forecast one step ahead, that a value stays
            what it is, in the train split; of several series that of each example's own, float64
            [n]; None: not known.
    """

    num_classes: int
    threshold: float = 0.5
    naive_error: float | Floats | None = None


def decide(predictions: Floats, decision: Decision, several: bool = False) -> Array:
    """Returns what is decided for each example.

    Args:
        predictions: As in the module's docstring.
        decision: How probabilities become classes.
        several: Whether an example may be of several classes.

    Returns:
        The predicted class, int64 [n]; of several, whether it is of each, bool [n, k].
    """
    if predictions.ndim == 2 and not several:
        most_probable: Integers = predictions.argmax(axis=1)
        return most_probable
    decided: Booleans = predictions >= np.float32(decision.threshold)
    return decided if several else decided.astype(np.int64)


Share = tuple["Integers", "Integers"]
"""Examples that a metric counts, and those that it counts them among; [r] or [r, k] each."""


class Statistic(abc.ABC):
    """A sum over groups of examples.

    Attributes:
        is_weighted: Whether the weights of examples count for it.
    """

    is_weighted: ClassVar[bool] = True

    @classmethod
    @abc.abstractmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Returns the statistic of one group.

        Args:
            labels: As in the module's docstring.
            predictions: As there.
            decision: How probabilities become classes.
            weights: How often or how much each example counts in each resample, [n, r]; None:
                once.
        """

    @classmethod
    def resample(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array
    ) -> Statistic:
        """Returns what resamples need, which may be less than what the exact value needs."""
        return cls.of(labels, predictions, decision, weights)

    @abc.abstractmethod
    def __add__(self, other: Self) -> Self:
        """Returns the statistic of both groups."""


@dataclasses.dataclass(frozen=True, eq=False)
class Count(Statistic):
    """The number of examples, whatever they weigh.

    Attributes:
        examples: int64 [r].
    """

    is_weighted: ClassVar[bool] = False

    examples: Integers

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Counts the labels."""
        return cls(weight_of(labels, weights))

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(self.examples + other.examples)


def example_count(count: Count) -> Integers:
    """Returns the number of examples."""
    return count.examples
