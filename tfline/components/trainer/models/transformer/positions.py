"""Embeddings and positional encodings: attention alone does not see the order of its input."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfline.components.trainer.models.transformer.attention import Shape
from tfline.transforms.errors import ModelError

LONGEST_WAVE = 10_000.0
"""The wavelengths of the sinusoids go from 2 pi to this number times 2 pi."""


@keras.saving.register_keras_serializable("tfline")
class TokenEmbedding(keras.layers.Layer):
    """One trained vector for each token, as large as the encoding that is added to it.

    The vectors begin with variance 1 / units and are multiplied by sqrt(units) (Vaswani et al.
    2017, section 3.4).

    Args:
        depth: How many tokens there are; 0 is padding.
        units: The width of a vector.
    """

    def __init__(self, depth: int, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.depth = depth
        self.units = units
        self._embedding = keras.layers.Embedding(
            depth, units, embeddings_initializer=keras.initializers.RandomNormal(stddev=units**-0.5)
        )

    def build(self, tokens_shape: Shape) -> None:
        """Makes the table."""
        self._embedding.build(tokens_shape)

    def call(self, tokens: keras.KerasTensor) -> keras.KerasTensor:
        """Returns float32 [batch, length, units] for tokens, int64 [batch, length]."""
        return self._embedding(tokens) * self.units**0.5

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "depth": self.depth, "units": self.units}


@keras.saving.register_keras_serializable("tfline")
class SinusoidalPositions(keras.layers.Layer):
    """Adds sines and cosines of the position (Vaswani et al. 2017, section 3.5).

    For positions of any number; they need no training:

        encoding[p, 2i] = sin(p / 10000^(2i / units)),  encoding[p, 2i + 1] = cos(same)
    """

    def build(self, x_shape: Shape) -> None:
        """Computes the frequencies.

        Raises:
            ModelError: The width is odd: a sine lacks its cosine.
        """
        units = x_shape[-1] or 0
        if units % 2:
            raise ModelError(
                f"Sinusoidal positions need an even width. Received: units={units}",
                hint="Use an even number of `units`, or learned positions.",
            )
        frequencies = LONGEST_WAVE ** (-np.arange(0, units, 2) / units)
        self._frequencies = frequencies.astype(np.float32)  # [units / 2]

    def call(
        self, x: keras.KerasTensor, *, start: int | keras.KerasTensor = 0
    ) -> keras.KerasTensor:
        """Returns x, [batch, length, units], plus the encoding of its positions.

        Args:
            x: float32 [batch, length, units].
            start: The position of its first step.
        """
        _, length, units = ops.shape(x)
        positions = ops.cast(ops.arange(length) + start, "float32")
        angles = ops.expand_dims(positions, 1) * self._frequencies  # [length, units / 2]
        pairs = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
        return x + ops.cast(ops.reshape(pairs, (length, units)), x.dtype)


@keras.saving.register_keras_serializable("tfline")
class LearnedPositions(keras.layers.Layer):
    """Adds a trained vector for each position (Gehring et al. 2017; Devlin et al. 2019).

    Args:
        length: How many positions there are.
    """

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = length

    def build(self, x_shape: Shape) -> None:
        """Makes the table."""
        self._table = self.add_weight(
            (self.length, x_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="positions",
        )

    def call(
        self, x: keras.KerasTensor, *, start: int | keras.KerasTensor = 0
    ) -> keras.KerasTensor:
        """Returns x, [batch, length, units], plus the vectors of its positions.

        Args:
            x: float32 [batch, length, units].
            start: The position of its first step.
        """
        return x + ops.take(self._table, ops.arange(ops.shape(x)[1]) + start, axis=0)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "length": self.length}
