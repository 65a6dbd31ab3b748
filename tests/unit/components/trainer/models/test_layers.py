"""The options that all models share for their hidden layers."""

from __future__ import annotations

import typing
from typing import Any

import keras
import numpy as np
import pytest

from tfline.components.trainer.models.layers import Activation, Initializer, Layers

X = np.random.default_rng(0).normal(size=(64, 20)).astype(np.float32)
IMAGE = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype(np.float32)


def model_of(layers: Layers, units: int = 16) -> keras.Model:
    inputs = keras.Input((20,))
    return keras.Model(inputs, layers.dense(inputs, units))


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers[1:]]


@pytest.mark.parametrize("activation", typing.get_args(Activation))
def test_every_activation_is_that_of_keras(activation: Any) -> None:
    model = model_of(Layers(activation=activation))
    before = X @ model.layers[1].kernel.numpy()
    expected = (
        np.maximum(before, 0)  # its slopes begin at 0
        if activation == "prelu"
        else keras.activations.get(activation)(before)
    )
    np.testing.assert_allclose(model(X), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("initializer", typing.get_args(Initializer))
def test_every_initializer_is_that_of_keras(initializer: Any) -> None:
    dense = model_of(Layers(initializer=initializer)).layers[1]
    assert type(dense.kernel_initializer) is type(keras.initializers.get(initializer))


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
