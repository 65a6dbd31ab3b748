"""A recurrent cell with layer normalization."""

from __future__ import annotations

from typing import Any

import keras

State = list[keras.KerasTensor]


@keras.saving.register_keras_serializable("tfline")
class LayerNormCell(keras.layers.Layer):
    """h(t) = tanh(LayerNorm(W x(t) + U h(t - 1) + b)) (Ba et al. 2016, Layer Normalization).

    Args:
        units: The width of the state.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units
        self.output_size = units
        self._cell = keras.layers.SimpleRNNCell(units, activation=None)
        self._norm = keras.layers.LayerNormalization()

    def build(self, x_shape: tuple[int | None, ...]) -> None:
        """Makes the weights."""
        self._cell.build(x_shape)
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
        y, _ = self._cell(x, states)
        y = keras.ops.tanh(self._norm(y))
        return y, [y]

    def get_initial_state(self, batch_size: int | None = None) -> State:
        """Returns the states before the first step: zeros."""
        return [keras.ops.zeros((batch_size, self.units), dtype=self.compute_dtype)]

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "units": self.units}
