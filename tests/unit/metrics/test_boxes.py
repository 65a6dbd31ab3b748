"""Metrics of boxes, by hand, whole and in parts."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.metrics.boxes import Boxes, box_iou, class_accuracy, detection_rate
from tfline.metrics.statistic import Decision

BOX_LABELS = np.array([[1, 0, 0, 0.5, 0.5], [0, 0, 0, 1, 1], [1, 0, 0, 1, 1]], np.float32)
BOX_OUTPUTS = np.array(
    [
        [0.2, 0.8, 0.0, 0.0, 0.5, 0.5],  # right, IoU 1
        [0.2, 0.8, 0.0, 0.0, 1.0, 0.5],  # wrong, IoU 0.5
        [0.3, 0.7, 0.0, 0.0, 0.5, 0.5],  # right, IoU 0.25
    ],
    np.float32,
)


def test_metrics_of_boxes() -> None:
    boxes = Boxes.of(BOX_LABELS, BOX_OUTPUTS, Decision(2))
    assert box_iou(boxes) == pytest.approx([(1 + 0.5 + 0.25) / 3])
    assert class_accuracy(boxes) == pytest.approx([2 / 3])
    assert detection_rate(boxes) == pytest.approx([1 / 3])


def test_parts_add_up_to_the_whole() -> None:
    one, rest = slice(0, 1), slice(1, None)
    boxes = [Boxes.of(BOX_LABELS[part], BOX_OUTPUTS[part], Decision(2)) for part in (one, rest)]
    whole = Boxes.of(BOX_LABELS, BOX_OUTPUTS, Decision(2))
    assert box_iou(boxes[0] + boxes[1]) == pytest.approx(box_iou(whole))
    assert detection_rate(boxes[0] + boxes[1]) == pytest.approx(detection_rate(whole))


def test_resample_counts_a_box_as_often_as_its_weight_says() -> None:
    weights = np.array([[1, 2], [1, 0], [1, 1]])
    boxes = Boxes.of(BOX_LABELS, BOX_OUTPUTS, Decision(2), weights)
    assert box_iou(boxes) == pytest.approx([1.75 / 3, 2.25 / 3], rel=1e-5)


def test_empty_box_overlaps_nothing() -> None:
    nothing = np.zeros((3, 6), np.float32)
    labels = np.zeros((3, 5), np.float32)
    assert box_iou(Boxes.of(labels, nothing, Decision(2))) == [0]
