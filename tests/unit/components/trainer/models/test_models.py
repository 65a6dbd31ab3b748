"""The contract that every model keeps, and what is particular to each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest

from components.trainer.config import TrainConfig
from components.trainer.models import MODELS, WRITERS, resolve
from components.trainer.models.build import build_model, compile_model
from components.trainer.models.heads import HEADS as HEAD_CLASSES
from components.trainer.models.heads.head import Head
from components.trainer.models.inputs import TensorFeature, build_inputs
from transforms.errors import ModelError, SpecError

AGE = TensorFeature("age", "numeric")
CITY = TensorFeature("city name", "index", depth=4)
DAY = TensorFeature("day", "numeric", (7,))


def image(side: int) -> TensorFeature:
    return TensorFeature("image", "image", (side, side, 1))


IMAGE = image(28)
TABLE = (AGE, CITY, DAY)

TEXT = (TensorFeature("text", "index", (6,), depth=9), AGE, CITY)
SERIES = (
    TensorFeature("load", "numeric", (12,)),
    TensorFeature("weather", "numeric", (12, 2)),
    AGE,
    CITY,
)

HEADS: dict[str, Head] = {
    "multiclass": HEAD_CLASSES["multiclass"](tuple("abcdefghij")),
    "binary": HEAD_CLASSES["binary"](("no", "yes")),
    "multilabel": HEAD_CLASSES["multilabel"](tuple("abc")),
    "regression": HEAD_CLASSES["regression"](),
    "forecast": HEAD_CLASSES["forecast"](size=4),
    "box": HEAD_CLASSES["box"](tuple("abc")),
    "mask": HEAD_CLASSES["mask"](("low", "high"), size=64),
}
"""What each task has to predict."""

VECTORS = ("multiclass", "binary", "multilabel", "regression", "forecast", "box")
"""Tasks whose output is made of a vector: those of most models."""

NARROW = {"width": 1 / 16}


class Small(NamedTuple):
    """Features and tasks that a model is for, and arguments that make it quick to build and fit."""

    features: tuple[TensorFeature, ...]
    arguments: dict[str, Any] = {}
    tasks: tuple[str, ...] = VECTORS


SMALL = {
    "alexnet": Small((image(67),), {**NARROW, "hidden_units": [32], "normalization": "batch"}),
    "autoencoder_mlp": Small(TABLE),
    "cnn": Small((IMAGE,)),
    "conv_gru": Small(SERIES),
    "deep_cnn": Small((IMAGE,), {"width": 1 / 8}),
    "deep_rnn": Small(SERIES),
    "googlenet": Small((image(32),), {**NARROW, "activation": "elu", "initializer": "he_normal"}),
    "gru": Small(SERIES),
    "layer_norm_rnn": Small(SERIES),
    "lenet5": Small((IMAGE,)),
    "localizer": Small((image(16),), {"filters": [8, 16], "hidden_units": [32]}, ("box",)),
    "lstm": Small(SERIES),
    "mlp": Small(TABLE),
    "residual_mlp": Small(TABLE),
    "resnet34": Small((image(32),), {**NARROW, "units": [1, 1, 1, 1]}),
    "se_resnet": Small((image(32),), {**NARROW, "units": [1, 1, 1, 1]}),
    "segmenter": Small((image(8),), {"filters": [8, 16]}, ("mask",)),
    "simple_rnn": Small(SERIES),
    "tabular_transformer": Small(TABLE, {"blocks": 1}),
    "text_gru": Small(TEXT),
    "text_transformer": Small(TEXT, {"blocks": 1}),
    "vgg16": Small((image(32),), {**NARROW, "hidden_units": [32], "normalization": "batch"}),
    "vision_transformer": Small((IMAGE,), {"blocks": 1, "patch_size": 14}),
    "wavenet": Small(SERIES),
    "wide_deep": Small(TABLE),
    "xception": Small((image(32),), {**NARROW, "middle_blocks": 1}),
}

MOST_STEPS = 200
"""Enough for each small model to learn 32 random examples by heart."""

BY_HEART = 0.95
"""The accuracy from which on it has."""

# The contract of the models that write texts is in `generation/test_builders.py`.
ALL = pytest.mark.parametrize("name", list(SMALL))
EACH_TASK = pytest.mark.parametrize(
    ("name", "task"), [(name, task) for name, small in SMALL.items() for task in small.tasks]
)


def batch(
    features: tuple[TensorFeature, ...], head: Head
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Returns 32 random examples."""
    rng = np.random.default_rng(0)
    x: dict[str, np.ndarray] = {}
    for feature in features:
        if feature.kind == "index":
            x[feature.name] = rng.integers(0, feature.depth, (32, *feature.shape))
        else:
            x[feature.name] = rng.normal(size=(32, *feature.shape)).astype(np.float32)
    if head.task == "multilabel":
        return x, rng.integers(0, 2, (32, head.units)).astype(np.float32)
    if head.task == "box":
        low, high = rng.uniform(0, 0.5, (32, 2)), rng.uniform(0.5, 1, (32, 2))
        kind = rng.integers(0, len(head.classes), (32, 1))
        return x, np.concatenate([kind, low, high], axis=1).astype(np.float32)
    if head.task == "mask":
        return x, (x["image"].reshape(32, head.size) > 0).astype(np.int64)
    if head.classes:
        return x, rng.integers(0, len(head.classes), 32)
    return x, rng.normal(size=(32, head.size)).astype(np.float32)


