"""The optimizers of a spec are Keras's."""

from __future__ import annotations

import inspect
import typing

import keras
import numpy as np
import pydantic
import pytest

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.optimizers import AnyOptimizer, Optimizer, Sgd

OPTIMIZERS = typing.get_args(typing.get_args(AnyOptimizer)[0])


def read(value: object) -> Optimizer:
    """Reads the section `optimizer`."""
    return TrainConfig.model_validate({"optimizer": value}).optimizer


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.model_fields["name"].default)
def test_arguments_and_defaults_are_those_of_keras(kind: type[Optimizer]) -> None:
    theirs = inspect.signature(getattr(keras.optimizers, kind.keras_name)).parameters
    assert kind.default_rate == theirs["learning_rate"].default
    for name, field in kind.model_fields.items():
        if name != "name":
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
