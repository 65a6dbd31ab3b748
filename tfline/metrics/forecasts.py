"""Errors of forecasts in units of those of a naive forecast."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.sums import totals, weight_of
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats, Integers
else:
    np = lazy_import("numpy")


@dataclasses.dataclass(frozen=True, eq=False)
class HorizonErrors(Statistic):
    """Sums of the errors at each step of the horizon h.

    Attributes:
        examples: How many forecasts there are, int64 [r].
        absolute: Absolute errors, float64 [r, h].
        changes: Absolute changes of the labels from each step to the next, float64 [r, h - 1].
        scaled: Absolute errors, each in units of the naive error of its series, float64 [r, h];
            None: that is not known.
    """

    examples: Integers
    absolute: Floats
    changes: Floats
    scaled: Floats | None = None

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Sums in double precision."""
        label = labels.astype(np.float64)  # [n, h]
        error = np.abs(predictions.astype(np.float64) - label)
        naive = None if decision.naive_error is None else np.asarray(decision.naive_error)
        return cls(
            weight_of(labels, weights),
            totals(error, weights),
            totals(np.abs(np.diff(label, axis=1)), weights),
            None if naive is None else totals(error / naive.reshape(-1, 1), weights),
        )

    def __add__(self, other: Self) -> Self:
        """Adds the sums."""
        return type(self)(
            self.examples + other.examples,
            self.absolute + other.absolute,
            self.changes + other.changes,
            None if self.scaled is None or other.scaled is None else self.scaled + other.scaled,
        )


def mase_of_each(errors: HorizonErrors) -> Floats:
    """Returns the mean absolute scaled error at each step, [r, h] (Hyndman and Koehler 2006).

    The scale is the mean absolute error of the naive forecast one step ahead, that a value stays
    what it is, in the train split: so it is the same for every slice, model and horizon. Of several
    series (`label: {series: FEATURE}`) each error is scaled by that of its own. Where that is not
    known, since no series among the features is what is forecast, it is that over the values
    that were forecast: NaN where they never change, and for a horizon of one step.
    """
    if errors.scaled is not None:
        return _mean(errors.scaled, errors.examples)
    changes = errors.changes.sum(axis=1)  # [r]
    count = errors.examples * errors.changes.shape[1]  # [r]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(changes > 0, changes / count, np.nan)  # [r]
    return _mean(errors.absolute, errors.examples) / scale[:, None]


def mase(errors: HorizonErrors) -> Floats:
    """Returns the mean absolute scaled error over all steps, [r]; see `mase_of_each`."""
    mean: Floats = mase_of_each(errors).mean(axis=1)
    return mean


def _mean(sums: Floats, examples: Integers) -> Floats:
    """Returns [r, h] of sums [r, h]; NaN where there are no examples."""
    undefined = np.full(sums.shape, np.nan)
    counts = examples[:, None]
    means: Floats = np.divide(sums, counts, out=undefined, where=counts > 0)
    return means
