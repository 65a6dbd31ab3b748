"""The contract that every model keeps, and what is particular to each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import pytest

from components.trainer.config import OptimizerConfig, TrainConfig
from components.trainer.models import MODELS, resolve
from components.trainer.models.build import build_model, build_optimizer, compile_model
from components.trainer.models.head import HEADS as HEAD_CLASSES
from components.trainer.models.head import Head
from components.trainer.models.inputs import TensorFeature, build_inputs
from transforms.errors import ModelError, SpecError

AGE = TensorFeature("age", "numeric")
CITY = TensorFeature("city name", "index", depth=4)
DAY = TensorFeature("day", "numeric", (7,))
IMAGE = TensorFeature("image", "image", (28, 28, 1))
TABLE = (AGE, CITY, DAY)

TEXT = (TensorFeature("text", "index", (6,), depth=9), AGE, CITY)
SERIES = (
    TensorFeature("load", "numeric", (12,)),
    TensorFeature("weather", "numeric", (12, 2)),
    AGE,
    CITY,
)

FITTING = {
    "cnn": (IMAGE,),
    "conv_gru": SERIES,
    "deep_rnn": SERIES,
    "gru": SERIES,
    "layer_norm_rnn": SERIES,
    "lstm": SERIES,
    "mlp": TABLE,
    "simple_rnn": SERIES,
    "tabular_transformer": TABLE,
    "text_gru": TEXT,
    "text_transformer": TEXT,
    "vision_transformer": (IMAGE,),
    "wavenet": SERIES,
    "wide_deep": TABLE,
}
"""Features that each model takes."""

SMALL: dict[str, dict[str, object]] = {
    "tabular_transformer": {"blocks": 1},
    "text_transformer": {"blocks": 1},
    "vision_transformer": {"blocks": 1, "patch_size": 14},
}
"""Arguments that make a model quick to build."""

HEADS: dict[str, Head] = {
    "binary": HEAD_CLASSES["binary"](("no", "yes")),
    "multiclass": HEAD_CLASSES["multiclass"](tuple("abcdefghij")),
    "multilabel": HEAD_CLASSES["multilabel"](tuple("abc")),
    "regression": HEAD_CLASSES["regression"](),
    "forecast": HEAD_CLASSES["forecast"](size=4),
}
"""What each task has to predict."""

ALL = pytest.mark.parametrize("name", MODELS)
TASKS = pytest.mark.parametrize("task", HEADS)


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
    if head.classes:
        return x, rng.integers(0, len(head.classes), 32)
    return x, rng.normal(size=(32, head.size)).astype(np.float32)


def build(name: str, task: str, arguments: Mapping[str, object] | None = None) -> keras.Model:
    """Builds and compiles a model for the features that fit it."""
    keras.utils.set_random_seed(1)
    arguments = {**SMALL.get(name, {}), **(arguments or {})}
    model = build_model(name, arguments, FITTING[name], HEADS[task])
    # The first step of Adam is of one size, however steep the loss is.
    config = TrainConfig(optimizer=OptimizerConfig(name="sgd"), learning_rate=1e-3)
    compile_model(model, HEADS[task], config, steps_per_execution=1)
    return model


@ALL
@TASKS
def test_output_has_shape_and_range_of_its_task(name: str, task: str) -> None:
    x, _ = batch(FITTING[name], HEADS[task])
    y = build(name, task)(x).numpy()
    assert y.shape == (32, HEADS[task].units)
    assert y.dtype == np.float32
    if task == "multiclass":
        np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)
    if task in ("binary", "multilabel"):
        assert ((y > 0) & (y < 1)).all()


@pytest.mark.parametrize(
    ("name", "task"),
    [*((name, "multiclass") for name in MODELS), *(("mlp", t) for t in HEADS if t != "multiclass")],
)
def test_step_lowers_the_loss_of_its_batch(name: str, task: str) -> None:
    x, y = batch(FITTING[name], HEADS[task])
    model = build(name, task)
    model.run_eagerly = True
    before = model.test_on_batch(x, y)[0]
    model.train_on_batch(x, y)
    assert model.test_on_batch(x, y)[0] < before


@ALL
def test_save_and_load_agree(name: str, tmp_path: Path) -> None:
    x, _ = batch(FITTING[name], HEADS["multiclass"])
    model = build(name, "multiclass")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x).numpy(), model(x).numpy())


@ALL
def test_dropout_leaves_inference_alone(name: str) -> None:
    x, _ = batch(FITTING[name], HEADS["binary"])
    model = build(name, "binary", {"dropout": 0.5})
    first, second = (model(x, training=False).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    first, second = (model(x, training=True).numpy() for _ in range(2))
    assert not np.array_equal(first, second)


def test_cnn_has_published_number_of_parameters() -> None:
    assert build("cnn", "multiclass").count_params() == 14_590


def test_mlp_flattens_images() -> None:
    model = build_model("mlp", {"hidden_units": [30]}, [IMAGE], HEADS["multiclass"])
    assert model.count_params() == 784 * 30 + 30 + 30 * 10 + 10


def test_feature_name_may_have_a_slash() -> None:
    feature = TensorFeature("image/encoded", "image", (2, 2, 1))
    model = build_model("mlp", {}, [feature, AGE], HEADS["binary"])
    y = model({"image/encoded": np.zeros([3, 2, 2, 1]), "age": np.zeros([3])})
    assert y.shape == (3, 1)


def test_mlp_without_hidden_units_is_linear() -> None:
    model = build_model("mlp", {"hidden_units": []}, [DAY], HEADS["regression"])
    assert model.count_params() == 7 + 1


def test_wide_deep_has_one_weight_a_category_in_its_wide_part() -> None:
    arguments = {"hidden_units": [3], "embedding_units": 2}
    model = build_model("wide_deep", arguments, TABLE, HEADS["binary"])
    wide = 4 + 7
    embedding = 4 * 2
    deep = (1 + 2 + 7 + 1) * 3 + (3 + 1)
    assert model.count_params() == wide + embedding + deep


@pytest.mark.parametrize(
    ("name", "features", "message"),
    [
        ("cnn", TABLE, r"age \(numeric \[\]\), city name \(index depth 4\)"),
        ("cnn", (IMAGE, AGE), "exactly one image"),
        ("cnn", (TensorFeature("tiny", "image", (4, 4, 1)),), "shrinks the image to nothing"),
        ("wide_deep", (AGE,), "at least one category"),
        ("wide_deep", (IMAGE, DAY), "takes numbers and categories"),
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
    assert resolve("components.trainer.models.mlp.mlp") is MODELS["mlp"]


@pytest.mark.parametrize("name", ["wide_depp", "nowhere.build", "components.trainer.models.mlp.no"])
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


def test_optimizer_takes_its_arguments() -> None:
    optimizer = build_optimizer(OptimizerConfig(name="sgd", args={"momentum": 0.9}), 0.25)
    assert optimizer.momentum == 0.9
    assert float(optimizer.learning_rate) == 0.25


def test_optimizer_refuses_unknown_argument() -> None:
    with pytest.raises(ModelError, match="momentun"):
        build_optimizer(OptimizerConfig(name="sgd", args={"momentun": 0.9}), None)
