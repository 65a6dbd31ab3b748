"""Forecasts that repeat: each by hand, in the unit of the series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.own_training import Training
from tfline.components.trainer.models.repeating.model import RepeatingModel
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import ForecastHead, RegressionHead
from tfline.transforms.errors import ModelError
from tfline.transforms.target import TargetScale

STEPS, HORIZON = 10, 5
LOAD = TensorFeature("load", "numeric", (STEPS,))
SCALES = [
    TargetScale(),
    TargetScale(transform="standardize", shift=(50.0,), scale=(7.0,)),
    TargetScale(transform="log1p", shift=(3.0,), scale=(0.5,)),
]


def waves(season: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns 40 windows of a series that repeats after `season` steps, and what follows each."""
    shape = 40 + 10 * np.random.default_rng(1).random(season)
    series = np.array([shape[step % season] for step in range(100)], np.float32)
    begins = range(40)
    past = np.stack([series[begin : begin + STEPS] for begin in begins])
    ahead = np.stack([series[begin + STEPS : begin + STEPS + HORIZON] for begin in begins])
    return past, ahead


def learnt(name: str, scale: TargetScale, **arguments: Any) -> tuple[RepeatingModel, Training]:
    head = ForecastHead(size=HORIZON, scale=scale)
    model = build_model(name, arguments, [LOAD], head)
    assert isinstance(model, RepeatingModel)
    compile_model(model, head, TrainConfig(), 1)
    past, ahead = waves(season=4)
    data = tf.data.Dataset.from_tensor_slices(({"load": past}, scale.scaled(ahead))).batch(16)
    return model, model.learn(data, data, TrainConfig(), None)


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.transform)
@pytest.mark.parametrize(
    ("name", "arguments", "expected", "size"),
    [
        ("naive", {}, [10, 10, 10, 10, 10], "the last value"),
        ("seasonal_naive", {"season": 3}, [8, 9, 10, 8, 9], "a season of 3 steps"),
        ("seasonal_naive", {}, [7, 8, 9, 10, 7], "a season of 4 steps"),
        ("moving_average", {"length": 4}, [8.5] * 5, "the mean of the last 4 values"),
        ("moving_average", {}, [5.5] * 5, "the mean of the last 10 values"),
    ],
)
def test_forecast_by_hand(
    scale: TargetScale, name: str, arguments: dict[str, int], expected: list[float], size: str
) -> None:
    model, training = learnt(name, scale, **arguments)
    past = np.arange(1, 11, dtype=np.float32)[np.newaxis]
    y = scale.restored(model({"load": past}))
    np.testing.assert_allclose(y, [expected], rtol=1e-5)
    assert training.size == size
    if expected == [7, 8, 9, 10, 7]:  # the season that the waves have
        assert training.history["val_mae"][-1] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("features", "head", "arguments", "message"),
    [
        ([LOAD], RegressionHead(), {}, "makes forecasts"),
        ([LOAD], ForecastHead(size=5, steps=10), {}, "makes forecasts"),
        ([LOAD, LOAD], ForecastHead(size=5), {}, "takes one series"),
        ([TensorFeature("age", "numeric")], ForecastHead(size=5), {}, "takes one series"),
        ([LOAD], ForecastHead(size=5), {"season": 11}, "looks 11 steps back"),
    ],
)
def test_what_cannot_be_repeated_is_refused(
    features: list[TensorFeature], head: Head, arguments: dict[str, int], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        build_model("seasonal_naive", arguments, features, head)
