"""A recurrent cell with layer normalization."""

from __future__ import annotations

from typing import Any

import keras

State = list[keras.KerasTensor]


@keras.saving.register_keras_serializable("tfline")
class LayerNormCell(keras.layers.SimpleRNNCell):
    """h(t) = tanh(LayerNorm(W x(t) + U h(t - 1) + b)) (Ba et al. 2016, Layer Normalization).

    Args:
        units: The width of the state.
        kwargs: Those of `keras.layers.SimpleRNNCell`.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self._norm = keras.layers.LayerNormalization()

    def build(self, x_shape: tuple[int | None, ...]) -> None:
        """Makes the weights."""
        super().build(x_shape)
        self._norm.build((*x_shape[:-1], self.units))

    def call(
        self, x: keras.KerasTensor, states: State, training: bool | None = None
    ) -> tuple[keras.KerasTensor, State]:
        """Takes one step.

        Args:
            x: float32 [batch, channels].
            states: float32 [batch, units].
            training: Not used.

        Returns:
            The output float32 [batch, units], and the states: the same.
        """
        [h] = states
        y = keras.ops.matmul(x, self.kernel) + self.bias
        y = y + keras.ops.matmul(h, self.recurrent_kernel)
        y = self.activation(self._norm(y))
        return y, [y]
