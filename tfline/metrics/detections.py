"""Detected objects: average precision, exact.

labels float32 [n, m, 5]: the class of each object of a picture, -1 where there is none, and its
box; predictions float32 [n, m, 6]: class, -1 where there is none, score and box.

Objects are detected as in PASCAL VOC and COCO: of a picture and a class, the detection with the
highest score is the first to take an object, the one that it overlaps most of those that nobody has
taken; it needs an intersection over union of the threshold at least. What takes none is wrong. With
the detections of all pictures ordered by score, precision is the share of right ones up to a score,
recall the share of objects found up to it, and average precision the area below the precision that
is reached at a recall or at any larger one: of all points, not of 11 or 101 of them.

    two objects; detections right (0.9), wrong (0.8), right (0.7):
    precision 1 at recall 1/2, 2/3 at recall 1, so average precision is 1/2 + 1/2 * 2/3 = 5/6
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from tfline.metrics.boxes import FOUND, overlaps
from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.sums import ratio
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Booleans, Floats, Integers
else:
    np = lazy_import("numpy")

OVERLAPS = tuple((50 + 5 * step) / 100 for step in range(10))
"""The thresholds of COCO: 0.5, 0.55, ..., 0.95."""


@dataclasses.dataclass(frozen=True, eq=False)
class Detections(Statistic):
    """All detections of a group of pictures, and how many objects of each class there are.

    Attributes:
        objects: By class, int64 or float64 [r, k].
        classes: Of each detection, int64 [d].
        scores: float32 [d].
        right: Whether it takes an object at each of `OVERLAPS`, bool [d, 10].
        weights: How much its picture counts in each resample, [d, r].
    """

    objects: Array
    classes: Integers
    scores: Floats
    right: Booleans
    weights: Array

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Matches the detections of each picture with its objects."""
        k = decision.num_classes
        weights = np.ones((len(labels), 1), np.int64) if weights is None else weights
        given = labels[:, :, 0, None] == np.arange(k)  # [n, m, k]
        objects = weights.astype(np.result_type(weights, np.int64)).T @ given.sum(axis=1)
        rows, places = np.nonzero(predictions[:, :, 0] >= 0)  # [d]
        right = np.zeros((*predictions.shape[:2], len(OVERLAPS)), bool)
        for row in np.unique(rows):
            right[row] = match(labels[row], predictions[row])
        found = predictions[rows, places]  # [d, 6]
        return cls(
            objects,
            found[:, 0].astype(np.int64),
            found[:, 1],
            right[rows, places],
            weights[rows],
        )

    def __add__(self, other: Self) -> Self:
        """Puts the detections of both together."""
        return type(self)(
            self.objects + other.objects,
            np.concatenate([self.classes, other.classes]),
            np.concatenate([self.scores, other.scores]),
            np.concatenate([self.right, other.right]),
            np.concatenate([self.weights, other.weights]),
        )


def match(label: Array, found: Floats) -> Booleans:
    """Returns which detections of a picture take an object.

    Args:
        label: Its objects, [m, 5]; see the module's docstring.
        found: Its detections, [m, 6].

    Returns:
        bool [m, 10], at each of `OVERLAPS`.
    """
    taken = np.zeros((len(OVERLAPS), len(label)), bool)
    right = np.zeros((len(found), len(OVERLAPS)), bool)
    for place in np.argsort(-found[:, 1], kind="stable"):
        [same] = np.nonzero((label[:, 0] == found[place, 0]) & (found[place, 0] >= 0))
        if not same.size:
            continue
        shares = overlaps(label[same, 1:], np.repeat(found[None, place, 2:], len(same), axis=0))
        for level, least in enumerate(OVERLAPS):
            free = np.where(taken[level, same], -1.0, shares)
            best = int(free.argmax())
            if free[best] >= least:
                taken[level, same[best]] = right[place, level] = True
    return right


def map_50(detections: Detections) -> Floats:
    """Returns the average precision at an overlap of a half, mean over the classes that occur."""
    return _mean(detections, np.array([OVERLAPS.index(FOUND)]))


def map_50_95(detections: Detections) -> Floats:
    """Returns the average precision, mean over `OVERLAPS` and the classes that occur."""
    return _mean(detections, np.arange(len(OVERLAPS)))


def _mean(detections: Detections, levels: Integers) -> Floats:
    """Returns the mean of the average precisions at some of `OVERLAPS`, [r]."""
    occurs = detections.objects > 0  # [r, k]
    sums = np.zeros(len(occurs))
    for kind, precisions in _by_class(detections, levels):
        sums += np.where(occurs[:, kind], precisions, 0.0)
    return ratio(sums, occurs.sum(axis=1))


def _by_class(detections: Detections, levels: Integers) -> Iterator[tuple[int, Floats]]:
    """Yields each class with its average precision, mean over the levels, [r]."""
    order = np.argsort(-detections.scores, kind="stable")
    for kind in range(detections.objects.shape[1]):
        of_class = order[detections.classes[order] == kind]  # [d], the best score first
        if not of_class.size:
            continue
        last = np.flatnonzero(np.diff(detections.scores[of_class], append=np.nan) != 0)
        weights = detections.weights[of_class].astype(np.float64)  # [d, r]
        all_found = np.cumsum(weights, axis=0)[last]  # equal scores come together
        total = np.zeros(weights.shape[1])
        for level in levels:
            hits = np.cumsum(weights * detections.right[of_class, level, None], axis=0)[last]
            total += _area(hits, all_found, detections.objects[:, kind])
        yield kind, total / len(levels)


def _area(hits: Floats, found: Floats, objects: Array) -> Floats:
    """Returns the area below the precisions, [r].

    Args:
        hits: How many of those found up to a score are right, [d, r].
        found: How many are found up to it, [d, r].
        objects: How many there are to find, [r].
    """
    precision = np.nan_to_num(ratio(hits, found))
    reached = np.maximum.accumulate(precision[::-1], axis=0)[::-1]  # at this recall or a larger
    steps = np.diff(hits, axis=0, prepend=0.0)
    return np.nan_to_num(ratio((reached * steps).sum(axis=0), objects))
