"""Masks: how many pixels of an image have the class that they should have.

labels int64 [n, pixels] and predictions int64 [n, pixels]: the class of each pixel.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.sums import ratio, totals
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats
else:
    np = lazy_import("numpy")


@dataclasses.dataclass(frozen=True, eq=False)
class Pixels(Statistic):
    """How many pixels of each class were given, predicted, and both; float64 [r, k] each."""

    right: Floats
    labelled: Floats
    predicted: Floats

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Counts the pixels of each example."""
        sums = [
            totals(_by_class(pixels, decision.num_classes), weights)
            for pixels in (np.where(labels == predictions, labels, -1), labels, predictions)
        ]
        return cls(*sums)

    def __add__(self, other: Self) -> Self:
        """Adds the counts."""
        return type(self)(
            self.right + other.right,
            self.labelled + other.labelled,
            self.predicted + other.predicted,
        )


def _by_class(pixels: Array, k: int) -> Floats:
    """Returns how many pixels of each class there are, [n, k]."""
    counts = [(pixels == index).sum(axis=1) for index in range(k)]
    return np.stack(counts, axis=1).astype(np.float64)


def mask_iou(pixels: Pixels) -> Floats:
    """Returns the intersection over union, mean over the classes that occur."""
    union = pixels.labelled + pixels.predicted - pixels.right  # [r, k]
    shares = np.nan_to_num(ratio(pixels.right, union))  # [r, k]
    return ratio(shares.sum(axis=-1), (union > 0).sum(axis=-1))


def pixel_accuracy(pixels: Pixels) -> Floats:
    """Returns the share of pixels whose class was predicted."""
    return ratio(pixels.right.sum(axis=-1), pixels.labelled.sum(axis=-1))
