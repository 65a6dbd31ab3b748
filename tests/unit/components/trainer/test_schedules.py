"""Each schedule against its formula, by hand and by Keras."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pydantic
import pytest

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.learning_rate import ScheduledRate, scheduled_rate
from tfline.components.trainer.optimizers import Sgd
from tfline.components.trainer.schedules import OneCycle
from tfline.transforms.errors import SpecError

PEAK, PER_EPOCH, EPOCHS = 0.4, 5, 10


def read(value: object) -> Any:
    """Reads the section `schedule`."""
    schedule = TrainConfig.model_validate({"schedule": value}).schedule
    if schedule is None:
        pytest.fail("no schedule")
    return schedule


def rates(value: object, steps: list[int]) -> list[float]:
    """Returns the learning rates at some steps."""
    rate = scheduled_rate(read(value), PEAK, PER_EPOCH, EPOCHS)
    if not isinstance(rate, ScheduledRate):
        pytest.fail("no schedule of the steps")
    return [float(rate(keras.ops.array(step, "int64"))) for step in steps]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"power": {"decay": 2.0}}, {0: 1, 10: 1 / 2, 20: 1 / 3, 30: 1 / 4}),
        ({"power": {"decay": 2.0, "power": 2.0}}, {0: 1, 10: 1 / 4, 20: 1 / 9}),
        ({"exponential": {"decay": 2.0}}, {0: 1, 5: 10**-0.5, 10: 0.1, 20: 0.01}),
        ({"exponential": {"decay": 1.0, "rate": 0.5}}, {5: 0.5, 50: 2**-10}),
        (
            {"piecewise": {"boundaries": [2.0, 4.0], "factors": [1.0, 0.5, 0.1]}},
            {0: 1, 9: 1, 10: 0.5, 19: 0.5, 20: 0.1, 49: 0.1},
        ),
        ("cosine", {0: 1, 25: 0.5, 10: (1 + math.cos(math.pi / 5)) / 2, 50: 0, 60: 0}),
        ({"cosine": {"final": 0.2}}, {0: 1, 25: 0.6, 50: 0.2}),
        (
            {"cosine": {"warmup": 2.0}},
            {0: 0, 5: 0.5, 10: 1, 30: 0.5, 50: 0},
        ),
        (
            {"1cycle": {"start": 0.2, "tail": 0.2, "final": 0.02}},
            {0: 0.2, 10: 0.6, 20: 1, 30: 0.6, 40: 0.2, 45: 0.11, 50: 0.02},
        ),
        ("1cycle", {0: 0.1, 50: 0.001}),
    ],
    ids=str,
)
def test_schedule_follows_its_formula(schedule: object, expected: dict[int, float]) -> None:
    found = rates(schedule, list(expected))
    np.testing.assert_allclose(found, [PEAK * f for f in expected.values()], rtol=1e-5, atol=1e-7)


def test_schedules_agree_with_those_of_keras() -> None:
    steps = list(range(0, 50, 7))
    theirs = keras.optimizers.schedules
    pairs = {
        "cosine": theirs.CosineDecay(PEAK, PER_EPOCH * EPOCHS),
        "exponential": theirs.ExponentialDecay(PEAK, PER_EPOCH * 10, 0.1),
        "power": theirs.InverseTimeDecay(PEAK, PER_EPOCH * 10, 1.0),
    }
    for name, schedule in pairs.items():
        expected = [float(schedule(keras.ops.array(step))) for step in steps]
        np.testing.assert_allclose(rates(name, steps), expected, rtol=1e-5, err_msg=name)


LOSSES = [3.0, 2.0, 2.0, 2.1, 1.9, 1.95, 1.9, 1.91, 1.92, 1.8999, 2.0, 2.0]


@pytest.mark.parametrize(
    "arguments",
    [{"rate": 0.5, "patience": 2}, {"rate": 0.1, "patience": 1, "final": 0.05}, {"patience": 3}],
    ids=str,
)
def test_plateau_falls_when_keras_does(arguments: dict[str, float]) -> None:
    plateau = read({"plateau": arguments})
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(PEAK), "mse")
    theirs = keras.callbacks.ReduceLROnPlateau(
        factor=plateau.rate, patience=plateau.patience, min_lr=PEAK * plateau.final, verbose=0
    )
    theirs.set_model(model)
    theirs.on_train_begin()
    for epoch, loss in enumerate(LOSSES):
        theirs.on_epoch_end(epoch, {"val_loss": loss})
        expected = float(model.optimizer.learning_rate)
        assert PEAK * plateau.factor_after(LOSSES[: epoch + 1]) == pytest.approx(expected, rel=1e-5)
    assert plateau.factor_after(LOSSES) < 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("cosin", "Did you mean 'cosine'"),
        ({"piecewise": {"boundaries": [1.0], "factors": [1.0]}}, "Expected 2 factors"),
        ({"piecewise": {"boundaries": [2.0, 1.0], "factors": [1, 1, 1]}}, "that rise"),
        ({"exponential": {"rate": 1.5}}, "less than 1"),
        ({"plateau": {"patience": 0}}, "greater than or equal to 1"),
    ],
    ids=str,
)
def test_wrong_schedule_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        read(wrong)


def test_momentum_falls_while_the_rate_rises() -> None:
    rate = scheduled_rate(OneCycle(momentum=0.85, tail=0.2), PEAK, PER_EPOCH, EPOCHS)
    optimizer = Sgd(momentum=0.95).build(rate)
    variable = keras.Variable(np.zeros(1))
    optimizer.build([variable])
    [velocity] = optimizer.momentums
    for step, expected in {0: 0.95, 10: 0.9, 20: 0.85, 30: 0.9, 40: 0.95, 50: 0.95}.items():
        optimizer.iterations.assign(step)
        velocity.assign([1.0])
        optimizer.apply([keras.ops.zeros(1)])  # what is left of the last update is its momentum
        assert float(velocity[0]) == pytest.approx(expected)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_that_hardly_falls_gives_the_updates_of_keras(nesterov: bool) -> None:
    rate = scheduled_rate(OneCycle(momentum=0.9 - 1e-9), PEAK, PER_EPOCH, EPOCHS)
    own, theirs = keras.Variable(np.ones(3)), keras.Variable(np.ones(3))
    optimizer = Sgd(momentum=0.9, nesterov=nesterov).build(rate)
    assert type(optimizer) is not keras.optimizers.SGD
    expected = keras.optimizers.SGD(rate, momentum=0.9, nesterov=nesterov)
    for _ in range(3):
        optimizer.apply([own * 0.3], [own])
        expected.apply([theirs * 0.3], [theirs])
    np.testing.assert_allclose(own, theirs, rtol=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", {"sgd": {"momentum": 0.8}}])
def test_momentum_that_cannot_fall_is_refused(optimizer: object) -> None:
    settings = {"schedule": {"1cycle": {"momentum": 0.8}}, "optimizer": optimizer}
    with pytest.raises(pydantic.ValidationError, match="from which it falls"):
        TrainConfig.model_validate(settings)


def halves(epoch: Any, epochs: Any, *, every: float = 1.0) -> Any:
    """A schedule of the user's own: a factor by the epoch."""
    del epochs
    return 0.5 ** (epoch / every)


