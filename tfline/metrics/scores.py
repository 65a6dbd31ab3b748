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

    from tfline.metrics.arrays import Array, Floats, Integers
else:
    np = lazy_import("numpy")


class Scored(Statistic):
    """How many examples of both labels have each score."""

    @property
    @abc.abstractmethod
    def counts(self) -> Array:
        """[r, 2, m], int64, or float64 of weights: by label, and by score, which rises."""


_MOST_SCORES = 1 << 19
"""Distinct scores that are kept; of more, neighbours become one, which moves an area by 1e-5."""


@dataclasses.dataclass(frozen=True, eq=False)
class Scores(Scored):
    """How many examples of both labels have each score, which makes the areas exact.

    It takes 20 bytes a distinct score, at most 10 MB however many examples there are.

    Attributes:
        scores: The distinct scores, float32 [m], rising.
        sums: int64 or float64 [2, m], by label and by score.
    """

    scores: Floats
    sums: Array

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Counts the scores.

        Raises:
            ValueError: There are several resamples: `Histogram` makes these.
        """
        if weights is not None and weights.shape[1] > 1:
            raise ValueError(
                f"`Scores` has no resamples. Expected weights [n, 1]. Received: {weights.shape}."
            )
        scores, place = np.unique(predictions.astype(np.float32), return_inverse=True)
        cells = (labels == 1) * len(scores) + place
        return cls(*_bounded(scores, sum_by_cell(cells, 2 * len(scores), weights).reshape(2, -1)))

    @classmethod
    def resample(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array
    ) -> Statistic:
        """Returns the counts of binned scores: enough to tell how far an area may be off."""
        return Histogram.of(labels, predictions, decision, weights)

    @property
    def counts(self) -> Array:
        """[1, 2, m]: by label, and by distinct score."""
        return self.sums[None]

    def __add__(self, other: Self) -> Self:
        """Adds the counts of each score."""
        scores = np.union1d(self.scores, other.scores)
        sums = np.zeros((2, len(scores)), np.result_type(self.sums, other.sums))
        for part in (self, other):
            sums[:, np.searchsorted(scores, part.scores)] += part.sums
        return type(self)(*_bounded(scores, sums))


def _bounded(scores: Floats, sums: Array) -> tuple[Floats, Array]:
    """Returns at most `_MOST_SCORES` scores: the last bits of their mantissa are left out."""
    for bits in range(6, 23, 2):
        if len(scores) <= _MOST_SCORES:
            break
        coarse = (scores.view(np.uint32) >> bits << bits).view(np.float32)
        scores, first = np.unique(coarse, return_index=True)
        sums = np.add.reduceat(sums, first, axis=1)
    return scores, sums


_BINS = 512
_MOST_LOGIT = 14.0
"""Scores are binned evenly by logit up to this: 18 bins a unit, probabilities down to 1e-6."""


@dataclasses.dataclass(frozen=True, eq=False)
class Histogram(Scored):
    """How many examples of both labels have a score of each bin.

    Attributes:
        cells: int64 [c], the pairs of label and bin that occur, rising: label * bins + bin.
        sums: int32, or float32 of weights, [r, c], how many examples each has.
    """

    cells: Integers
    sums: Array

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Bins the scores."""
        with np.errstate(divide="ignore"):  # a probability of 0 or 1 is in the outermost bin
            logits = np.log(predictions) - np.log1p(-predictions)
        place = (np.clip(logits / _MOST_LOGIT, -1, 1) + 1) / 2 * (_BINS - 1)
        cells, index = np.unique(labels * _BINS + np.rint(place).astype(int), return_inverse=True)
        sums = sum_by_cell(index, len(cells), weights)
        return cls(cells, sums.astype(np.float32 if sums.dtype.kind == "f" else np.int32))

    @property
    def counts(self) -> Array:
        """[r, 2, bins], int64 or float64."""
        dtype = np.float64 if self.sums.dtype.kind == "f" else np.int64
        counts = np.zeros((len(self.sums), 2 * _BINS), dtype)
        counts[:, self.cells] = self.sums
        return counts.reshape(-1, 2, _BINS)

    def __add__(self, other: Self) -> Self:
        """Adds the counts of each cell."""
        cells = np.union1d(self.cells, other.cells)
        sums = np.zeros((len(self.sums), len(cells)), self.sums.dtype)
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
