"""A forecast of weighted past values, whose weights are known and not learnt.

Each of these forecasts is one product: the values of a window, [batch, steps], times weights
[steps, horizon] that choose one of them (naive, seasonal naive) or take their mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.own_training import OwnTraining, Training
from tfline.components.trainer.models.repeating.check import REPEATING_SETTINGS
from tfline.components.trainer.naive.seasons import find_repeated, places
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import ForecastHead
from tfline.transforms.errors import ModelError
from tfline.transforms.target import TargetScale

if TYPE_CHECKING:
    from tfline.components.trainer.config import TrainConfig
    from tfline.components.trainer.transform_graph import Batch

SEASON_RECORDS = 5_000
"""So many series tell how long a season is."""


class WeightedPast(keras.layers.Layer):
    """Past values [batch, steps], weighted: what a forecast is trained on, [batch, horizon].

    Args:
        horizon: How many values follow.
        scale: How a value becomes what a model is trained on.
    """

    def __init__(self, horizon: int, scale: TargetScale, **arguments: Any) -> None:
        super().__init__(dtype="float32", **arguments)
        self._horizon, self._scale = horizon, scale

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights, float32 [steps, horizon]."""
        shape = (input_shape[1], self._horizon)
        self.weights_of_past = self.add_weight(shape, "zeros", trainable=False, name="past")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Returns [batch, horizon] for [batch, steps]."""
        return self._scale.scaled(tf.matmul(x, self.weights_of_past))


class RepeatingModel(OwnTraining):
    """A forecast of weighted past values.

    Args:
        features: One series.
        head: A forecast.
        name: Of the model, for an error.
        seasons: How long a season may be: one value, or None: whichever repeats best.
        length: Of the mean of the last values; None: of all.

    Raises:
        ModelError: There is not one series, it is too short, or something else is predicted.
    """

    def __init__(
        self,
        features: Sequence[TensorFeature],
        head: Head,
        name: str,
        seasons: tuple[int] | None = None,
        length: int | None = None,
    ) -> None:
        if not isinstance(head, ForecastHead) or head.steps > 1 or head.link.levels:
            raise ModelError(f"{name} makes forecasts after the last step. Received: {head.task}")
        if len(features) != 1 or not features[0].is_series or len(features[0].shape) != 1:
            named = ", ".join(map(str, features)) or "no features"
            raise ModelError(f"{name} takes one series of numbers. Received: {named}")
        needed, steps = (seasons[0] if seasons else length or 1), features[0].shape[0]
        if needed > steps:
            raise ModelError(
                f"{name} looks {needed} steps back, and '{features[0].name}' has {steps}",
                where=f"feature {features[0].name}",
                hint="Give its `window` a larger `length`.",
            )
        inputs = build_inputs(features)
        past = WeightedPast(head.size, head.scale, name="output")
        super().__init__(inputs, past(inputs[features[0].name]), name=name)
        self._feature, self._head, self._past = features[0].name, head, past
        self._season = seasons[0] if seasons else None
        self._averages = name == "moving_average"
        self._length = length or steps

    def learn(
        self,
        train: Iterable[Batch],
        evaluation: Iterable[Batch],
        config: TrainConfig,
        state_dir: str | None,
    ) -> Training:
        """Sets the weights; see `OwnTraining.learn`."""
        del config, state_dir
        steps, horizon = self._past.weights_of_past.shape
        weights = np.zeros([steps, horizon], np.float32)
        if self._averages:
            weights[-self._length :] = 1 / self._length
            size = f"the mean of the last {self._length:,} values"
        else:
            season = self._season or self._find_season(train)
            weights[places(season, horizon), range(horizon)] = 1
            size = "the last value" if season == 1 else f"a season of {season:,} steps"
        self._past.weights_of_past.assign(weights)
        return Training(
            self.reached(train, evaluation), "solution", size, settings=REPEATING_SETTINGS
        )

    def _find_season(self, train: Iterable[Batch]) -> int:
        """Returns how long the season is that repeats best in the train split."""
        series, labels, seen = [], [], 0
        for features, label, *_ in train:
            series.append(features[self._feature].numpy())
            labels.append(self._head.scale.restored(label).numpy())
            seen += len(label)
            if seen >= SEASON_RECORDS:
                break
        repeated = find_repeated({self._feature: np.concatenate(series)}, np.concatenate(labels))
        found = repeated[1] or repeated[0]
        return 1 if found is None else found.season
