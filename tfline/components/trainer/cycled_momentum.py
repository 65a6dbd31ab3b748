"""SGD whose momentum follows a schedule; those of Keras are of the learning rate alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


class CycledSGD(keras.optimizers.SGD):
    """Keras's SGD with another momentum at each step.

    Args:
        cycle: From the number of steps, int [], to the momentum, float32 [].
        kwargs: Those of Keras's; its `momentum` is not 0.
    """

    def __init__(self, cycle: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._cycle = cycle

    def update_step(
        self, gradient: keras.KerasTensor, variable: keras.Variable, learning_rate: Any
    ) -> None:
        """Changes a variable: v <- momentum v - rate gradient, and the variable by v.

        Nesterov's looks ahead: the variable changes by momentum v - rate gradient, with the new v.
        """
        rate = ops.cast(learning_rate, variable.dtype)
        momentum = ops.cast(self._cycle(self._iterations), variable.dtype)
        push = rate * ops.cast(gradient, variable.dtype)
        velocity = self.momentums[self._get_variable_index(variable)]
        self.assign(velocity, momentum * velocity - push)
        self.assign_add(variable, momentum * velocity - push if self.nesterov else velocity)
