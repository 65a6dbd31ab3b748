"""What has to be kept of a group of examples so that a metric can be computed from it.

Each class is a sufficient statistic: `of` reads a group in a few NumPy calls, and two statistics
add up to that of both groups. So a metric costs the same for ten examples as for ten thousand,
and groups may be formed and merged in any order, on any number of workers.

Labels and predictions of a group of n examples:

    binary       labels int64 [n], 0 or 1       predictions float32 [n], probability of class 1
    multiclass   labels int64 [n], class index  predictions float32 [n, k], probabilities
    multilabel   labels float32 [n, k], 0 or 1  predictions float32 [n, k], probabilities
    regression   labels float64 [n]             predictions float32 [n]; [n, size] of several
    forecast     labels float32 [n, horizon]    predictions float32 [n, horizon]
    text         labels float32 [n], tokens     predictions float64 [n, m], see `text_numbers`

Every array of a statistic has a first axis [r]: resamples of the group, in which an example counts
as often as its weight says (see `resamples`). Without weights there is one, the group itself.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Self

from tfline.metrics.sums import sum_by_cell, totals, weight_of
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Booleans, Floats, Integers
else:
    np = lazy_import("numpy")


@dataclasses.dataclass(frozen=True)
class Decision:
    """How probabilities become classes.

    Attributes:
        num_classes: Number of classes k; 0 for a regression.
        threshold: Probability from which on a binary prediction is class 1.
    """

    num_classes: int
    threshold: float = 0.5


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


class Statistic(abc.ABC):
    """A sum over groups of examples."""

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
            weights: How often each example counts in each resample, integers [n, r]; None: once.
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
    """The number of examples.

    Attributes:
        examples: int64 [r].
    """

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


@dataclasses.dataclass(frozen=True, eq=False)
class Classes(Statistic):
    """How often each class was given, predicted, and both.

    Attributes:
        right: int64 [r, k], examples of each class that were recognised.
        labelled: int64 [r, k], examples of each class.
        predicted: int64 [r, k], predictions of each class.
    """

    right: Integers
    labelled: Integers
    predicted: Integers

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Counts the pairs of label and decision that occur; of multi-labels, each class alone."""
        k = decision.num_classes
        decided = decide(predictions, decision, several=labels.ndim == 2)
        if labels.ndim == 2:
            given = labels > 0  # [n, k]
            columns = np.concatenate([given & decided, given, decided], axis=1)  # [n, 3 * k]
            sums = totals(columns.astype(np.float64), weights).astype(np.int64)  # [r, 3 * k]
            return cls(sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k :])
        pairs, index = np.unique(labels * k + decided, return_inverse=True)  # [m], [n]
        counts = sum_by_cell(index, len(pairs), weights)  # [r, m]
        label, prediction = np.divmod(pairs, k)  # [m]
        is_label = (label[:, None] == np.arange(k)).astype(np.int64)  # [m, k]
        is_predicted = (prediction[:, None] == np.arange(k)).astype(np.int64)  # [m, k]
        return cls(counts @ (is_label * is_predicted), counts @ is_label, counts @ is_predicted)

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(
            self.right + other.right,
            self.labelled + other.labelled,
            self.predicted + other.predicted,
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Confusion(Statistic):
    """How often each class was taken for each other.

    Attributes:
        counts: int64 [r, k, k]; row: the label, column: the predicted class.
    """

    counts: Integers

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Counts the pairs of label and decision."""
        k = decision.num_classes
        pairs = sum_by_cell(labels * k + decide(predictions, decision), k * k, weights)
        return cls(pairs.reshape(-1, k, k))

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(self.counts + other.counts)


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


@dataclasses.dataclass(frozen=True, eq=False)
class LogLoss(Statistic):
    """The negative log-likelihood of the labels, in nats.

    Attributes:
        total: float64 [r], sum over the examples.
        examples: int64 [r], number of examples.
    """

    total: Floats
    examples: Integers

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Sums the losses; probabilities are clipped by the spacing of their type at 1."""
        if predictions.ndim == 2:
            of_label = np.take_along_axis(predictions, labels[:, None], axis=1)[:, 0]
        else:
            of_label = np.where(labels == 1, predictions, 1 - predictions)
        epsilon = np.finfo(predictions.dtype).eps
        losses = -np.log(np.clip(of_label, epsilon, 1 - epsilon).astype(np.float64))
        return cls(totals(losses[:, None], weights)[:, 0], weight_of(labels, weights))

    def __add__(self, other: Self) -> Self:
        """Adds the sums."""
        return type(self)(self.total + other.total, self.examples + other.examples)


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
        equal, total = totals(columns, weights).astype(np.int64).T
        return cls(equal, total, weight_of(labels, weights), labels.shape[1])

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(
            self.equal + other.equal,
            self.wrong + other.wrong,
            self.examples + other.examples,
            self.classes,
        )
