"""A token of its own that gathers what the others say."""

from __future__ import annotations

import keras
from keras import ops

from tfline.components.trainer.models.transformer.attention import Shape


@keras.saving.register_keras_serializable("tfline")
class ClassToken(keras.layers.Layer):
    """Puts one trained vector before a sequence (Devlin et al. 2019, BERT).

    After the encoder it stands for the whole sequence.
    """

    def build(self, x_shape: Shape) -> None:
        """Makes the vector."""
        initializer = keras.initializers.RandomNormal(stddev=0.02)
        self._vector = self.add_weight((x_shape[-1],), initializer=initializer, name="vector")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns [batch, 1 + length, units] of [batch, length, units]."""
        first = ops.broadcast_to(
            ops.cast(self._vector, x.dtype), (ops.shape(x)[0], 1, ops.shape(x)[2])
        )
        return ops.concatenate([first, x], axis=1)
