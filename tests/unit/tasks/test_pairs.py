"""Every pair of a task and a loss or a metric: it fits, or it is refused with what is meant.

What fits is computed: it tells labels that belong to their predictions from labels that do not.
"""

from __future__ import annotations

import inspect
import itertools
import typing
from typing import Any

import keras
import numpy as np
import pytest

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.label import check_training
from tfline.components.trainer.losses import AnyLoss, build_loss
from tfline.components.trainer.losses.loss import Loss
from tfline.components.trainer.losses.own import check_own_loss
from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.metrics.table import METRICS
from tfline.pipelines.reference.pairs import page
from tfline.tasks import keras_fit
from tfline.tasks.heads.head import Head
from tfline.tasks.metric_fit import check_keras_metric, check_metrics
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError, SpecError
from tfline.transforms.features import LabelSpec

HERE = "tests.unit.tasks.test_pairs"
COMPUTED = ("binary", "multiclass", "ordinal", "multilabel", "regression", "forecast")
BASES = {"Loss", "Metric", "Mean", "Sum", "MeanMetricWrapper"}
RNG = np.random.default_rng(0)
RECORDS, WIDTH = 64, 4

ARGUMENTS: dict[str, dict[str, Any]] = {
    "SpecificityAtSensitivity": {"sensitivity": 0.9},
    "SensitivityAtSpecificity": {"specificity": 0.9},
    "PrecisionAtRecall": {"recall": 0.9},
    "RecallAtPrecision": {"precision": 0.9},
    "SparseTopKCategoricalAccuracy": {"k": 2},
}
"""What metrics of Keras have to be told, for labels to make a difference."""


def head_of(task: str) -> Head:
    classes = ("a", "b", "c", "d") if task in ("multiclass", "ordinal", "multilabel") else ()
    return TASKS[task].head(classes, WIDTH if task == "forecast" else 1)


def batch(task: str) -> tuple[Any, Any]:
    """Returns labels, and predictions that are near them."""
    if task in ("multiclass", "ordinal"):
        labels = RNG.integers(0, WIDTH, (RECORDS, 1))
        near = np.eye(WIDTH)[labels[:, 0]] + RNG.random((RECORDS, WIDTH))
        return labels, (near / near.sum(axis=1, keepdims=True)).astype(np.float32)
    shape = (RECORDS, head_of(task).units)
    if task in ("binary", "multilabel"):
        labels = RNG.integers(0, 2, shape).astype(np.float32)
        return labels, (0.3 * labels + 0.6 * RNG.random(shape)).astype(np.float32)
    labels = RNG.uniform(0.5, 2.0, shape).astype(np.float32)
    return labels, (labels + RNG.uniform(0.0, 0.3, shape)).astype(np.float32)


def train(**settings: Any) -> TrainConfig:
    return TrainConfig.model_validate(settings)


def label(task: str) -> LabelSpec:
    classes = {"binary": ("a", "b"), "multiclass": ("a", "b", "c", "d")}.get(task)
    sizes: dict[str, Any] = {
        "forecast": {"horizon": WIDTH},
        "mask": {"shape": (8, 8)},
        "image": {"shape": (8, 8)},
    }
    sizes = sizes.get(task, {})
    return LabelSpec.model_validate({"key": "y", "task": task, "classes": classes, **sizes})


def classes_of(module: Any, base: type) -> list[str]:
    """Returns the names of the classes of a module of Keras."""
    kinds = {name: found for name, found in vars(module).items() if isinstance(found, type)}
    return [name for name, kind in kinds.items() if issubclass(kind, base) and name not in BASES]


def functions_of(module: Any) -> list[str]:
    """Returns the names of the functions of a module of Keras."""
    own = {name: found for name, found in vars(module).items() if inspect.isfunction(found)}
    return [
        name
        for name, found in own.items()
        if found.__name__ == name and name not in ("deserialize", "get", "serialize")
    ]


