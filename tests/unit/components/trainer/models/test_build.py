"""What is built of a name, its arguments and features; and what is refused."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.models import MODELS, resolve
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.tasks.heads.head import Head
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError, SpecError

AGE = TensorFeature("age", "numeric")
CITY = TensorFeature("city name", "index", depth=4)
DAY = TensorFeature("day", "numeric", (7,))
IMAGE = TensorFeature("image", "image", (28, 28, 1))
TABLE = (AGE, CITY, DAY)
TEXT = TensorFeature("text", "index", (6,), depth=9)
LOAD = TensorFeature("load", "numeric", (12,))

BINARY = TASKS["binary"].head(("no", "yes"))


def test_feature_name_may_have_a_slash() -> None:
    feature = TensorFeature("image/encoded", "image", (2, 2, 1))
    model = build_model("mlp", {}, [feature, AGE], BINARY)
    y = model({"image/encoded": np.zeros([3, 2, 2, 1]), "age": np.zeros([3])})
    assert y.shape == (3, 1)


@pytest.mark.parametrize(
    ("name", "features", "message"),
    [
        ("cnn", TABLE, r"age \(numeric \[\]\), city name \(index depth 4\)"),
        ("cnn", (IMAGE, AGE), "exactly one image"),
        ("mlp", (), "no features"),
        ("mlp", (TensorFeature("word", "index"),), "cannot be embedded"),
        ("mlp", (TEXT, AGE), "cannot be embedded.*text of 6 tokens, depth 9"),
        ("text_gru", TABLE, "text_gru takes one text"),
        ("text_transformer", (TEXT, TensorFeature("b", "index", (2,), 3)), "takes one text"),
        ("text_transformer", (TEXT, IMAGE), "takes one text"),
        ("text_gru", (TensorFeature("text", "index", (6,)),), "how many tokens"),
        ("gru", (AGE, CITY), "one or more series"),
        ("wavenet", (LOAD, TEXT), r"Received: text \(text of 6 tokens, depth 9\)"),
        ("lstm", (LOAD, DAY), r"equally many steps. .*load \(numeric \[12\]\), day"),
        ("conv_gru", (TensorFeature("load", "numeric", (3,)),), "3 steps, kernel_size=4"),
        ("tabular_transformer", (AGE, TEXT), "text of 6 tokens"),
        ("tabular_transformer", (), "no features"),
        ("vision_transformer", (AGE,), "exactly one image"),
        ("vision_transformer", (TensorFeature("i", "image", (30, 28, 1)),), "patch_size=4"),
    ],
)
def test_features_that_do_not_fit_are_named(
    name: str, features: tuple[TensorFeature, ...], message: str
) -> None:
    with pytest.raises(ModelError, match=message) as error:
        build_model(name, {}, features, BINARY)
    assert error.value.hint


def test_wrong_argument_is_refused() -> None:
    with pytest.raises(SpecError, match="no argument 'hidden'"):
        build_model("mlp", {"hidden": [3]}, TABLE, BINARY)
    with pytest.raises(SpecError, match="dropout"):
        build_model("mlp", {"dropout": 1.5}, TABLE, BINARY)


def test_dotted_path_is_a_model() -> None:
    assert resolve("tfline.components.trainer.models.mlp.perceptron.mlp") is MODELS["mlp"]


@pytest.mark.parametrize(
    "name", ["wide_depp", "nowhere.build", "tfline.components.trainer.models.mlp.perceptron.no"]
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
        build_model(f"{__name__}.{builder}", {}, TABLE, BINARY)


def test_own_metrics_have_the_same_names_in_every_model() -> None:
    paths = ["keras.metrics.Precision", {"keras.metrics.Precision": {"thresholds": 0.9}}]
    config = TrainConfig.model_validate({"metrics": [*paths, "keras.metrics.AUC"]})
    for _ in range(2):
        model = build_model("mlp", {"hidden_units": [2]}, [AGE], BINARY)
        compile_model(model, BINARY, config, 1)
        model.evaluate({"age": np.ones([4])}, np.array([0, 1, 0, 1]), verbose=0)
        names = {metric.name for metric in model.metrics[-1].metrics}
        assert names >= {"precision", "precision_1", "auc"}
