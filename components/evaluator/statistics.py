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
"""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Self

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
        threshold: Probability above which a binary prediction is class 1.
    """

    num_classes: int
    threshold: float = 0.5


class Statistic(abc.ABC):
    """A sum over groups of examples."""

    @classmethod
    @abc.abstractmethod
    def of(cls, labels: Array, predictions: Floats, decision: Decision) -> Self:
        """Returns the statistic of one group; shapes as in the module's docstring."""

    @abc.abstractmethod
    def __add__(self, other: Self) -> Self:
        """Returns the statistic of both groups."""


@dataclasses.dataclass(frozen=True)
class Count(Statistic):
    """The number of examples."""

    examples: int

    @classmethod
    def of(cls, labels: Array, predictions: Floats, decision: Decision) -> Self:
        """Counts the labels."""
        return cls(len(labels))

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(self.examples + other.examples)


@dataclasses.dataclass(frozen=True, eq=False)
class Confusion(Statistic):
    """How often each class was taken for each other.

    Attributes:
        counts: int64 [k, k]; row: the label, column: the predicted class.
    """

    counts: Integers

    @classmethod
    def of(cls, labels: Array, predictions: Floats, decision: Decision) -> Self:
        """Counts the pairs of label and decision."""
        if predictions.ndim == 2:
            decided = predictions.argmax(axis=1)  # [n]
        else:
            decided = (predictions > decision.threshold).astype(np.int64)  # [n]
        k = decision.num_classes
        pairs = np.bincount(labels * k + decided, minlength=k * k)
        return cls(pairs.reshape(k, k))

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(self.counts + other.counts)


@dataclasses.dataclass(frozen=True, eq=False)
class Ranks(Statistic):
    """At which place of the model's order the label was found.

    Attributes:
        counts: int64 [k]; entry i: labels for which i classes were more probable. Of equally
            probable classes the first comes first, as with argmax.
    """

    counts: Integers

    @classmethod
    def of(cls, labels: Array, predictions: Floats, decision: Decision) -> Self:
        """Counts the classes before the label's."""
        of_label = np.take_along_axis(predictions, labels[:, None], axis=1)  # [n, 1]
        first = np.arange(decision.num_classes) < labels[:, None]  # [n, k]
        ahead = (predictions > of_label) | ((predictions == of_label) & first)  # [n, k]
        return cls(np.bincount(ahead.sum(axis=1), minlength=decision.num_classes))

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(self.counts + other.counts)


@dataclasses.dataclass(frozen=True, eq=False)
class Scores(Statistic):
    """Every score with its label: 5 bytes an example, which makes the areas exact.

    Attributes:
        labels: Parts of bool [n].
        scores: Parts of float32 [n].
    """

    labels: tuple[Booleans, ...]
    scores: tuple[Floats, ...]

    @classmethod
    def of(cls, labels: Array, predictions: Floats, decision: Decision) -> Self:
        """Keeps the group as one part."""
        return cls((labels == 1,), (predictions.astype(np.float32),))

    def __add__(self, other: Self) -> Self:
        """Keeps the parts of both."""
        return type(self)(self.labels + other.labels, self.scores + other.scores)


@dataclasses.dataclass(frozen=True)
class LogLoss(Statistic):
    """The negative log-likelihood of the labels, in nats.

    Attributes:
        total: Sum over the examples.
        examples: Number of examples.
    """

    total: float
    examples: int

    @classmethod
    def of(cls, labels: Array, predictions: Floats, decision: Decision) -> Self:
        """Sums the losses; probabilities are clipped by the spacing of their type at 1."""
        if predictions.ndim == 2:
            of_label = np.take_along_axis(predictions, labels[:, None], axis=1)[:, 0]
        else:
            of_label = np.where(labels == 1, predictions, 1 - predictions)
        epsilon = np.finfo(predictions.dtype).eps
        losses = -np.log(np.clip(of_label, epsilon, 1 - epsilon).astype(np.float64))
        return cls(float(losses.sum()), len(labels))

    def __add__(self, other: Self) -> Self:
        """Adds the sums."""
        return type(self)(self.total + other.total, self.examples + other.examples)


@dataclasses.dataclass(frozen=True)
class Moments(Statistic):
    """First and second moments of labels, predictions and errors, over all numbers.

    Spread around the mean is merged by Chan, Golub and LeVeque (1979), "Updating formulae and a
    pairwise algorithm for computing sample variances", which keeps it exact for large labels.

    Attributes:
        examples: Number of examples, times that of their numbers.
        mean_label: Mean of the labels.
        spread: Sum of the squared distances of the labels from their mean.
        prediction: Sum of the predictions.
        absolute_error: Sum of the absolute errors.
        squared_error: Sum of the squared errors.
    """

    examples: int
    mean_label: float
    spread: float
    prediction: float
    absolute_error: float
    squared_error: float

    @classmethod
    def of(cls, labels: Array, predictions: Floats, decision: Decision) -> Self:
        """Sums in double precision."""
        label = labels.astype(np.float64).ravel()
        prediction = predictions.astype(np.float64).ravel()
        error = prediction - label
        mean = float(label.mean())
        return cls(
            examples=len(label),
            mean_label=mean,
            spread=float(np.square(label - mean).sum()),
            prediction=float(prediction.sum()),
            absolute_error=float(np.abs(error).sum()),
            squared_error=float(np.square(error).sum()),
        )

    def __add__(self, other: Self) -> Self:
        """Merges means and spreads, and adds the sums."""
        examples = self.examples + other.examples
        distance = other.mean_label - self.mean_label
        return type(self)(
            examples=examples,
            mean_label=self.mean_label + distance * other.examples / examples,
            spread=self.spread
            + other.spread
            + distance**2 * self.examples * other.examples / examples,
            prediction=self.prediction + other.prediction,
            absolute_error=self.absolute_error + other.absolute_error,
            squared_error=self.squared_error + other.squared_error,
        )
