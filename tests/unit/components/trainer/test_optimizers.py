"""The optimizers of a spec are Keras's."""

from __future__ import annotations

import inspect
import typing

import keras
import numpy as np
import pydantic
import pytest

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.optimizers import AnyOptimizer, Optimizer, OwnOptimizer, Sgd

OPTIMIZERS = [
    kind
    for kind in typing.get_args(typing.get_args(AnyOptimizer)[0])
    if issubclass(kind, Optimizer)
]


def read(value: object) -> Optimizer | OwnOptimizer:
    """Reads the section `optimizer`."""
    return TrainConfig.model_validate({"optimizer": value}).optimizer


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.model_fields["name"].default)
def test_arguments_and_defaults_are_those_of_keras(kind: type[Optimizer]) -> None:
    theirs = inspect.signature(getattr(keras.optimizers, kind.keras_name)).parameters
    assert kind.default_rate == theirs["learning_rate"].default
    for name, field in kind.model_fields.items():
        if name not in ("name", "ema"):
            assert field.default == theirs[name].default, name


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.model_fields["name"].default)
def test_optimizer_is_built_and_survives_json(kind: type[Optimizer]) -> None:
    config = TrainConfig(optimizer=kind(clipnorm=1.0), learning_rate=0.25)
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config
    optimizer = config.optimizer.build(config.peak_rate, accumulate=2)
    assert type(optimizer).__name__ == kind.keras_name
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.clipnorm == 1.0
    assert optimizer.gradient_accumulation_steps == 2


def test_short_and_long_forms_are_the_same() -> None:
    sgd = Sgd(momentum=0.9, nesterov=True)
    assert read({"sgd": {"momentum": 0.9, "nesterov": True}}) == sgd
    assert read({"name": "sgd", "momentum": 0.9, "nesterov": True}) == sgd
    assert read("sgd") == read({"sgd": None}) == Sgd()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("adamm", "Did you mean 'adam'"),
        ({"sgd": {"momentun": 0.9}}, r"optimizer\.sgd\.momentun"),
        ({"sgd": {"momentum": 1.5}}, "less than 1"),
        ({"sgd": {"clipnorm": 1.0, "clipvalue": 1.0}}, "clipped in one way"),
        ({"sgd": 3}, "optimizer"),
        (3, "optimizer"),
        ({"sgd": {}, "adam": {}}, "optimizer"),
    ],
)
def test_wrong_optimizer_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        read(wrong)


@pytest.mark.parametrize(
    ("clipping", "step"),
    [
        ({}, [3.0, 4.0]),
        ({"clipvalue": 3.5}, [3.0, 3.5]),
        ({"clipnorm": 1.0}, [0.6, 0.8]),
        ({"global_clipnorm": 2.5}, [1.5, 2.0]),
    ],
)
def test_gradients_are_clipped(clipping: dict[str, float], step: list[float]) -> None:
    weight = keras.Variable([0.0, 0.0])
    read({"sgd": clipping}).build(1.0).apply([keras.ops.array([3.0, 4.0])], [weight])
    np.testing.assert_allclose(weight.value, -np.array(step), rtol=1e-6)


def test_momentum_looks_ahead_with_nesterov() -> None:
    weight, ahead = keras.Variable([0.0]), keras.Variable([0.0])
    plain = read({"sgd": {"momentum": 0.5}}).build(1.0)
    nesterov = read({"sgd": {"momentum": 0.5, "nesterov": True}}).build(1.0)
    for _ in range(2):
        plain.apply([keras.ops.array([1.0])], [weight])
        nesterov.apply([keras.ops.array([1.0])], [ahead])
    assert float(weight.value[0]) == -1 - 1.5
    assert float(ahead.value[0]) == -1.5 - 1.75


class HalfSteps(keras.optimizers.SGD):
    """An optimizer of the user's own."""

    def __init__(self, learning_rate: float = 0.5, factor: float = 0.5, **kwargs: object) -> None:
        super().__init__(learning_rate=learning_rate * factor, **kwargs)


def test_own_optimizer_is_named_by_its_path() -> None:
    path = f"{__name__}.HalfSteps"
    own = read({path: {"factor": 0.25}})
    assert own.default_rate == 0.5
    weight = keras.Variable([0.0])
    own.build(1.0).apply([keras.ops.array([1.0])], [weight])
    assert float(weight.value[0]) == -0.25
    config = TrainConfig.model_validate({"optimizer": path})
    assert config.own_code == (path,)
    assert config.peak_rate == 0.5


def test_lion_goes_by_the_sign() -> None:
    weight = keras.Variable([0.0, 0.0])
    read("lion").build(0.1).apply([keras.ops.array([3.0, -0.001])], [weight])
    np.testing.assert_allclose(weight.value, [-0.1, 0.1], rtol=1e-6)


def test_exported_weights_are_averages_with_ema() -> None:
    weight = keras.Variable([0.0])
    optimizer = read({"sgd": {"ema": 0.5}}).build(1.0)
    for _ in range(3):
        optimizer.apply([keras.ops.array([1.0])], [weight])
    optimizer.finalize_variable_values([weight])
    assert -3 < float(weight.value[0]) < 0
    with pytest.raises(pydantic.ValidationError, match="Take one of both out"):
        TrainConfig.model_validate({"optimizer": {"adam": {"ema": 0.9}}, "early_stopping": 2})
