"""What is particular to each network of series."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError

LOAD = TensorFeature("load", "numeric", (12,))
NUMBER = TASKS["regression"].head()
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


def test_options_are_those_of_the_weights_of_inputs_and_of_states() -> None:
    options = {"activation": "relu", "initializer": "he_normal", "l2": 0.1, "max_norm": 1.0}
    model = build_model("gru", {"recurrent_initializer": "he_uniform", **options}, [LOAD], NUMBER)
    cell = next(layer.cell for layer in model.layers if isinstance(layer, keras.layers.GRU))
    kernels = (cell.kernel, cell.recurrent_kernel, model.layers[-1].kernel)
    squares = sum((weight.numpy() ** 2).sum() for weight in kernels)
    assert float(sum(model.losses)) == pytest.approx(0.1 * squares, rel=1e-5)
    assert cell.kernel_constraint.max_value == cell.recurrent_constraint.max_value == 1
    assert isinstance(cell.kernel_initializer, keras.initializers.HeNormal)
    assert isinstance(cell.recurrent_initializer, keras.initializers.HeUniform)
    assert cell.activation is keras.activations.relu


@pytest.mark.parametrize("width", [3, 12])
def test_categories_beside_a_series_are_no_steps(width: int) -> None:
    tags = TensorFeature("tags", "numeric", (width,), in_order=False)
    model = build_model("gru", {"units": [7]}, [LOAD, tags], NUMBER)
    assert model.count_params() == 3 * ((1 + width + 7) * 7 + 2 * 7) + 8


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


@pytest.mark.parametrize("name", [*RECURRENT, "wavenet"])
def test_forecast_at_a_step_does_not_see_what_follows(name: str) -> None:
    head = TASKS["forecast"].head(size=2, steps=12)
    model = build_model(name, {}, [LOAD], head)
    x = np.random.default_rng(0).normal(size=(3, 12)).astype(np.float32)
    changed = x.copy()
    changed[:, 8:] += 1
    before, after = np.asarray(model({"load": x})), np.asarray(model({"load": changed}))
    assert before.shape == (3, 12, 2)
    np.testing.assert_array_equal(before[:, :8], after[:, :8])
    assert (np.abs(before - after)[:, 8:] > 0).any()


@pytest.mark.parametrize("name", [*RECURRENT, "wavenet"])
@pytest.mark.parametrize("length", [3, 12])
def test_known_future_counts_beside_the_past(name: str, length: int) -> None:
    holiday = TensorFeature("holiday_future", "numeric", (length,), ahead=True)
    head = TASKS["forecast"].head(size=3)
    model = build_model(name, {}, [LOAD, holiday], head)
    rng = np.random.default_rng(0)
    x = {
        "load": rng.normal(size=(1, 12)).astype(np.float32),
        "holiday_future": rng.normal(size=(1, length)).astype(np.float32),
    }
    before = np.asarray(model(x))
    past = build_model(name, {}, [LOAD], head).layers[-1].input.shape[-1]
    assert model.layers[-1].input.shape[-1] == 2 * past + length
    for key in x:
        moved = {**x, key: x[key] + 1}
        assert (np.abs(np.asarray(model(moved)) - before) > 1e-4).all(), key


def test_known_future_of_a_forecast_at_each_step_is_refused() -> None:
    holiday = TensorFeature("holiday_future", "numeric", (3,), ahead=True)
    with pytest.raises(ModelError, match="of the future of the last one alone"):
        build_model("gru", {}, [LOAD, holiday], TASKS["forecast"].head(size=3, steps=12))


def test_error_of_a_forecast_is_that_after_the_last_step() -> None:
    [metric] = TASKS["forecast"].head(size=2, steps=3).metrics()
    label, output = np.zeros((4, 3, 2)), np.ones((4, 3, 2))
    output[:, -1] = [2, 4]
    assert float(metric(label, output)) == 3


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("gru", {"bidirectional": True}, "would see at each step"),
        ("conv_gru", {"bidirectional": True}, "would see at each step"),
        ("mlp", {}, "at 12 steps, the model makes one at 1"),
    ],
)
def test_model_that_cannot_forecast_at_each_step_is_refused(
    name: str, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        build_model(name, arguments, [LOAD], TASKS["forecast"].head(steps=12))
