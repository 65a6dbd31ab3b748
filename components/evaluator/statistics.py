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

from components.evaluator.sums import sum_by_cell, totals, weight_of
from transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from components.evaluator.arrays import Array, Booleans, Floats, Integers
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


class Scored(Statistic):
    """How many examples of both labels have each score."""

    @property
    @abc.abstractmethod
    def counts(self) -> Integers:
        """int64 [r, 2, m]: by label, and by score from the lowest to the highest."""


@dataclasses.dataclass(frozen=True, eq=False)
class Scores(Scored):
    """Every score with its label: 5 bytes an example, which makes the areas exact.

    Attributes:
        labels: Parts of bool [n].
        scores: Parts of float32 [n].
    """

    labels: tuple[Booleans, ...]
    scores: tuple[Floats, ...]

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Keeps the group as one part.

        Raises:
            ValueError: There are weights: it does not resample, `Histogram` does.
        """
        if weights is not None:
            raise ValueError("`Scores` has no resamples. Expected weights=None.")
        return cls((labels == 1,), (predictions.astype(np.float32),))

    @classmethod
    def resample(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array
    ) -> Statistic:
        """Returns the counts of binned scores: enough to tell how far an area may be off."""
        return Histogram.of(labels, predictions, decision, weights)

    def distinct(self) -> Floats:
        """Returns the distinct scores, float32 [m], rising."""
        return np.unique(np.concatenate(self.scores))

    @property
    def counts(self) -> Integers:
        """int64 [1, 2, m]: by label, and by distinct score."""
        distinct, place = np.unique(np.concatenate(self.scores), return_inverse=True)
        cells = np.concatenate(self.labels) * len(distinct) + place
        return sum_by_cell(cells, 2 * len(distinct), None).reshape(1, 2, -1)

    def __add__(self, other: Self) -> Self:
        """Keeps the parts of both."""
        return type(self)(self.labels + other.labels, self.scores + other.scores)


_BINS = 512
_MOST_LOGIT = 14.0
"""Scores are binned evenly by logit up to this: 18 bins a unit, probabilities down to 1e-6."""


@dataclasses.dataclass(frozen=True, eq=False)
class Histogram(Scored):
    """How many examples of both labels have a score of each bin.

    Attributes:
        cells: int64 [c], the pairs of label and bin that occur, rising: label * bins + bin.
        sums: int32 [r, c], how many examples each has.
    """

    cells: Integers
    sums: Integers

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Bins the scores."""
        with np.errstate(divide="ignore"):  # a probability of 0 or 1 is in the outermost bin
            logits = np.log(predictions) - np.log1p(-predictions)
        place = (np.clip(logits / _MOST_LOGIT, -1, 1) + 1) / 2 * (_BINS - 1)
        cells, index = np.unique(labels * _BINS + np.rint(place).astype(int), return_inverse=True)
        return cls(cells, sum_by_cell(index, len(cells), weights).astype(np.int32))

    @property
    def counts(self) -> Integers:
        """int64 [r, 2, bins]."""
        counts = np.zeros((len(self.sums), 2 * _BINS), np.int64)
        counts[:, self.cells] = self.sums
        return counts.reshape(-1, 2, _BINS)

    def __add__(self, other: Self) -> Self:
        """Adds the counts of each cell."""
        cells = np.union1d(self.cells, other.cells)
        sums = np.zeros((len(self.sums), len(cells)), np.int32)
        for part in (self, other):
            sums[:, np.searchsorted(cells, part.cells)] += part.sums
        return type(self)(cells, sums)


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
class Moments(Statistic):
    """First and second moments of labels, predictions and errors, over all numbers.

    Spread around the mean is merged by Chan, Golub and LeVeque (1979), "Updating formulae and a
    pairwise algorithm for computing sample variances", which keeps it exact for large labels.

    Attributes:
        examples: Number of examples, times that of their numbers, int64 [r].
        mean_label: Mean of the labels, float64 [r]; 0 where there are no examples.
        spread: Sum of the squared distances of the labels from their mean, float64 [r].
        prediction: Sum of the predictions, float64 [r].
        absolute_error: Sum of the absolute errors, float64 [r].
        squared_error: Sum of the squared errors, float64 [r].
    """

    examples: Integers
    mean_label: Floats
    spread: Floats
    prediction: Floats
    absolute_error: Floats
    squared_error: Floats

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Sums in double precision."""
        label = labels.astype(np.float64).reshape(len(labels), -1)  # [n, d]
        prediction = predictions.astype(np.float64).reshape(label.shape)
        error = prediction - label
        centre = label.mean()
        numbers = [label - centre, np.square(label - centre), prediction, np.abs(error), error**2]
        columns = np.stack([of_all.sum(axis=1) for of_all in numbers], axis=1)  # [n, 5]
        away, spread, *sums = totals(columns, weights).T  # each [r]
        examples = weight_of(labels, weights) * label.shape[1]
        shift = away / np.maximum(examples, 1)  # of the mean of a resample from the group's
        return cls(examples, centre + shift, spread - shift * away, *sums)

    def __add__(self, other: Self) -> Self:
        """Merges means and spreads, and adds the sums."""
        examples = self.examples + other.examples
        share = other.examples / np.maximum(examples, 1)
        distance = other.mean_label - self.mean_label
        return type(self)(
            examples=examples,
            mean_label=self.mean_label + distance * share,
            spread=self.spread + other.spread + distance**2 * self.examples * share,
            prediction=self.prediction + other.prediction,
            absolute_error=self.absolute_error + other.absolute_error,
            squared_error=self.squared_error + other.squared_error,
        )


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


@dataclasses.dataclass(frozen=True, eq=False)
class Steps(Statistic):
    """Errors of each of several numbers: the steps of a forecast, the outputs of a regression.

    Attributes:
        absolute_error: float64 [r, d], sum over the examples.
        squared_error: float64 [r, d], sum over the examples.
        examples: int64 [r], number of examples.
    """

    absolute_error: Floats
    squared_error: Floats
    examples: Integers

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Sums in double precision."""
        label = labels.astype(np.float64).reshape(len(labels), -1)  # [n, d]
        error = predictions.astype(np.float64).reshape(label.shape) - label
        return cls(
            totals(np.abs(error), weights),
            totals(np.square(error), weights),
            weight_of(labels, weights),
        )

    def __add__(self, other: Self) -> Self:
        """Adds the sums."""
        return type(self)(
            self.absolute_error + other.absolute_error,
            self.squared_error + other.squared_error,
            self.examples + other.examples,
        )
