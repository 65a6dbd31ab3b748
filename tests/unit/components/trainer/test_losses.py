"""Each loss against a value by hand, and against the labels that it does not fit."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pydantic
import pytest

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.losses import AnyLoss, build_loss
from tfline.tasks.heads.head import Head
from tfline.tasks.table import TASKS
from tfline.transforms.errors import SpecError

HERE = "tests.unit.components.trainer.test_losses"


def read(value: object) -> AnyLoss | None:
    """Reads the section `loss`."""
    return TrainConfig.model_validate({"loss": value}).loss


def head_of(task: str) -> Head:
    return TASKS[task].head(("a", "b", "c") if task in ("multiclass", "multilabel") else (), 1)


def mean_loss(value: object, task: str, labels: Any, predicted: Any) -> float:
    """Returns the loss of a batch, as Keras computes it in `fit`."""
    model = keras.Sequential([keras.Input([len(predicted[0])])])
    model.compile("sgd", build_loss(read(value), head_of(task)))
    return float(
        model.compute_loss(y=keras.ops.array(labels), y_pred=keras.ops.array(predicted, "float32"))
    )


def pinball(y_true: Any, y_pred: Any, *, quantile: float = 0.5) -> Any:
    """The quantile loss: a function of the user's own."""
    error = keras.ops.reshape(y_true, [-1, 1]) - y_pred
    return keras.ops.maximum(quantile * error, (quantile - 1) * error)


class Cubed(keras.losses.Loss):
    """A class of the user's own."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self._scale = scale

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self._scale * keras.ops.abs(keras.ops.reshape(y_true, [-1, 1]) - y_pred) ** 3


LOG = math.log
SMOOTH = -(0.9 + 0.1 / 3) * LOG(0.5) - 0.1 / 3 * (LOG(0.3) + LOG(0.2))


@pytest.mark.parametrize(
    ("loss", "task", "labels", "predicted", "expected"),
    [
        ("binary_crossentropy", "binary", [1, 0], [[0.8], [0.4]], -(LOG(0.8) + LOG(0.6)) / 2),
        (
            {"binary_crossentropy": {"label_smoothing": 0.2}},
            "binary",
            [1],
            [[0.8]],
            -0.9 * LOG(0.8) - 0.1 * LOG(0.2),
        ),
        (
            "binary_crossentropy",
            "multilabel",
            [[1, 0, 0]],
            [[0.8, 0.5, 0.5]],
            -(LOG(0.8) + 2 * LOG(0.5)) / 3,
        ),
        ("sparse_categorical_crossentropy", "multiclass", [1], [[0.2, 0.5, 0.3]], -LOG(0.5)),
        ("categorical_crossentropy", "multiclass", [1], [[0.2, 0.5, 0.3]], -LOG(0.5)),
        (
            {"categorical_crossentropy": {"label_smoothing": 0.1}},
            "multiclass",
            [1],
            [[0.2, 0.5, 0.3]],
            SMOOTH,
        ),
        ("focal", "binary", [1, 0], [[0.8], [0.4]], -(0.04 * LOG(0.8) + 0.16 * LOG(0.6)) / 2),
        (
            {"focal": {"gamma": 1.0, "alpha": 0.75}},
            "binary",
            [1, 0],
            [[0.8], [0.4]],
            -(0.75 * 0.2 * LOG(0.8) + 0.25 * 0.4 * LOG(0.6)) / 2,
        ),
        ("focal", "multiclass", [1], [[0.2, 0.5, 0.3]], -0.25 * LOG(0.5)),
        ({"focal": {"gamma": 0.0}}, "multiclass", [2], [[0.2, 0.5, 0.3]], -LOG(0.3)),
        ("mean_squared_error", "regression", [1.0, 2.0], [[1.5], [4.0]], (0.25 + 4) / 2),
        ("mean_absolute_error", "regression", [1.0, 2.0], [[1.5], [4.0]], 1.25),
        ("mean_absolute_percentage_error", "regression", [2.0], [[1.5]], 25.0),
        ("mean_squared_logarithmic_error", "regression", [1.0], [[3.0]], LOG(2) ** 2),
        ("huber", "regression", [1.0, 2.0], [[1.5], [4.0]], (0.125 + 1.5) / 2),
        ({"huber": {"delta": 2.0}}, "regression", [0.0], [[4.0]], 2 * 4 - 2),
        ("log_cosh", "regression", [1.0], [[3.0]], LOG(math.cosh(2))),
        ("poisson", "regression", [2.0], [[3.0]], 3 - 2 * LOG(3)),
        (f"{HERE}.pinball", "regression", [1.0, 2.0], [[3.0], [1.0]], (1 + 0.5) / 2),
        ({f"{HERE}.pinball": {"quantile": 0.9}}, "regression", [1.0], [[3.0]], 0.2),
        ({f"{HERE}.Cubed": {"scale": 2.0}}, "regression", [1.0], [[3.0]], 16),
        (None, "regression", [1.0], [[3.0]], 4),
    ],
    ids=str,
)
def test_loss_is_what_it_is_by_hand(
    loss: object, task: str, labels: Any, predicted: Any, expected: float
) -> None:
    labels = np.array(labels, np.float32 if task == "regression" else np.int64)
    assert mean_loss(loss, task, labels, predicted) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "task"),
    [
        ("huber", "binary"),
        ("binary_crossentropy", "multiclass"),
        ("sparse_categorical_crossentropy", "binary"),
        ("categorical_crossentropy", "multilabel"),
        ("focal", "regression"),
        ("focal", "forecast"),
    ],
)
def test_loss_that_does_not_fit_the_label_is_refused(loss: str, task: str) -> None:
    with pytest.raises(SpecError, match=f"{loss} does not fit a {task} label") as error:
        build_loss(read(loss), head_of(task))
    assert loss not in error.value.hint


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("hubber", "Did you mean 'huber'"),
        ({"huber": {"delta": 0}}, "greater than 0"),
        ({"focal": {"gama": 1.0}}, r"loss\.focal\.gama"),
        (f"{HERE}.no_such", "cannot be imported"),
        ({f"{HERE}.pinball": {"quantil": 0.1}}, "has no argument 'quantil'"),
    ],
    ids=str,
)
def test_wrong_loss_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        read(wrong)


def test_own_class_must_be_a_loss() -> None:
    with pytest.raises(SpecError, match="must be a Loss"):
        build_loss(read("pathlib.Path"), head_of("regression"))
    with pytest.raises(pydantic.ValidationError, match="refuses its arguments"):
        build_loss(read({f"{HERE}.Cubed": {"factor": 2}}), head_of("regression"))
