"""The cumulative logit model of ordered classes: proportional odds (McCullagh 1980).

A model gives one score f. The probability of a class that is at most the j-th is sigmoid(b_j - f),
with thresholds b_1 < b_2 < ..., so that of the j-th alone is the difference of two neighbours:

    b = [-1, 1], f = 0:  [sigmoid(-1), sigmoid(1) - sigmoid(-1), 1 - sigmoid(1)]
                         [0.269, 0.462, 0.269]
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import keras
from keras import ops

_SMALLEST = 1e-37
"""Of a probability in the loss: nearly the smallest that single precision has."""


@keras.saving.register_keras_serializable("tfline")
class CumulativeLogit(keras.layers.Layer):
    """From a score [batch, 1] to the probability of each of several ordered classes.

    Each threshold is the one before and a softplus, so that they rise whatever is learnt; at first
    all classes of a record with the score 0 are equally probable.

    Args:
        classes: How many there are, 2 at least.
        kwargs: Those of a Keras layer.
    """

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.classes = classes

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Makes the lowest threshold, and how far each other one lies above the one before."""
        del shape
        even = [math.log(j / (self.classes - j)) for j in range(1, self.classes)]
        steps = [high - low for low, high in itertools.pairwise(even)]
        raw = [math.log(math.expm1(step)) for step in steps]  # of which softplus makes the step
        self.lowest = self.add_weight(
            name="lowest", shape=(1,), initializer=keras.initializers.Constant(even[0])
        )
        self.steps = self.add_weight(
            name="steps", shape=(len(raw),), initializer=_Given(tuple(raw))
        )

    @property
    def thresholds(self) -> keras.KerasTensor:
        """The thresholds, rising, [classes - 1]."""
        steps = ops.softplus(ops.convert_to_tensor(self.steps))
        return ops.cumsum(ops.concatenate([ops.convert_to_tensor(self.lowest), steps]))

    def call(self, score: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the probabilities [batch, classes] for scores [batch, 1].

        sigmoid(u) - sigmoid(v) is sigmoid(u) sigmoid(-v) (1 - exp(v - u)), which loses no digits
        where both are near 1, and is never negative.
        """
        thresholds = self.thresholds
        logits = thresholds - score  # [batch, classes - 1]
        below, above = ops.sigmoid(logits), ops.sigmoid(-logits)
        between = -ops.expm1(thresholds[:-1] - thresholds[1:])  # [classes - 2]
        middle = below[:, 1:] * above[:, :-1] * between
        return ops.concatenate([below[:, :1], middle, above[:, -1:]], axis=1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns [batch, classes]."""
        return (*shape[:-1], self.classes)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "classes": self.classes}


class _Given(keras.initializers.Initializer):
    """Begins with given numbers."""

    def __init__(self, values: tuple[float, ...]) -> None:
        self._values = values

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return ops.reshape(ops.convert_to_tensor(self._values, dtype), shape)


@keras.saving.register_keras_serializable("tfline")
class OrdinalLoss(keras.losses.Loss):
    """The negative logarithm of the probability of the true class.

    Unlike Keras's cross-entropy it does not cut small probabilities off, which of a score that lies
    far beyond the thresholds would leave nothing to learn from.
    """

    def call(self, label: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the loss of each record, [batch], for indices [batch] or [batch, 1]."""
        index = ops.cast(ops.reshape(label, (-1,)), "int32")
        true = ops.one_hot(index, output.shape[-1], dtype=output.dtype)  # [batch, classes]
        return -ops.log(ops.maximum(ops.sum(true * output, axis=-1), _SMALLEST))


@keras.saving.register_keras_serializable("tfline")
def rank_error(label: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
    """Returns how many ranks the most probable class is off, [batch]."""
    decided = ops.cast(ops.argmax(output, axis=-1), "float32")
    return ops.abs(decided - ops.cast(ops.reshape(label, (-1,)), "float32"))