def build(name: str, task: str, arguments: Mapping[str, Any] | None = None) -> keras.Model:
    """Builds and compiles a small model for the features that fit it."""
    features, small, _ = SMALL[name]
    keras.utils.set_random_seed(1)
    model = build_model(name, {**small, **(arguments or {})}, features, HEADS[task])
    compile_model(model, HEADS[task], TrainConfig(learning_rate=0.003), steps_per_execution=1)
    return model


@dataclasses.dataclass(frozen=True)
class Fitted:
    """A model after some steps on one batch of random examples and classes, without dropout."""

    model: keras.Model
    x: dict[str, np.ndarray]
    losses: list[float]
    accuracy: float


@pytest.fixture(scope="module")
def fit_once() -> Callable[[str], Fitted]:
    """Fits each model once."""
    done: dict[str, Fitted] = {}

    def fit(name: str) -> Fitted:
        if name not in done:
            task = SMALL[name].tasks[0]
            x, y = batch(SMALL[name].features, HEADS[task])
            model = build(name, task, {"dropout": 0.0})
            steps = [model.train_on_batch(x, y) for _ in range(2)]
            while steps[-1][-1] < BY_HEART and len(steps) < MOST_STEPS:
                steps.append(model.train_on_batch(x, y))
            done[name] = Fitted(model, x, [float(step[0]) for step in steps], float(steps[-1][-1]))
        return done[name]

    return fit


def test_every_model_is_tested() -> None:
    apart = {"transfer", "text_transfer"}  # `cnn/test_transfer.py`, `test_text_transfer.py`
    assert {*SMALL, *WRITERS, *apart} == set(MODELS)


@EACH_TASK
def test_output_has_shape_and_dtype_of_its_task(name: str, task: str) -> None:
    features, small, _ = SMALL[name]
    with keras.StatelessScope(initialize_variables=False):  # no weight is made
        model = build_model(name, small, features, HEADS[task])
    assert model.output_shape == HEADS[task].output_shape
    assert model.output.dtype == "float32"


@pytest.mark.parametrize("task", VECTORS)
def test_output_has_range_of_its_task(task: str) -> None:
    head = HEADS[task]
    x, _ = batch(TABLE, head)
    y = build("mlp", task)(x).numpy()
    assert y.shape == (32, head.units)
    if task in ("multiclass", "box"):
        np.testing.assert_allclose(y[:, : len(head.classes)].sum(axis=1), 1, rtol=1e-5)
    if head.classes:
        assert ((y > 0) & (y < 1)).all()


@ALL
def test_step_lowers_the_loss_of_its_batch(name: str, fit_once: Callable[[str], Fitted]) -> None:
    first, second, *_ = fit_once(name).losses
    assert second < first


@ALL
def test_random_classes_are_learnt_by_heart(name: str, fit_once: Callable[[str], Fitted]) -> None:
    assert fit_once(name).accuracy >= BY_HEART


@ALL
def test_save_and_load_agree(name: str, fit_once: Callable[[str], Fitted], tmp_path: Path) -> None:
    fitted = fit_once(name)
    fitted.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(fitted.x).numpy(), fitted.model(fitted.x).numpy())


