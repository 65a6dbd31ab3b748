"""Perceptrons: what they can learn, and what their parts are."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import Ridge

from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError

AGE = TensorFeature("age", "numeric")
CITY = TensorFeature("city", "index", depth=4)
DAY = TensorFeature("day", "numeric", (7,))
IMAGE = TensorFeature("image", "image", (28, 28, 1))
TABLE = (AGE, CITY, DAY)
BINARY = TASKS["binary"].head(("no", "yes"))
NUMBER = TASKS["regression"].head()

PAIR = TensorFeature("pair", "numeric", (2,))
PAIRS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
LOGIC = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}


def share_learnt(arguments: dict[str, Any], function: str) -> float:
    """Returns the share of the four pairs that a model answers rightly after its training."""
    keras.utils.set_random_seed(7)
    model = build_model("mlp", arguments, [PAIR], BINARY)
    model.compile(keras.optimizers.Adam(0.1), BINARY.loss(), steps_per_execution=100)
    labels = np.array(LOGIC[function], np.float32)[:, np.newaxis]
    pairs, repeated = np.tile(PAIRS, [100, 1]), np.tile(labels, [100, 1])
    model.fit({"pair": pairs}, repeated, batch_size=4, shuffle=False, verbose=0)
    answers = model({"pair": PAIRS}).numpy() >= 0.5
    return float((answers == labels).mean())


@pytest.mark.parametrize(
    ("function", "learns"), [("and", True), ("or", True), ("xor", False)], ids=list(LOGIC)
)
def test_single_layer_learns_what_a_line_can_part(function: str, learns: bool) -> None:
    assert (share_learnt({"hidden_units": []}, function) == 1) is learns


@pytest.mark.parametrize("function", LOGIC)
def test_four_hidden_units_learn_every_function_of_two(function: str) -> None:
    assert share_learnt({"hidden_units": [4], "activation": "tanh"}, function) == 1


def test_images_are_flattened() -> None:
    head = TASKS["multiclass"].head(tuple("abcdefghij"))
    model = build_model("mlp", {"hidden_units": [30]}, [IMAGE], head)
    assert model.count_params() == 784 * 30 + 30 + 30 * 10 + 10


def test_single_layer_is_linear() -> None:
    model = build_model("mlp", {"hidden_units": []}, [DAY], TASKS["regression"].head())
    assert model.count_params() == 7 + 1


def test_residual_block_adds_to_its_input() -> None:
    arguments = {"units": 5, "blocks": 2, "block_layers": 3}
    model = build_model("residual_mlp", arguments, [DAY], BINARY)
    assert model.count_params() == (7 * 5 + 5) + 2 * 3 * (5 * 5 + 5) + (5 + 1)
    for layer in model.layers:
        if layer.name.startswith("dense_") and layer.kernel.shape == (5, 5):
            layer.kernel.assign(np.zeros((5, 5)))  # the blocks add nothing
    x = {"day": np.random.default_rng(0).normal(size=(3, 7))}
    first = next(layer for layer in model.layers if "activation" in layer.name)
    without = keras.Model(model.input, first.output)(x)
    added = keras.Model(model.input, model.get_layer("output").input)(x)
    np.testing.assert_array_equal(added, without)


def test_reconstruction_is_part_of_the_loss() -> None:
    losses = {}
    x = {"day": np.random.default_rng(0).normal(size=(8, 7)).astype(np.float32)}
    for weight in (0.0, 0.05, 1.0):
        keras.utils.set_random_seed(3)
        arguments = {"hidden_units": [4], "reconstruction_weight": weight}
        model = build_model("autoencoder_mlp", arguments, [DAY], BINARY)
        model(x, training=True)
        [losses[weight]] = [float(loss) for loss in model.losses]
    reconstruct = next(layer for layer in model.layers if layer.name.startswith("reconstruction"))
    hidden = keras.Model(model.input, reconstruct.input[0])(x).numpy()
    kernel, bias = (weight.numpy() for weight in reconstruct.weights)
    expected = ((x["day"] - hidden @ kernel - bias) ** 2).mean()
    assert losses[1.0] == pytest.approx(expected, rel=1e-5)
    assert losses[0.05] == pytest.approx(0.05 * expected, rel=1e-5)
    assert losses[0.0] == 0


def test_wide_part_has_one_weight_a_category() -> None:
    arguments = {"hidden_units": [3], "embedding_units": 2}
    model = build_model("wide_deep", arguments, TABLE, BINARY)
    wide = 4 + 7
    embedding = 4 * 2
    deep = (1 + 2 + 7 + 1) * 3 + (3 + 1)
    assert model.count_params() == wide + embedding + deep


def test_parts_take_the_features_that_are_named() -> None:
    arguments = {"hidden_units": [3], "wide": ["age", "day"], "deep": ["city"]}
    model = build_model("wide_deep", arguments, TABLE, BINARY)
    wide = 1 + 7
    assert model.count_params() == wide + 4 * 16 + (16 + 1) * 3 + (3 + 1)


@pytest.mark.parametrize(
    ("features", "arguments", "message"),
    [
        ((AGE,), {}, "at least one category"),
        ((IMAGE, DAY), {}, "takes numbers and categories"),
        (TABLE, {"wide": ["aeg"]}, "has no feature 'aeg'"),
        (TABLE, {"wide": ["city"], "deep": ["age"]}, "Received neither for: day"),
    ],
)
def test_features_that_do_not_fit_the_parts_are_named(
    features: tuple[TensorFeature, ...], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message) as error:
        build_model("wide_deep", arguments, features, BINARY)
    assert error.value.hint


def test_auxiliary_output_has_its_share_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    x = {"age": rng.normal(size=8), "city": rng.integers(0, 4, 8), "day": rng.normal(size=(8, 7))}
    y = rng.integers(0, 2, 8).astype(np.float32)
    model = build_model("wide_deep", {"loss_weights": [0.9, 0.1], "l2": 0.01}, TABLE, BINARY)
    model.compile(keras.optimizers.SGD(0.0), BINARY.loss(), metrics=BINARY.metrics())
    output, auxiliary = model.network(x)
    loss, _, _ = model.train_on_batch(x, y)
    regularization = float(sum(model.losses))
    first, second = (float(BINARY.loss()(y[:, np.newaxis], p)) for p in (output, auxiliary))
    assert loss == pytest.approx(0.9 * first + 0.1 * second + regularization, rel=1e-5)
    assert model.test_on_batch(x, y)[0] == pytest.approx(first + regularization, rel=1e-5)
    np.testing.assert_array_equal(model(x), output)


def test_auxiliary_output_is_saved_with_the_model(tmp_path: Any) -> None:
    model = build_model("wide_deep", {"loss_weights": [0.9, 0.1]}, TABLE, BINARY)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.loss_weights == (0.9, 0.1)
    assert loaded.count_params() == model.count_params()
    x = {"age": np.zeros(2), "city": np.zeros(2, int), "day": np.ones((2, 7))}
    for ours, theirs in zip(model(x, training=True), loaded(x, training=True), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def fit_fully(model: keras.Model, x: Any, y: Any, rate: float, steps: int) -> None:
    """Fits a model of a number by gradient descent on all records at once."""
    model.compile(keras.optimizers.SGD(rate), NUMBER.loss(), steps_per_execution=steps)
    data = tf.data.Dataset.from_tensors((x, y)).repeat(steps)
    model.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)


def test_linear_model_with_a_penalty_is_ridge() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 2)).astype(np.float32)
    y = (x @ [2.0, -1.0] + 3 + rng.normal(size=50)).astype(np.float32)[:, np.newaxis]
    model = build_model("mlp", {"hidden_units": [], "l2": 0.3}, [PAIR], NUMBER)
    fit_fully(model, {"pair": x}, y, 0.1, 400)
    ridge = Ridge(alpha=0.3 * len(x)).fit(x, y[:, 0])
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(kernel[:, 0], ridge.coef_, rtol=1e-3)
    np.testing.assert_allclose(bias, ridge.intercept_, rtol=1e-3)


@pytest.mark.parametrize("penalty", [{"l2": 1000.0}, {"l1": 1000.0}], ids=str)
@pytest.mark.parametrize("name", ["mlp", "wide_deep"])
def test_huge_penalty_empties_the_weights(name: str, penalty: dict[str, float]) -> None:
    rng = np.random.default_rng(0)
    x = {
        "age": rng.normal(size=32),
        "city": rng.integers(0, 4, 32),
        "day": rng.normal(size=(32, 7)),
    }
    y = 5 + x["age"][:, np.newaxis] + 3 * (x["city"] == 1)[:, np.newaxis]
    units = [] if name == "mlp" else [4]
    model = build_model(name, {"hidden_units": units, **penalty}, TABLE, NUMBER)
    before = model(x).numpy()
    fit_fully(model, x, y, 2e-6 if "l1" in penalty else 2e-4, 1000)
    assert np.ptp(before) > 0.1
    assert np.ptp(model(x)) < 0.05
    weights = [w.numpy() for w in model.trainable_variables if w.name in ("kernel", "embeddings")]
    assert max(np.abs(weight).max() for weight in weights) < 0.01
