"""The linear model, as a Keras model that solves for its weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.losses import build_loss
from tfline.components.trainer.models.inputs import TensorFeature, build_inputs, refuse_strings
from tfline.components.trainer.models.linear.check import LINEAR_SETTINGS
from tfline.components.trainer.models.linear.examples import Examples
from tfline.components.trainer.models.linear.solver import Problem, solve
from tfline.components.trainer.models.own_training import OwnTraining, Training
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError

if TYPE_CHECKING:
    from tfline.components.trainer.config import TrainConfig
    from tfline.components.trainer.transform_graph import Batch


class LinearModel(OwnTraining):
    """Columns of numbers, and one layer.

    Args:
        features: The inputs.
        head: What it predicts.
        l1: Weight in the loss of the sum of |weights|.
        l2: Weight in the loss of the sum of squared weights.
        max_iterations: The most steps of the solver.

    Raises:
        ModelError: There is no feature, or a string.
    """

    def __init__(
        self,
        features: Sequence[TensorFeature],
        head: Head,
        l1: float,
        l2: float,
        max_iterations: int,
    ) -> None:
        inputs = build_inputs(features)
        columns = one_row(inputs, features)
        super().__init__(inputs, head.output(columns), name="linear")
        self._columns = keras.Model(inputs, columns)
        self._head = head
        self._l1, self._l2 = l1, l2
        self._max_iterations = max_iterations

    def learn(
        self,
        train: Iterable[Batch],
        evaluation: Iterable[Batch],
        config: TrainConfig,
        state_dir: str | None,
    ) -> Training:
        """Solves for the weights; see `OwnTraining.learn`. A solution takes seconds: no state."""
        del state_dir
        layer = self.get_layer("output")
        problem = Problem(
            Examples(train, lambda features: self._columns(features, training=False)),
            build_loss(config.loss, self._head),
            keras.activations.get(self._head.activation),
            self._l1,
            self._l2,
        )
        columns, units = layer.kernel.shape
        solution = solve(problem, columns, units, self._max_iterations)
        layer.kernel.assign(solution.weights)
        layer.bias.assign(solution.bias)
        used = int(np.count_nonzero(solution.weights))
        size = f"{used:,} of {solution.weights.size:,} weights are not 0, {solution.how}"
        history = self.reached(train, evaluation)
        return Training(history, "solution", size, settings=LINEAR_SETTINGS)


def one_row(
    inputs: Mapping[str, keras.KerasTensor], features: Sequence[TensorFeature]
) -> keras.KerasTensor:
    """Returns the columns of a linear model, float32 [batch, columns].

    Raises:
        ModelError: There is no feature, a string, or an index of unknown depth.
    """
    if not features:
        raise ModelError("The model has no features", hint="Name at least one in `features`.")
    refuse_strings(features)
    parts: list[Any] = []
    for feature in features:
        x = inputs[feature.name]
        if feature.kind == "index":
            if feature.depth is None:
                raise ModelError(f"The depth of '{feature.name}' is not known: {feature}")
            mode = "count" if feature.shape else "one_hot"
            parts.append(keras.layers.CategoryEncoding(feature.depth, mode)(x))
        elif feature.shape:
            parts.append(keras.layers.Flatten()(x))
        else:
            parts.append(keras.layers.Reshape((1,))(x))
    joined = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    return keras.layers.Activation("linear", dtype=tf.float32)(joined)
