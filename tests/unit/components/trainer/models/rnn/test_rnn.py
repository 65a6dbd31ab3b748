"""What is particular to each network of series."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.trainer.models.build import build_model
from components.trainer.models.head import HEADS
from components.trainer.models.inputs import TensorFeature

LOAD = TensorFeature("load", "numeric", (12,))
NUMBER = HEADS["regression"]()
RECURRENT = ("simple_rnn", "deep_rnn", "layer_norm_rnn", "lstm", "gru", "conv_gru")


@pytest.mark.parametrize(
    ("name", "arguments", "parameters"),
    [
        ("simple_rnn", {"units": 1}, 1 + 1 + 1 + 2),
        ("deep_rnn", {"units": [20, 20]}, 21 * 20 + 20 + 40 * 20 + 20 + 21),
        ("layer_norm_rnn", {"units": [5]}, 6 * 5 + 5 + 2 * 5 + 6),
        ("lstm", {"units": [7]}, 4 * (8 * 7 + 7) + 8),
        ("gru", {"units": [7]}, 3 * (8 * 7 + 2 * 7) + 8),
        ("gru", {"units": [7], "bidirectional": True}, 2 * 3 * (8 * 7 + 2 * 7) + 15),
        ("conv_gru", {"filters": 6, "units": [7]}, 4 * 6 + 6 + 3 * (13 * 7 + 2 * 7) + 8),
        ("wavenet", {"filters": 20}, 2 * 20 + 20 + 7 * (2 * 20 * 20 + 20) + 21),
    ],
)
def test_model_has_the_parameters_of_its_formula(
    name: str, arguments: dict[str, object], parameters: int
) -> None:
    assert build_model(name, arguments, [LOAD], NUMBER).count_params() == parameters


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_model_can_read_both_ways(name: str) -> None:
    one, both = (
        build_model(name, {"bidirectional": both}, [LOAD], NUMBER) for both in (False, True)
    )
    assert both.layers[-1].input.shape[-1] == 2 * one.layers[-1].input.shape[-1]


def test_series_and_constants_are_channels() -> None:
    features = [
        LOAD,
        TensorFeature("place", "index", depth=3, embedding=5),
        TensorFeature("weather", "numeric", (12, 2)),
        TensorFeature("age", "numeric"),
    ]
    model = build_model("simple_rnn", {"units": 4}, features, NUMBER)
    channels = 1 + 2 + 5 + 1
    assert model.count_params() == 3 * 5 + (channels + 4 + 1) * 4 + 5


@pytest.mark.parametrize("name", ["gru", "wavenet"])
def test_model_learns_examples_by_heart(name: str) -> None:
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 12)), rng.normal(size=32)
    model = build_model(name, {}, [LOAD], NUMBER)
    model.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False)
    model.fit(tf.data.Dataset.from_tensors(({"load": x}, y)).repeat(150), shuffle=False, verbose=0)
    assert model.evaluate({"load": x}, y, verbose=0) < 0.01 * y.var()
