"""Average precision, by hand, whole and in parts."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.metrics.arrays import Floats
from tfline.metrics.detections import OVERLAPS, Detections, map_50, map_50_95
from tfline.metrics.statistic import Decision

NOTHING = (-1.0, 0.0, 0.0, 0.0, 0.0)


def picture(*objects: tuple[float, ...], most: int = 4) -> Floats:
    """Returns objects, or detections, of a picture, [most, n]."""
    width = len(objects[0]) if objects else 5
    rows = [*objects, *[(*NOTHING, 0.0)[:width]] * (most - len(objects))]
    return np.array(rows, np.float32)


def square(left: float, side: float = 0.2) -> tuple[float, ...]:
    return (0.0, left, side, left + side)


LABELS = np.stack(
    [
        picture((0, *square(0.0)), (0, *square(0.5))),
        picture((1, *square(0.0))),
        picture(),
    ]
)
FOUND = np.stack(
    [
        picture((0, 0.9, *square(0.0)), (0, 0.8, *square(0.0)), (0, 0.7, *square(0.54))),
        picture((1, 0.6, *square(0.06)), (0, 0.95, *square(0.0))),
        picture((1, 0.3, *square(0.0))),
    ]
)
DECISION = Decision(2)


def test_average_precision_by_hand() -> None:
    """The last of class 0 overlaps its object by 0.16 / 0.24, that of class 1 by 0.14 / 0.26."""
    found = Detections.of(LABELS, FOUND, DECISION)
    assert found.objects.tolist() == [[2, 1]]
    # class 0, by score: wrong 0.95, right 0.9, wrong 0.8 (its object is taken), right 0.7
    both = 1 / 2 * 2 / 4 + 1 / 2 * 2 / 4  # precision 1/2 at recall 1/2, 2/4 at recall 1
    only_first = 1 / 2 * 1 / 2
    assert map_50(found) == pytest.approx([(both + 1) / 2])  # class 1: right, then wrong
    of_class_0 = [both if level < 0.66 else only_first for level in OVERLAPS]
    of_class_1 = [1.0 if level < 0.53 else 0.0 for level in OVERLAPS]
    assert map_50_95(found) == pytest.approx([(np.mean(of_class_0) + np.mean(of_class_1)) / 2])


def test_precision_is_that_of_the_recall_or_any_larger_one() -> None:
    labels = picture((0, *square(0.0)), (0, *square(0.5)))[None]
    found = picture((0, 0.9, *square(0.0)), (0, 0.8, *square(0.25)), (0, 0.7, *square(0.5)))[None]
    assert map_50(Detections.of(labels, found, Decision(1))) == pytest.approx([5 / 6])


def test_detections_take_the_object_that_they_overlap_most() -> None:
    """The better one takes the object beside its own only if its own is taken."""
    labels = picture((0, *square(0.0)), (0, *square(0.05)))[None]
    found = picture((0, 0.9, *square(0.04)), (0, 0.8, *square(0.0)))[None]
    assert Detections.of(labels, found, Decision(1)).right[:, 0].tolist() == [True, True]


def test_equal_scores_come_together_in_any_order() -> None:
    labels = picture((0, *square(0.0)))[None]
    right, wrong = (0, 0.5, *square(0.0)), (0, 0.5, *square(0.5))
    for found in (picture(right, wrong), picture(wrong, right)):
        assert map_50(Detections.of(labels, found[None], Decision(1))) == pytest.approx([0.5])


def test_parts_add_up_to_the_whole() -> None:
    parts = [
        Detections.of(LABELS[rows], FOUND[rows], DECISION) for rows in (slice(0, 1), slice(1, 3))
    ]
    whole = Detections.of(LABELS, FOUND, DECISION)
    for value in (map_50, map_50_95):
        assert value(parts[1] + parts[0]) == pytest.approx(value(whole))


def test_weight_is_how_often_a_picture_counts() -> None:
    weights = np.array([[1, 0, 2], [1, 1, 0], [1, 3, 1]])
    resampled = map_50(Detections.of(LABELS, FOUND, DECISION, weights))
    for place, rows in enumerate(([0, 1, 2], [1, 2, 2, 2], [0, 0, 2])):
        alone = map_50(Detections.of(LABELS[rows], FOUND[rows], DECISION))
        assert resampled[place] == pytest.approx(alone[0])


def test_no_objects_have_no_average_precision() -> None:
    empty = Detections.of(LABELS[2:], FOUND[2:], DECISION)
    assert np.isnan(map_50(empty)).all()
    nothing = Detections.of(LABELS, np.full_like(FOUND, -1), DECISION)
    assert map_50(nothing).tolist() == [0.0]
