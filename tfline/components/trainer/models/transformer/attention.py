"""Multi-head attention, and the masks that say what may attend to what.

Keras's own layer keeps its keys and values to itself; a decoder that writes one token after the
other has to keep them from step to step. The attention itself is Keras's.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfline.components.trainer.models.transformer.arguments import check_heads

Shape = tuple[int | None, ...]
"""The shape of a tensor; None: of any size."""

KeysValues = tuple[keras.KerasTensor, keras.KerasTensor]
"""The keys and values of a sequence, each float32 [batch, length, heads, units / heads]."""


def padding_mask(tokens: keras.KerasTensor) -> keras.KerasTensor:
    """Returns which tokens may be attended to, bool [batch, 1, length]: not 0, the padding.

    Args:
        tokens: int64 [batch, length].
    """
    return ops.expand_dims(ops.not_equal(tokens, 0), axis=1)


def causal_mask(length: int | keras.KerasTensor) -> keras.KerasTensor:
    """Returns which steps a step may attend to, bool [1, length, length]: itself and those before.

    Args:
        length: How many steps there are.
    """
    steps = ops.arange(length)
    return ops.expand_dims(ops.expand_dims(steps, 1) >= ops.expand_dims(steps, 0), axis=0)


@keras.saving.register_keras_serializable("tfline")
class MultiHeadAttention(keras.layers.Layer):
    """Attention in several subspaces at once (Vaswani et al. 2017, section 3.2.2).

    Args:
        units: The width of what it takes and gives, d_model in the paper.
        heads: In how many subspaces, each `units / heads` wide; h in the paper.

    Raises:
        ModelError: `units` cannot be divided among `heads`.
    """

    def __init__(self, units: int, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_heads(units, heads)
        self.units = units
        self.heads = heads
        self._query = keras.layers.Dense(units, name="query")
        self._key = keras.layers.Dense(units, name="key")
        self._value = keras.layers.Dense(units, name="value")
        self._output = keras.layers.Dense(units, name="output")

    def build(self, query_shape: Shape, memory_shape: Shape) -> None:
        """Makes the four projections."""
        self._query.build(query_shape)
        self._key.build(memory_shape)
        self._value.build(memory_shape)
        self._output.build((*query_shape[:-1], self.units))

    def call(
        self,
        query: keras.KerasTensor,
        memory: keras.KerasTensor,
        attention_mask: keras.KerasTensor | None = None,
    ) -> keras.KerasTensor:
        """Lets each step of `query` look into `memory`; self-attention if they are the same.

        Args:
            query: float32 [batch, n, width].
            memory: float32 [batch, m, width].
            attention_mask: bool, can be broadcast to [batch, n, m]: where a step may look.

        Returns:
            float32 [batch, n, units].
        """
        return self.attend(query, self.project(memory), attention_mask)

    def project(self, memory: keras.KerasTensor) -> KeysValues:
        """Returns the keys and values of `memory`, [batch, m, width]."""
        return self._split(self._key(memory)), self._split(self._value(memory))

    def attend(
        self,
        query: keras.KerasTensor,
        memory: KeysValues,
        attention_mask: keras.KerasTensor | None = None,
    ) -> keras.KerasTensor:
        """Returns what `call` does, for keys and values that are known already."""
        if attention_mask is not None:
            attention_mask = ops.expand_dims(attention_mask, axis=1)  # [batch, 1, n, m]
        x = ops.dot_product_attention(
            self._split(self._query(query)), *memory, mask=attention_mask
        )  # [batch, n, heads, units / heads]
        return self._output(ops.reshape(x, (-1, ops.shape(x)[1], self.units)))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "units": self.units, "heads": self.heads}

    def _split(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns [batch, length, heads, units / heads] of [batch, length, units]."""
        return ops.reshape(x, (-1, ops.shape(x)[1], self.heads, self.units // self.heads))