LOSSES = classes_of(keras.losses, keras.losses.Loss)
METRIC_CLASSES = classes_of(keras.metrics, keras.metrics.Metric)
LOSS_FUNCTIONS = functions_of(keras.losses)
METRIC_FUNCTIONS = functions_of(keras.metrics)


def test_everything_of_keras_is_in_the_tables() -> None:
    assert {*LOSSES, *map(keras_fit.class_name, LOSS_FUNCTIONS)} <= set(keras_fit.LOSSES)
    assert {*METRIC_CLASSES, *map(keras_fit.class_name, METRIC_FUNCTIONS)} <= set(keras_fit.METRICS)
    assert set(TASKS) == set(keras_fit.FAMILIES)


@pytest.mark.parametrize("task", keras_fit.FAMILIES)
@pytest.mark.parametrize("name", [*LOSSES, *LOSS_FUNCTIONS])
def test_loss_of_keras_fits_or_is_refused_with_the_right_one(name: str, task: str) -> None:
    fit = keras_fit.LOSSES[keras_fit.class_name(name)]
    config = train(loss=f"keras.losses.{name}")
    if task in fit.families:
        check_training(config, label(task))
        if task in COMPUTED:
            assert callable(build_loss(config.loss, head_of(task)))  # tried on some records
        return
    with pytest.raises(SpecError, match=f"'keras.losses.{name}' does not fit") as error:
        check_training(config, label(task))
    assert fit.reason in error.value.message
    assert error.value.where == "train.loss"
    if task in fit.instead:
        assert error.value.hint == f"Name {fit.instead[task]}."
        check_training(train(loss=fit.instead[task]), label(task))
    else:
        assert "Leave it out" in error.value.hint


@pytest.mark.parametrize("task", keras_fit.FAMILIES)
@pytest.mark.parametrize("loss", typing.get_args(typing.get_args(AnyLoss)[0]))
def test_loss_of_tfline_fits_or_is_refused(loss: type[Any], task: str) -> None:
    if not issubclass(loss, Loss):
        return  # one's own
    name = loss.model_fields["name"].default
    config = train(loss=name)
    if task in loss.tasks:
        check_training(config, label(task))
        return
    with pytest.raises(SpecError, match=f"The loss {name} does not fit a {task} label"):
        check_training(config, label(task))


@pytest.mark.parametrize("task", keras_fit.FAMILIES)
@pytest.mark.parametrize("name", [*METRIC_CLASSES, *METRIC_FUNCTIONS])
def test_metric_of_keras_fits_or_is_refused_with_the_right_one(name: str, task: str) -> None:
    fit = keras_fit.METRICS[keras_fit.class_name(name)]
    path = f"keras.metrics.{name}"
    config = train(metrics=[path])
    shown = (*fit.families, *(("mask", "text") if "multiclass" in fit.families else ()))
    if task in shown:
        check_training(config, label(task))
    else:
        with pytest.raises(SpecError, match=f"'{path}' does not fit") as error:
            check_training(config, label(task))
        assert error.value.where == "train.metrics"
    if task not in fit.families:
        with pytest.raises(SpecError, match="does not fit") as refused:
            check_keras_metric(TASKS[task], path, [name])
        assert fit.reason in refused.value.message
        if task in fit.instead and task not in ("text", "mask"):
            assert refused.value.hint == f"Name keras.metrics.{fit.instead[task]}."
            check_keras_metric(TASKS[task], "it", [fit.instead[task]])


@pytest.mark.parametrize(
    ("name", "task"),
    [
        (name, task)
        for name, task in itertools.product(METRIC_CLASSES, COMPUTED)
        if task in keras_fit.METRICS[name].families
    ],
)
def test_metric_of_keras_that_fits_knows_labels_from_others(name: str, task: str) -> None:
    arguments = ARGUMENTS.get(name, {})
    labels, predictions = batch(task)

    def value(y: Any) -> Any:
        metric = getattr(keras.metrics, name)(**arguments)
        metric.update_state(y, predictions)
        return np.asarray(metric.result())

    assert np.isfinite(value(labels)).all()
    assert any(
        not np.allclose(value(labels), value(np.roll(labels, step, axis=0))) for step in (1, 2, 3)
    )