@ALL
def test_dropout_leaves_inference_alone(name: str) -> None:
    features, _, (task, *_) = SMALL[name]
    x, _ = batch(features, HEADS[task])
    model = build(name, task, {"dropout": 0.5})
    first, second = (model(x, training=False).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    first, second = (np.asarray(model(x, training=True)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_feature_name_may_have_a_slash() -> None:
    feature = TensorFeature("image/encoded", "image", (2, 2, 1))
    model = build_model("mlp", {}, [feature, AGE], HEADS["binary"])
    y = model({"image/encoded": np.zeros([3, 2, 2, 1]), "age": np.zeros([3])})
    assert y.shape == (3, 1)


@pytest.mark.parametrize(
    ("name", "features", "message"),
    [
        ("cnn", TABLE, r"age \(numeric \[\]\), city name \(index depth 4\)"),
        ("cnn", (IMAGE, AGE), "exactly one image"),
        ("mlp", (), "no features"),
        ("mlp", (TensorFeature("word", "index"),), "cannot be embedded"),
        ("mlp", TEXT, "cannot be embedded.*text of 6 tokens, depth 9"),
        ("text_gru", TABLE, "text_gru takes one text"),
        ("text_transformer", (TEXT[0], TensorFeature("b", "index", (2,), 3)), "takes one text"),
        ("text_transformer", (TEXT[0], IMAGE), "takes one text"),
        ("text_gru", (TensorFeature("text", "index", (6,)),), "how many tokens"),
        ("gru", (AGE, CITY), "one or more series"),
        ("wavenet", (SERIES[0], TEXT[0]), r"Received: text \(text of 6 tokens, depth 9\)"),
        ("lstm", (SERIES[0], DAY), r"equally many steps. .*load \(numeric \[12\]\), day"),
        ("conv_gru", (TensorFeature("load", "numeric", (3,)),), "3 steps, kernel_size=4"),
        ("tabular_transformer", (AGE, TEXT[0]), "text of 6 tokens"),
        ("tabular_transformer", (), "no features"),
        ("vision_transformer", (AGE,), "exactly one image"),
        ("vision_transformer", (TensorFeature("i", "image", (30, 28, 1)),), "patch_size=4"),
    ],
)
def test_features_that_do_not_fit_are_named(
    name: str, features: tuple[TensorFeature, ...], message: str
) -> None:
    with pytest.raises(ModelError, match=message) as error:
        build_model(name, {}, features, HEADS["binary"])
    assert error.value.hint


def test_wrong_argument_is_refused() -> None:
    with pytest.raises(SpecError, match="no argument 'hidden'"):
        build_model("mlp", {"hidden": [3]}, TABLE, HEADS["binary"])
    with pytest.raises(SpecError, match="dropout"):
        build_model("mlp", {"dropout": 1.5}, TABLE, HEADS["binary"])


def test_dotted_path_is_a_model() -> None:
    assert resolve("components.trainer.models.mlp.perceptron.mlp") is MODELS["mlp"]


@pytest.mark.parametrize(
    "name", ["wide_depp", "nowhere.build", "components.trainer.models.mlp.perceptron.no"]
)
def test_unknown_model_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match=name) as error:
        resolve(name)
    assert error.value.hint


def wrong_width(features: tuple[TensorFeature, ...], head: Head) -> keras.Model:
    """A user's model whose output does not fit the task."""
    del head
    inputs = build_inputs(features)
    return keras.Model(inputs, keras.layers.Dense(3)(inputs["day"]))


def only_day(features: tuple[TensorFeature, ...], head: Head) -> keras.Model:
    """A user's model that leaves features out."""
    inputs = build_inputs([feature for feature in features if feature.name == "day"])
    return keras.Model(inputs, head.output(inputs["day"]))


def no_model(features: tuple[TensorFeature, ...], head: Head) -> int:
    """A user's function that builds no model."""
    return len(features) + head.units


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        ("wrong_width", r"expected an output of shape \(None, 1\)"),
        ("only_day", r"Expected: age, city name, day. Received: day"),
        ("no_model", "keras.Model"),
    ],
)
def test_users_model_that_does_not_fit_is_refused(builder: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build_model(f"{__name__}.{builder}", {}, TABLE, HEADS["binary"])