class Steps(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule of the user's own: the rate by the step."""

    def __init__(self, first: float = 1.0) -> None:
        super().__init__()
        self._first = first

    def __call__(self, step: Any) -> Any:
        return self._first / (1.0 + keras.ops.cast(step, "float32"))


def own_rate(value: object) -> Any:
    return scheduled_rate(read(value), PEAK, PER_EPOCH, EPOCHS)


def test_own_schedule_is_a_function_of_the_epoch_or_one_of_keras() -> None:
    by_epoch = own_rate({f"{__name__}.halves": {"every": 2.0}})
    assert float(by_epoch(keras.ops.array(4 * PER_EPOCH))) == pytest.approx(PEAK / 4)
    by_step = own_rate({f"{__name__}.Steps": {"first": 3.0}})
    assert float(by_step(keras.ops.array(2))) == 1.0
    config = TrainConfig.model_validate({"schedule": f"{__name__}.halves"})
    assert config.own_code == (f"{__name__}.halves",)
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"schedule": {f"{__name__}.halves": {"evry": 2}}}, "Did you mean 'every'"),
        ({"schedule": {f"{__name__}.Steps": {"last": 2}}}, "refuses its arguments"),
        ({"schedule": f"{__name__}.halfs"}, "halfs"),
        ({"schedule": f"{__name__}.Steps", "learning_rate": 0.1}, "Take `learning_rate` out"),
    ],
    ids=str,
)
def test_wrong_own_schedule_is_refused_in_the_spec(schedule: object, message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        TrainConfig.model_validate(schedule)


def growing(epoch: Any, epochs: Any) -> Any:
    """What is no rate at the last step."""
    return 1.0 - 2.0 * epoch / epochs


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (f"{__name__}.growing", "gives no learning rate at step 49"),
        ("pathlib.Path", "must be a LearningRateSchedule"),
        ("math.sqrt", "fails at step 0"),
    ],
)
def test_own_schedule_that_is_none_is_refused_before_training(path: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        own_rate(path)