@pytest.mark.parametrize("task", keras_fit.FAMILIES)
@pytest.mark.parametrize("name", METRICS)
def test_metric_of_tfline_fits_or_is_refused_with_those_that_do(name: str, task: str) -> None:
    if METRICS[name].fits(task):
        check_metrics(TASKS[task], [name])
        return
    with pytest.raises(SpecError, match=f"'{name}' does not fit a {task} task") as error:
        check_metrics(TASKS[task], [name])
    assert "example_count" in error.value.hint


class Broadcast(keras.losses.Loss):
    """A loss of shapes that broadcast: predictions lose the axis that labels have."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.ops.abs(y_true - y_pred[:, 0])


class Reshaped(keras.losses.Loss):
    """The same, as it is meant."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.ops.abs(keras.ops.reshape(y_true, [-1]) - y_pred[:, 0])


def mean_of_all(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.mean(keras.ops.square(keras.ops.reshape(y_true, [1, -1]) - y_pred))


def of_one_hot(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.sum(keras.ops.one_hot(y_true[:, 0], 9) * y_pred, axis=-1)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_own_loss_whose_shapes_broadcast_is_refused(task: str) -> None:
    check_own_loss(Reshaped(), "Reshaped", head_of(task))
    for loss in (Broadcast(), mean_of_all):
        with pytest.raises(SpecError, match="is the same however the labels are shuffled") as error:
            check_own_loss(loss, "my.Loss", head_of(task))
        assert "reshape the label" in error.value.hint
    with pytest.raises(SpecError, match="does not compare each prediction"):
        build_loss(train(loss=f"{HERE}.Broadcast").loss, head_of(task))


def test_own_loss_that_fails_on_the_shapes_of_its_task_is_refused() -> None:
    with pytest.raises(SpecError, match=r"The loss 'my.loss' fails on labels \[7, 1\] and"):
        check_own_loss(of_one_hot, "my.loss", head_of("multiclass"))


def test_score_with_a_threshold_fits_two_classes() -> None:
    with pytest.raises(SpecError, match="without its argument `threshold`"):
        check_training(train(metrics=["keras.metrics.F1Score"]), label("binary"))
    check_training(train(metrics=[{"keras.metrics.F1Score": {"threshold": 0.5}}]), label("binary"))


def test_logits_of_probabilities_are_refused() -> None:
    path = "keras.losses.BinaryCrossentropy"
    check_training(train(loss=path), label("binary"))
    with pytest.raises(SpecError, match="takes logits"):
        check_training(train(loss={path: {"from_logits": True}}), label("binary"))


def ending(features: Any, head: Head, *, activation: str) -> keras.Model:
    """A model of the user's own."""
    inputs = build_inputs(features)
    x = keras.layers.Dense(head.units, activation=activation)(inputs["age"])
    return keras.Model(inputs, x)


@pytest.mark.parametrize(
    ("task", "right", "wrong"),
    [
        ("multiclass", "softmax", "sigmoid"),
        ("multiclass", "softmax", "linear"),
        ("multilabel", "sigmoid", "softmax"),
        ("binary", "sigmoid", "softmax"),
    ],
)
def test_own_model_that_ends_with_another_activation_is_refused(
    task: str, right: str, wrong: str
) -> None:
    features = [TensorFeature("age", "numeric", (1,))]
    build_model(f"{HERE}.ending", {"activation": right}, features, head_of(task))
    with pytest.raises(ModelError, match=f"ends with {wrong}, and a {task} label needs {right}"):
        build_model(f"{HERE}.ending", {"activation": wrong}, features, head_of(task))


def test_page_shows_every_pair() -> None:
    text = page()
    for name in (*METRICS, *LOSSES, *METRIC_CLASSES):
        assert f"| `{name}` |" in text
    assert f"| `auc` | x |{'  |' * (len(keras_fit.FAMILIES) - 1)}" in text
