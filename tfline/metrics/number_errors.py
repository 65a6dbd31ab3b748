"""Numbers and their errors: regressions, forecasts, and the mean of probabilities.

labels 1 2 3, predictions 1 2 5:  mae 2/3, mse 4/3, r2 1 - 4/2 = -1
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.sums import ratio, totals, weight_of
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats, Integers
else:
    np = lazy_import("numpy")


def _share(part: Array, whole: Array) -> Floats:
    """Returns the quotients; 0 where the whole is 0."""
    quotients: Floats = np.divide(part, whole, out=np.zeros(whole.shape), where=whole > 0)
    return quotients


@dataclasses.dataclass(frozen=True, eq=False)
class ErrorMoments(Statistic):
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
        # Weighted sums are made in single precision: exact for classes as they are, not centred.
        centre = label.mean() if labels.dtype.kind == "f" else 0.0
        numbers = [label - centre, np.square(label - centre), prediction, np.abs(error), error**2]
        columns = np.stack([of_all.sum(axis=1) for of_all in numbers], axis=1)  # [n, 5]
        away, spread, *sums = totals(columns, weights).T  # each [r]
        examples = weight_of(labels, weights) * label.shape[1]
        shift = _share(away, examples)  # of the mean of a resample from the group's
        return cls(examples, centre + shift, spread - shift * away, *sums)

    def __add__(self, other: Self) -> Self:
        """Merges means and spreads, and adds the sums."""
        examples = self.examples + other.examples
        share = _share(other.examples, examples)
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
class ErrorsOfEach(Statistic):
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


def calibration(moments: ErrorMoments) -> Floats:
    """Returns mean prediction / mean label: above 1 the model promises too much."""
    return ratio(mean_prediction(moments), moments.mean_label)


def mean_label(moments: ErrorMoments) -> Floats:
    """Returns the mean of the labels."""
    return np.where(moments.examples > 0, moments.mean_label, np.nan)


def mean_prediction(moments: ErrorMoments) -> Floats:
    """Returns the mean of the predictions."""
    return ratio(moments.prediction, moments.examples)


def mae(moments: ErrorMoments) -> Floats:
    """Returns the mean absolute error."""
    return ratio(moments.absolute_error, moments.examples)


def mse(moments: ErrorMoments) -> Floats:
    """Returns the mean squared error."""
    return ratio(moments.squared_error, moments.examples)


def rmse(moments: ErrorMoments) -> Floats:
    """Returns the root of the mean squared error."""
    return np.sqrt(mse(moments))


def r2(moments: ErrorMoments) -> Floats:
    """Returns the share of the labels' variance that is explained; NaN if they are all equal."""
    return 1 - ratio(moments.squared_error, moments.spread)


def mae_of_each(steps: ErrorsOfEach) -> Floats:
    """Returns the mean absolute error of each number, [r, d]."""
    return ratio(steps.absolute_error, steps.examples[:, None])


def rmse_of_each(steps: ErrorsOfEach) -> Floats:
    """Returns the root of the mean squared error of each number, [r, d]."""
    return np.sqrt(ratio(steps.squared_error, steps.examples[:, None]))
