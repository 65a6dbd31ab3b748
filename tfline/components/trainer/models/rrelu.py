"""The randomized leaky ReLU (Xu et al. 2015)."""

from __future__ import annotations

from typing import Any

import keras

LOWEST, HIGHEST = 1 / 8, 1 / 3
"""The slopes of the paper."""


@keras.saving.register_keras_serializable("tfline")
class RReLU(keras.layers.Layer):
    """Returns x where it is positive, else x times a slope.

    In training the slope of each value is drawn evenly from 1/8 to 1/3; a model that predicts
    takes the mean of both.

    Args:
        kwargs: Those of a Keras layer.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seed = keras.random.SeedGenerator()

    def call(self, x: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Returns the activation of x, [batch, ..., n]."""
        slope: Any = (LOWEST + HIGHEST) / 2
        if training:
            slope = keras.random.uniform(
                keras.ops.shape(x), LOWEST, HIGHEST, dtype=x.dtype, seed=self._seed
            )
        return keras.ops.where(x >= 0, x, x * slope)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns `shape`."""
        return shape
