"""Metrics of masks, by hand, whole and in parts."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.metrics.masks import Pixels, mask_iou, pixel_accuracy
from tfline.metrics.statistic import Decision

MASK_LABELS = np.array([[0, 0, 1, 1], [0, 0, 0, 0]], np.float32)
MASK_OUTPUTS = np.array([[0, 1, 1, 1], [0, 0, 0, 1]], np.float32)


def test_metrics_of_masks() -> None:
    pixels = Pixels.of(MASK_LABELS, MASK_OUTPUTS, Decision(2))
    assert pixel_accuracy(pixels) == pytest.approx([6 / 8])
    assert mask_iou(pixels) == pytest.approx([(4 / 6 + 2 / 4) / 2])


def test_class_that_does_not_occur_is_left_out() -> None:
    assert mask_iou(Pixels.of(MASK_LABELS, MASK_OUTPUTS, Decision(5))) == pytest.approx(
        mask_iou(Pixels.of(MASK_LABELS, MASK_OUTPUTS, Decision(2)))
    )


def test_parts_add_up_to_the_whole() -> None:
    one, rest = slice(0, 1), slice(1, None)
    masks = [Pixels.of(MASK_LABELS[part], MASK_OUTPUTS[part], Decision(2)) for part in (one, rest)]
    whole_mask = Pixels.of(MASK_LABELS, MASK_OUTPUTS, Decision(2))
    assert mask_iou(masks[0] + masks[1]) == pytest.approx(mask_iou(whole_mask))


def test_resample_counts_a_mask_as_often_as_its_weight_says() -> None:
    pixels = Pixels.of(MASK_LABELS, MASK_OUTPUTS, Decision(2), np.array([[1, 0], [1, 3]]))
    assert pixel_accuracy(pixels) == pytest.approx([6 / 8, 9 / 12], rel=1e-5)
