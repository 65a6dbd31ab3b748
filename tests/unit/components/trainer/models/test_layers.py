"""The options that all models share for their hidden layers."""

from __future__ import annotations

import typing
from typing import Any

import keras
import numpy as np
import pytest

from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import Layers
from tfline.components.trainer.models.mlp.perceptron import mlp
from tfline.components.trainer.models.parts import ActivationName, InitializerName
from tfline.components.trainer.models.rnn.recurrent import gru
from tfline.components.trainer.models.rrelu import RReLU
from tfline.components.trainer.models.transformer.tabular_transformer import tabular_transformer
from tfline.tasks.heads.numbers import RegressionHead
from tfline.transforms.arguments import check_arguments
from tfline.transforms.errors import SpecError

X = np.random.default_rng(0).normal(size=(64, 20)).astype(np.float32)
IMAGE = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype(np.float32)


def model_of(layers: Layers, units: int = 16) -> keras.Model:
    inputs = keras.Input((20,))
    return keras.Model(inputs, layers.dense(inputs, units))


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers[1:]]


@pytest.mark.parametrize("activation", sorted({*typing.get_args(ActivationName)} - {"rrelu"}))
def test_every_activation_is_that_of_keras(activation: Any) -> None:
    model = model_of(Layers(activation=activation))
    before = X @ model.layers[1].kernel.numpy()
    expected = (
        np.maximum(before, 0)  # its slopes begin at 0
        if activation == "prelu"
        else keras.activations.get(activation)(before)
    )
    np.testing.assert_allclose(model(X), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("initializer", typing.get_args(InitializerName))
def test_every_initializer_is_that_of_keras(initializer: Any) -> None:
    dense = model_of(Layers(initializer=initializer)).layers[1]
    assert type(dense.kernel_initializer) is type(keras.initializers.get(initializer))


def test_rrelu_draws_its_slopes_in_training_and_takes_their_mean_after_it() -> None:
    layer = RReLU()
    x = np.full((100, 100), -1.0, np.float32)
    np.testing.assert_allclose(layer(x), -(1 / 8 + 1 / 3) / 2, rtol=1e-6)
    drawn = -layer(x, training=True).numpy()
    assert 1 / 8 <= drawn.min() < 0.13
    assert 0.33 < drawn.max() <= 1 / 3
    assert abs(drawn.mean() - (1 / 8 + 1 / 3) / 2) < 0.002
    assert not np.array_equal(drawn, -layer(x, training=True).numpy())
    np.testing.assert_array_equal(layer(-x, training=True), -x)
    assert "RReLU" in kinds(model_of(Layers(activation="rrelu")))


OWN = {
    "activation": "keras.activations.mish",
    "initializer": {"keras.initializers.VarianceScaling": {"scale": 2.0, "mode": "fan_avg"}},
    "regularizer": {"keras.regularizers.OrthogonalRegularizer": {"factor": 0.1}},
    "constraint": "keras.constraints.NonNeg",
}


def test_parts_of_a_layer_may_be_code_that_the_spec_names() -> None:
    dense = model_of(Layers(**check_arguments(mlp, OWN, "model"))).layers[1]
    assert dense.kernel_initializer.get_config()["scale"] == 2.0
    assert isinstance(dense.kernel_regularizer, keras.regularizers.OrthogonalRegularizer)
    assert isinstance(dense.kernel_constraint, keras.constraints.NonNeg)
    layers = Layers(**check_arguments(mlp, {"activation": OWN["activation"]}, "model"))
    model = model_of(layers)
    expected = keras.activations.mish(X @ model.layers[1].kernel.numpy())
    np.testing.assert_allclose(model(X), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("builder", "feature"),
    [
        (gru, TensorFeature("x", "numeric", (8, 1))),
        (tabular_transformer, TensorFeature("x", "numeric")),
    ],
)
def test_recurrent_layers_and_blocks_take_own_parts(builder: Any, feature: TensorFeature) -> None:
    model = builder([feature], RegressionHead(), **check_arguments(builder, OWN, "model"))
    x = np.ones((3, *feature.shape), np.float32)
    assert np.isfinite(model({"x": x})).all()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"activation": "rellu"}, r"Unknown activation 'rellu'\. Did you mean 'relu'"),
        ({"initializer": "he"}, r"Unknown initializer 'he'"),
        ({"regularizer": "l2"}, r"The regularizer is the dotted path of your own code"),
        ({"activation": "keras.activations.missing"}, r"cannot be imported"),
    ],
)
def test_unknown_part_is_an_error_that_says_what_there_is(
    arguments: dict[str, Any], error: str
) -> None:
    with pytest.raises(SpecError, match=error):
        check_arguments(mlp, arguments, "model")


def test_selu_normalizes_itself() -> None:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((20,))
    layers = Layers(activation="selu", dropout=0.1)
    model = keras.Model(inputs, layers.stack(inputs, [200] * 20))
    assert isinstance(model.layers[1].kernel_initializer, keras.initializers.LecunNormal)
    assert "AlphaDropout" in kinds(model)
    for training in (False, True):
        y = model(X, training=training).numpy()
        assert abs(y.mean()) < 0.3
        assert 0.6 < y.std() < 1.4


def test_prelu_of_an_image_has_one_slope_a_channel() -> None:
    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, Layers(activation="prelu").convolution(inputs, 5, 3))
    assert model.layers[-1].alpha.shape == (1, 1, 5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["Dense", "Activation"]),
        ({"dropout": 0.5}, ["Dense", "Activation", "Dropout"]),
        ({"normalization": "batch"}, ["Dense", "BatchNormalization", "Activation"]),
        ({"normalization": "layer"}, ["Dense", "LayerNormalization", "Activation"]),
    ],
)
def test_layer_is_normalized_activated_and_dropped(
    options: dict[str, Any], expected: list[str]
) -> None:
    model = model_of(Layers(**options))
    assert kinds(model) == expected
    assert model.layers[1].use_bias is (options.get("normalization") != "batch")


def test_penalties_are_sums_over_the_weights() -> None:
    model = model_of(Layers(l1=0.1, l2=0.01))
    kernel = model.layers[1].kernel.numpy()
    expected = 0.1 * np.abs(kernel).sum() + 0.01 * (kernel**2).sum()
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_norm_of_the_weights_of_a_unit_is_bounded() -> None:
    inputs = keras.Input((6, 6, 3))
    layers = Layers(max_norm=0.5)
    x = layers.convolution(inputs, 5, 3)
    model = keras.Model(inputs, layers.dense(keras.layers.Flatten()(x), 4))
    model.compile("sgd", "mse")
    model.train_on_batch(IMAGE, np.full((2, 4), 100.0))
    convolution, dense = model.layers[1].kernel.numpy(), model.layers[-2].kernel.numpy()
    assert np.linalg.norm(convolution.reshape(-1, 5), axis=0).max() <= 0.5 + 1e-5
    assert np.linalg.norm(dense, axis=0).max() <= 0.5 + 1e-5


def test_options_take_the_place_of_a_models_own() -> None:
    layers = Layers(normalization="batch", initializer="he_normal")
    assert layers.replace(normalization="none", l2=0.1) == Layers(initializer="he_normal", l2=0.1)
