"""The values of the metrics: from a sufficient statistic of the examples to numbers.

Each function takes a statistic (see `statistics`), whose first axis [r] are resamples, and returns
an array [r], [r, k] with a value for each class, or [r, k, k]. What is not defined for a group of
examples, such as the precision of a class that was never predicted, is NaN. Definitions are those
of scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfline.metrics.moments import Moments, Steps
from tfline.metrics.scores import Scored
from tfline.metrics.statistics import (
    Classes,
    Confusion,
    Count,
    LogLoss,
    Ranks,
    Sets,
)
from tfline.metrics.sums import ratio
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Floats, Integers
else:
    np = lazy_import("numpy")

Share = tuple["Integers", "Integers"]
"""Examples that a metric counts, and those that it counts them among; [r] or [r, k] each."""

ByClass = Callable[[Classes], "Floats"]
"""A metric with a value for each class, [r, k]."""


# Classes: shares of examples, which have exact tests.


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
    """Returns the mean over the classes that occur; what is not defined for one counts as 0."""
    occurs = (classes.labelled + classes.predicted) > 0  # [r, k]
    defined = np.nan_to_num(by_class(classes))
    return ratio((defined * occurs).sum(axis=-1), occurs.sum(axis=-1))


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


def equal_of_all(sets: Sets) -> Share:
    """Returns the examples with all classes right, among all."""
    return sets.equal, sets.examples


def subset_accuracy(sets: Sets) -> Floats:
    """Returns the share of examples with all classes right."""
    return ratio(*equal_of_all(sets))


def hamming_loss(sets: Sets) -> Floats:
    """Returns the share of the decisions about a class that are wrong."""
    return ratio(sets.wrong, sets.examples * sets.classes)


def top_accuracy(k: int, ranks: Ranks) -> Floats:
    """Returns the share of examples whose class is among the `k` most probable ones."""
    return ratio(ranks.counts[:, :k].sum(axis=-1), ranks.counts.sum(axis=-1))


# Probabilities.


def auc(scored: Scored) -> Floats:
    """Returns the area under the ROC curve; NaN if there is only one class.

    It is the probability that a positive example scores above a negative one, ties counting half
    (Mann and Whitney, 1947).
    """
    counts = scored.counts.astype(np.float64)
    negatives, positives = counts[:, 0], counts[:, 1]  # [r, m]
    below = np.cumsum(negatives, axis=-1) - negatives / 2
    pairs = positives.sum(axis=-1) * negatives.sum(axis=-1)
    return ratio((positives * below).sum(axis=-1), pairs)


def pr_auc(scored: Scored) -> Floats:
    """Returns the average precision: the sum of precisions, weighted by the steps of recall."""
    counts = scored.counts[:, :, ::-1]  # best score first
    hits = counts[:, 1]  # [r, m]
    precisions = ratio(np.cumsum(hits, axis=-1), np.cumsum(counts.sum(axis=1), axis=-1))
    return ratio((np.nan_to_num(precisions) * hits).sum(axis=-1), hits.sum(axis=-1))


def log_loss(loss: LogLoss) -> Floats:
    """Returns the mean negative log-likelihood of the labels, in nats."""
    return ratio(loss.total, loss.examples)


# Numbers.


def calibration(moments: Moments) -> Floats:
    """Returns mean prediction / mean label: above 1 the model promises too much."""
    return ratio(mean_prediction(moments), moments.mean_label)


def mean_label(moments: Moments) -> Floats:
    """Returns the mean of the labels."""
    return np.where(moments.examples > 0, moments.mean_label, np.nan)


def mean_prediction(moments: Moments) -> Floats:
    """Returns the mean of the predictions."""
    return ratio(moments.prediction, moments.examples)


def mae(moments: Moments) -> Floats:
    """Returns the mean absolute error."""
    return ratio(moments.absolute_error, moments.examples)


def mse(moments: Moments) -> Floats:
    """Returns the mean squared error."""
    return ratio(moments.squared_error, moments.examples)


def rmse(moments: Moments) -> Floats:
    """Returns the root of the mean squared error."""
    return np.sqrt(mse(moments))


def r2(moments: Moments) -> Floats:
    """Returns the share of the labels' variance that is explained; NaN if they are all equal."""
    return 1 - ratio(moments.squared_error, moments.spread)


def mae_of_each(steps: Steps) -> Floats:
    """Returns the mean absolute error of each number, [r, d]."""
    return ratio(steps.absolute_error, steps.examples[:, None])


def rmse_of_each(steps: Steps) -> Floats:
    """Returns the root of the mean squared error of each number, [r, d]."""
    return np.sqrt(ratio(steps.squared_error, steps.examples[:, None]))


def example_count(count: Count) -> Integers:
    """Returns the number of examples."""
    return count.examples
