"""A loss that asks a hidden layer to keep what the input was."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable("tfline")
class Reconstruction(keras.layers.Layer):
    """Passes a hidden layer on, and adds to the loss how badly the input is reconstructed from it.

    Args:
        weight: Of the mean squared error in the loss.
    """

    def __init__(self, weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def build(self, x_shape: Shape, target_shape: Shape) -> None:
        """Makes the layer that reconstructs."""
        self._decoder = keras.layers.Dense(target_shape[-1], name="reconstruction")
        self._decoder.build(x_shape)

    def call(self, x: keras.KerasTensor, target: keras.KerasTensor) -> keras.KerasTensor:
        """Returns x [batch, n] as it is; `target`: the input [batch, width]."""
        # Embeddings are part of the input: they shall not become what is easy to reconstruct.
        error = ops.stop_gradient(target) - self._decoder(x)  # [batch, width]
        self.add_loss(self.weight * ops.mean(ops.square(error)))
        return x

    def compute_output_shape(self, x_shape: Shape, target_shape: Shape) -> Shape:
        """Returns the shape of x."""
        del target_shape
        return x_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "weight": self.weight}
