"""Statistics of scores: how well a binary task tells its two labels apart."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Self

from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.sums import ratio, sum_by_cell
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Booleans, Floats, Integers
else:
    np = lazy_import("numpy")


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
