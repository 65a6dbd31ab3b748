"""The likelihood of the labels: how probable the model held what was the case."""

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


def log_loss(loss: LogLoss) -> Floats:
    """Returns the mean negative log-likelihood of the labels, in nats."""
    return ratio(loss.total, loss.examples)
