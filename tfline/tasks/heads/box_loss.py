"""Boxes around objects: how well they fit, and the loss of a class and its box together.

A box is [top, left, bottom, right] in shares of the image's height and width. Labels are float32
[batch, 5]: the index of a class and a box. Outputs are float32 [batch, k + 4]: probabilities and a
box.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

BOX_WEIGHT = 10.0
"""Of a box in the loss: squared shares of an image are a hundredth of a cross-entropy."""


@keras.saving.register_keras_serializable("tfline")
class BoxLoss(keras.losses.Loss):
    """The cross-entropy of the class, and the squared error of its box.

    Args:
        box_weight: Of the squared error.
    """

    def __init__(self, box_weight: float = BOX_WEIGHT, name: str = "box_loss", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.box_weight = box_weight

    def call(self, label: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the loss of each record, [batch]."""
        kind = keras.losses.sparse_categorical_crossentropy(label[:, 0], output[:, :-4])
        box = keras.losses.mean_squared_error(label[:, 1:], output[:, -4:])
        return kind + self.box_weight * box

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "box_weight": self.box_weight}


@keras.saving.register_keras_serializable("tfline")
def overlap(label: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the intersection over the union of the boxes, [batch] (Jaccard 1912)."""
    wanted, found = label[:, 1:], output[:, -4:]
    low = ops.maximum(wanted[:, :2], found[:, :2])  # [batch, 2]
    high = ops.minimum(wanted[:, 2:], found[:, 2:])
    both = ops.prod(ops.maximum(high - low, 0.0), axis=1)  # [batch]
    return both / ops.maximum(_area(wanted) + _area(found) - both, keras.config.epsilon())


@keras.saving.register_keras_serializable("tfline")
def right_class(label: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
    """Returns whether the most probable class is that of the label, [batch], 0 or 1."""
    return keras.metrics.sparse_categorical_accuracy(label[:, 0], output[:, :-4])


def _area(box: keras.KerasTensor) -> keras.KerasTensor:
    return ops.prod(ops.maximum(box[:, 2:] - box[:, :2], 0.0), axis=1)
