"""Classes: which were given, which were predicted, and how often both are the same.

    labels 0 1 1 2, decided 0 1 2 2:  right [1, 1, 1], labelled [1, 2, 1], predicted [1, 1, 2],
    so precision is [1, 1, 0.5], recall [1, 0.5, 1], accuracy 0.75

Values are [r], [r, k] with one for each class, or [r, k, k]. What is not defined, such as the
precision of a class that was never predicted, is NaN. Definitions are those of scikit-learn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from tfline.metrics.statistic import Decision, Share, Statistic, decide
from tfline.metrics.sums import ratio, sum_by_cell, totals
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats, Integers
else:
    np = lazy_import("numpy")


@dataclasses.dataclass(frozen=True, eq=False)
class Classes(Statistic):
    """How often each class was given, predicted, and both.

    Attributes:
        right: int64 [r, k], examples of each class that were recognised.
        labelled: int64 [r, k], examples of each class.
        predicted: int64 [r, k], predictions of each class.
    """

    right: Array
    labelled: Array
    predicted: Array

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
            sums = totals(columns.astype(np.float64), weights)  # [r, 3 * k]
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


ByClass = Callable[[Classes], "Floats"]
"""A metric with a value for each class, [r, k]."""


def right_of_all(classes: Classes) -> Share:
    """Returns the examples whose class was predicted, among all."""
    return classes.right.sum(axis=-1), classes.labelled.sum(axis=-1)


def right_of_predicted(classes: Classes) -> Share:
    """Returns for each class the right ones among its predictions, [r, k]."""
    return classes.right, classes.predicted


def right_of_labelled(classes: Classes) -> Share:
    """Returns for each class those that were found among its examples, [r, k]."""
    return classes.right, classes.labelled


def right_of_negative(classes: Classes) -> Share:
    """Returns those that were recognised among the negative examples."""
    return classes.right[:, 0], classes.labelled[:, 0]


def wrong_of_negative(classes: Classes) -> Share:
    """Returns those that were taken for positive among the negative examples."""
    return classes.labelled[:, 0] - classes.right[:, 0], classes.labelled[:, 0]


def accuracy(classes: Classes) -> Floats:
    """Returns the share of examples whose class was predicted."""
    return ratio(*right_of_all(classes))


def precision(classes: Classes) -> Floats:
    """Returns for each class the share of its predictions that are right, [r, k]."""
    return ratio(*right_of_predicted(classes))


def recall(classes: Classes) -> Floats:
    """Returns for each class the share of its examples that were found, [r, k]."""
    return ratio(*right_of_labelled(classes))


def f1(classes: Classes) -> Floats:
    """Returns for each class the harmonic mean of precision and recall, [r, k]."""
    return ratio(2 * classes.right, classes.labelled + classes.predicted)


def specificity(classes: Classes) -> Floats:
    """Returns the share of the negative examples that were recognised as such."""
    return ratio(*right_of_negative(classes))


def false_positive_rate(classes: Classes) -> Floats:
    """Returns the share of the negative examples that were taken for positive ones."""
    return ratio(*wrong_of_negative(classes))


def confusion_matrix(confusion: Confusion) -> Integers:
    """Returns the counts, [r, k, k]; row: the label, column: the predicted class."""
    return confusion.counts


def of_class_one(by_class: ByClass, classes: Classes) -> Floats:
    """Returns the value of class 1: a binary task's metric is that of its positive class."""
    return by_class(classes)[:, 1]


def macro(by_class: ByClass, classes: Classes) -> Floats:
    """Returns the mean over the classes that occur; what is not defined for one counts as 0.

    It is NaN where all examples are of one class, as on a slice by the label: a class that was
    wrongly predicted has no example there, and would count as 0.
    """
    occurs = (classes.labelled + classes.predicted) > 0  # [r, k]
    defined = np.nan_to_num(by_class(classes))
    mean = ratio((defined * occurs).sum(axis=-1), occurs.sum(axis=-1))
    return np.where((classes.labelled > 0).sum(axis=-1) > 1, mean, np.nan)


def weighted(by_class: ByClass, classes: Classes) -> Floats:
    """Returns the mean over the examples' classes; what is not defined for one counts as 0."""
    defined = np.nan_to_num(by_class(classes))
    return ratio((defined * classes.labelled).sum(axis=-1), classes.labelled.sum(axis=-1))


def macro_of_all(by_class: ByClass, classes: Classes) -> Floats:
    """Returns the mean over all classes; what is not defined for one counts as 0."""
    mean: Floats = np.nan_to_num(by_class(classes)).mean(axis=-1)
    return mean


def micro(share: Callable[[Classes], Share], classes: Classes) -> Floats:
    """Returns the share over the decisions about all classes."""
    hits, trials = share(classes)
    return ratio(hits.sum(axis=-1), trials.sum(axis=-1))


def micro_f1(classes: Classes) -> Floats:
    """Returns F1 over the decisions about all classes."""
    return ratio(
        2 * classes.right.sum(axis=-1), (classes.labelled + classes.predicted).sum(axis=-1)
    )
