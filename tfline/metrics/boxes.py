"""Boxes: how much of the box that was found is the box that should have been.

labels float32 [n, 5]: class and box; predictions float32 [n, k + 4]: probabilities and box.
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


FOUND = 0.5
"""A box is found if its intersection over union is this at least (PASCAL VOC)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Boxes(Statistic):
    """How well boxes fit.

    Attributes:
        examples: int64 [r].
        overlap: Sum of the intersections over union, float64 [r].
        right: Examples whose class was predicted, float64 [r].
        found: Those of them whose box was found, float64 [r].
    """

    examples: Integers
    overlap: Floats
    right: Floats
    found: Floats

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Compares each box with that of the label."""
        k = decision.num_classes
        overlap = overlaps(labels[:, 1:], predictions[:, k:])  # [n]
        right = predictions[:, :k].argmax(axis=1) == labels[:, 0]  # [n]
        columns = np.stack([overlap, right, right & (overlap >= FOUND)], axis=1)
        return cls(weight_of(labels, weights), *totals(columns.astype(np.float64), weights).T)

    def __add__(self, other: Self) -> Self:
        """Adds the sums."""
        return type(self)(
            self.examples + other.examples,
            self.overlap + other.overlap,
            self.right + other.right,
            self.found + other.found,
        )


def overlaps(wanted: Floats, found: Floats) -> Floats:
    """Returns the intersection over the union of pairs of boxes [n, 4], float64 [n]."""
    low = np.maximum(wanted[:, :2], found[:, :2])
    high = np.minimum(wanted[:, 2:], found[:, 2:])
    both = np.maximum(high - low, 0).prod(axis=1, dtype=np.float64)
    sides = [np.maximum(box[:, 2:] - box[:, :2], 0) for box in (wanted, found)]
    union = sum(side.prod(axis=1, dtype=np.float64) for side in sides) - both
    empty = np.zeros_like(both)
    shares: Floats = np.divide(both, union, out=empty, where=union > 0)
    return shares


def box_iou(boxes: Boxes) -> Floats:
    """Returns the mean intersection over union."""
    return ratio(boxes.overlap, boxes.examples)


def class_accuracy(boxes: Boxes) -> Floats:
    """Returns the share of examples whose class was predicted."""
    return ratio(boxes.right, boxes.examples)


def detection_rate(boxes: Boxes) -> Floats:
    """Returns the share of examples whose class was predicted and whose box was found."""
    return ratio(boxes.found, boxes.examples)
