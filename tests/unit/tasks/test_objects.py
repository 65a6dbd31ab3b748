"""Objects of a picture: what each cell is to give, the loss by hand, and what is answered."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.metrics.statistic import Decision
from tfline.tasks.heads.centres import (
    CellBoxes,
    CentreLoss,
    CentreOverlap,
    RareBias,
    assign,
    cell_middles,
    generalised_overlap,
)
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError, SpecError
from tfline.transforms.features import LabelSpec

TASK = TASKS["boxes"]
LABEL: Any = SimpleNamespace(classes=("disc", "square"), size=5)
NONE = [-1.0, 0, 0, 0, 0]


def objects(*rows: list[float]) -> np.ndarray:
    """Returns the label of a picture."""
    return np.array([rows], np.float32)


def test_cells_inside_near_the_middle_are_to_give_an_object() -> None:
    """Of 4 x 4 cells, with middles at 1/8, 3/8, 5/8 and 7/8."""
    label = objects([1, 0.0, 0.0, 0.5, 1.0], NONE)
    wanted = assign(label, 4, 4).numpy()[0]
    assert wanted.shape == (4, 4, 5)
    expected = np.full((4, 4), -1.0)
    expected[:2, 1:3] = 1  # the middle is at (1/4, 1/2), a cell away at most is from 1/4 to 3/4
    np.testing.assert_array_equal(wanted[:, :, 0], expected)
    np.testing.assert_array_equal(wanted[0, 1, 1:], [0.0, 0.0, 0.5, 1.0])


def test_object_between_the_middles_of_cells_has_the_cell_that_it_is_in() -> None:
    wanted = assign(objects([0, 0.30, 0.30, 0.34, 0.34]), 4, 4).numpy()[0]
    assert np.argwhere(wanted[:, :, 0] >= 0).tolist() == [[1, 1]]


def test_smaller_object_has_the_cells_that_both_are_in() -> None:
    large, small = [0, 0.0, 0.0, 1.0, 1.0], [1, 0.25, 0.25, 0.5, 0.5]
    for label in (objects(large, small), objects(small, large)):
        classes = assign(label, 4, 4).numpy()[0, :, :, 0]
        assert classes[1, 1] == 1
        assert classes[2, 2] == 0


def test_picture_without_objects_has_no_cells() -> None:
    assert (assign(objects(NONE), 4, 4).numpy()[..., 0] == -1).all()


def test_sides_are_counted_in_cells_from_the_middle() -> None:
    logits = np.zeros((1, 2, 4, 5), np.float32)
    logits[0, 1, 2, 1:] = np.log([1.0, 0.5, 0.25, 2.0])  # up, left, down, right
    box = CellBoxes()(logits).numpy()[0, 1, 2, 1:]
    middle = cell_middles(2, 4).numpy()[1, 2]
    np.testing.assert_allclose(middle, [0.75, 0.625])
    np.testing.assert_allclose(
        box, [0.75 - 1 / 2, 0.625 - 0.5 / 4, 0.75 + 0.25 / 2, 0.625 + 2 / 4], rtol=1e-5
    )


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0.0, 0.0, 0.5, 0.5], 1.0),
        ([0.0, 0.25, 0.5, 0.75], 1 / 3),  # nothing is around but both
        ([0.5, 0.5, 1.0, 1.0], 0 - 0.5),  # half of what is around is neither
        ([0.0, 0.5, 0.5, 1.0], 0.0),
    ],
)
def test_generalised_overlap_by_hand(box: list[float], expected: float) -> None:
    value = generalised_overlap(np.array([0.0, 0.0, 0.5, 0.5], "f"), np.array(box, "f"))
    assert float(value) == pytest.approx(expected, abs=1e-6)


def test_loss_by_hand() -> None:
    """One cell of a 1 x 2 picture has an object of the second class, found half as wide."""
    label = objects([1, 0.0, 0.0, 1.0, 0.5])
    output = np.zeros((1, 1, 2, 6), np.float32)
    output[0, 0, :, :2] = [[0.25, 0.5], [0.5, 0.125]]
    output[0, 0, :, 2:] = [0.0, 0.0, 1.0, 0.25]

    def absent(p: float) -> float:
        return -(p**2) * math.log(1 - p)

    classes = absent(0.25) - 0.5**2 * math.log(0.5) + absent(0.5) + absent(0.125)
    expected = classes + (1 - 0.5)
    assert float(CentreLoss()(label, output)) == pytest.approx(expected, rel=1e-5)
    metric = CentreOverlap()
    metric.update_state(label, output)
    assert float(metric.result()) == pytest.approx(0.5)


def test_objects_are_rare_at_first() -> None:
    bias = RareBias(3)((7,), "float32").numpy()
    np.testing.assert_allclose(1 / (1 + np.exp(-bias)), [0.01] * 3 + [0.5] * 4, rtol=1e-5)


def cells(*found: tuple[float, ...]) -> tf.Tensor:
    """Returns the outputs of a picture whose first cells give classes and boxes."""
    y = np.zeros((1, 3, 3, 6), np.float32)
    y.reshape(9, 6)[: len(found)] = found
    return tf.constant(y)


def test_answer_is_thinned_out_and_ordered() -> None:
    y = cells(
        (0.0, 0.6, 0.0, 0.0, 0.4, 0.4),
        (0.0, 0.9, 0.0, 0.0, 0.4, 0.5),  # overlaps the first by 0.8
        (0.7, 0.0, 0.0, 0.0, 0.4, 0.4),  # is of another class
        (0.0, 0.8, 0.5, 0.5, 1.2, 1.0),  # leaves the picture
        (0.04, 0.0, 0.5, 0.0, 0.9, 0.4),  # is not sure enough
    )
    answer = {name: tensor.numpy()[0] for name, tensor in TASK.answer(y, LABEL).items()}
    assert answer["num_detections"] == 3
    assert answer["detection_classes"].tolist() == [1, 1, 0, -1, -1]
    np.testing.assert_allclose(answer["detection_scores"][:3], [0.9, 0.8, 0.7])
    np.testing.assert_allclose(answer["detection_boxes"][1], [0.5, 0.5, 1.0, 1.0])
    assert answer["classes"].tolist() == [b"disc", b"square"]
    rows = TASK.prediction(TASK.answer(y, LABEL), LABEL).numpy()
    assert rows.shape == (1, 5, 6)
    np.testing.assert_allclose(rows[0, 0], [1, 0.9, 0, 0, 0.4, 0.5])


def test_error_is_the_share_of_objects_that_do_not_belong_together() -> None:
    labels = np.array(
        [[[0, 0, 0, 0.5, 0.5], [1, 0.5, 0.5, 1, 1]], [NONE, NONE], [NONE, NONE]], np.float32
    )
    found = np.zeros((3, 2, 6), np.float32)
    found[:, :, 0] = -1
    found[0] = [
        [0, 0.9, 0, 0, 0.5, 0.5],
        [0, 0.8, 0.5, 0.5, 1, 1],
    ]  # one right, one of a wrong class
    found[1, 0] = [0, 0.4, 0, 0, 0.5, 0.5]  # not sure
    found[2, 0] = [0, 0.6, 0, 0, 0.5, 0.5]
    errors, words = TASK.errors(labels, found, LABEL, Decision(2))
    np.testing.assert_allclose(errors, [1 - 1 / 3, 0, 1])
    assert words(0)[0] == "disc at 0.00, 0.00, 0.50, 0.50; square at 0.50, 0.50, 1.00, 1.00"
    assert words(2) == ("(none)", "disc at 0.00, 0.00, 0.50, 0.50")


def test_sides_have_the_names_of_object_detection_unless_they_are_told() -> None:
    assert TASK.keys(LabelSpec(key="image/object/class/text", task="boxes")) == (
        "image/object/class/text",
        "image/object/bbox/ymin",
        "image/object/bbox/xmin",
        "image/object/bbox/ymax",
        "image/object/bbox/xmax",
    )
    sides = ("top", "left", "bottom", "right")
    label = LabelSpec(key="kinds", task="boxes", targets=sides)
    assert TASK.keys(label) == ("kinds", *sides)
    with pytest.raises(ValueError, match="four `targets`"):
        TASK.check(label.model_copy(update={"targets": sides[:3]}))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"cell": 3}, "a cell has 2, 4 pixels"), ({"filters": [4, 4, 4, 4]}, "sides that 16 divides")],
)
def test_cells_that_an_image_cannot_have_are_refused(
    arguments: dict[str, Any], message: str
) -> None:
    image = TensorFeature("image", "image", (24, 24, 3))
    arguments = {"filters": [4, 4], **arguments}
    with pytest.raises((ModelError, SpecError), match=message):
        build_model("detector", arguments, [image], TASK.head(("a", "b")))


@pytest.mark.parametrize(
    ("name", "task"), [("detector", "box"), ("segmenter", "boxes"), ("mlp", "boxes")]
)
def test_model_of_another_task_is_refused(name: str, task: str) -> None:
    image = TensorFeature("image", "image", (16, 16, 1))
    with pytest.raises(ModelError) as error:
        build_model(name, {}, [image], TASKS[task].head(("a", "b"), 3))
    assert error.value.hint


def test_detector_is_kept_by_a_copy() -> None:
    image = TensorFeature("image", "image", (16, 24, 1))
    model = build_model("detector", {"filters": [4, 4]}, [image], TASK.head(("a", "b")))
    assert model.output_shape == (None, 4, 6, 6)
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    x = {"image": np.random.default_rng(0).random((2, 16, 24, 1), np.float32)}
    np.testing.assert_allclose(copy(x), model(x), rtol=1e-5)
