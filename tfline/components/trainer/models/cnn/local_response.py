"""Normalization of a pixel by its neighbours in other channels."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfline")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides by the strength of the five nearest channels (Krizhevsky et al. 2012, section 3.3).

    A filter that responds strongly inhibits its neighbours, so that they learn something else:

        b_i = a_i / (2 + 1e-4 * sum of a_j^2, j from i - 2 to i + 2)^0.75
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Returns the normalized x, [batch, height, width, channels]."""
        return tf.nn.local_response_normalization(x, depth_radius=2, bias=2, alpha=1e-4, beta=0.75)

    def compute_output_shape(self, x_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of x."""
        return x_shape
