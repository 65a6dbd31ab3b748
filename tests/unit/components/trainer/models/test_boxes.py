"""Boxes: their overlap by hand, and the loss of class and box."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.tasks.heads.box_loss import BoxLoss, overlap, right_class
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError

LABEL = np.array([[1, 0.0, 0.0, 0.5, 0.5], [0, 0.2, 0.2, 0.4, 0.4]], np.float32)


def output(boxes: list[list[float]]) -> np.ndarray:
    """Returns outputs of two classes, of which the second is the more probable."""
    return np.array([[0.25, 0.75, *box] for box in boxes], np.float32)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0.0, 0.0, 0.5, 0.5], 1.0),
        ([0.0, 0.25, 0.5, 0.75], 1 / 3),  # half of each is shared
        ([0.25, 0.25, 0.75, 0.75], 1 / 7),
        ([0.5, 0.5, 1.0, 1.0], 0.0),  # they touch
        ([0.4, 0.4, 0.1, 0.1], 0.0),  # its bottom is above its top
        ([0.0, 0.0, 1.0, 1.0], 0.25),
    ],
)
def test_overlap_is_intersection_over_union(box: list[float], expected: float) -> None:
    assert float(overlap(LABEL[:1], output([box]))[0]) == pytest.approx(expected, abs=1e-6)


def test_class_is_the_most_probable() -> None:
    np.testing.assert_array_equal(right_class(LABEL, output([[0] * 4] * 2)), [1, 0])


def test_loss_is_that_of_class_and_box() -> None:
    y = output([[0.0, 0.0, 0.5, 0.9], [0.2, 0.2, 0.4, 0.4]])
    expected = [-np.log(0.75) + 10 * 0.4**2 / 4, -np.log(0.25)]
    assert float(BoxLoss()(LABEL, y)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_mask_of_another_size_is_refused() -> None:
    head = TASKS["mask"].head(("ground", "sky"), size=64)
    image = TensorFeature("image", "image", (16, 16, 1))
    with pytest.raises(ModelError, match=r"The mask has 64 pixels.*\[16, 16, 16\]"):
        build_model("segmenter", {}, [image], head)
    with pytest.raises(ModelError, match=r"The mask has 64 pixels.*\[1080\]"):
        build_model("cnn", {}, [TensorFeature("image", "image", (28, 28, 1))], head)


@pytest.mark.parametrize("name", ["localizer", "segmenter"])
def test_label_of_another_task_is_refused(name: str) -> None:
    head = TASKS["binary"].head(("no", "yes"))
    with pytest.raises(ModelError, match=f"{name} predicts .* a binary label") as error:
        build_model(name, {}, [TensorFeature("image", "image", (16, 16, 1))], head)
    assert error.value.hint


def test_segmenter_names_the_size_that_would_do() -> None:
    image = TensorFeature("image", "image", (30, 28, 1))
    with pytest.raises(ModelError, match="sides that 4 divides") as error:
        build_model("segmenter", {}, [image], TASKS["mask"].head(("a", "b"), size=840))
    assert "resize: {size: [32, 28]}" in error.value.hint
