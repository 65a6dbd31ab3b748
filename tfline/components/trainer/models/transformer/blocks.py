"""The blocks of encoder and decoder.

Each part is normalized before it, not after the sum as in the paper: then a deep stack trains
without a warm-up of the learning rate (Xiong et al. 2020, On Layer Normalization in the
Transformer Architecture). The last block is therefore followed by one normalization more.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
from keras import ops

from tfline.components.trainer.models.layers import Weights
from tfline.components.trainer.models.parts import (
    Constraint,
    Function,
    Initializer,
    Regularizer,
    make_function,
)
from tfline.components.trainer.models.transformer.attention import (
    KeysValues,
    MultiHeadAttention,
    Shape,
    causal_mask,
)

EPSILON = 1e-6
"""Added to the variance by a layer normalization; Keras's own 1e-3 is felt in narrow layers."""


class _Block(keras.layers.Layer):
    """What encoder and decoder blocks share: their arguments and the feed-forward part.

    Args:
        units: The width of what it takes and gives, d_model in the paper.
        heads: How many heads its attention has.
        hidden_units: The width of the hidden layer of its feed-forward part, d_ff in the paper.
        dropout: Share of each part's output left out in a step.
        activation: Of the hidden layer.
        initializer: Of the weights of the feed-forward part; as all that follows, see `Weights`.
        l1: Of the sum of their absolute values.
        l2: Of the sum of their squares.
        max_norm: Of those that lead to a unit.
        regularizer: In place of `l1` and `l2`.
        constraint: In place of `max_norm`.
        kwargs: Those of a Keras layer.
    """

    def __init__(
        self,
        units: int,
        heads: int,
        hidden_units: int,
        dropout: float = 0.0,
        activation: Function = "relu",
        initializer: Initializer | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float | None = None,
        regularizer: Regularizer | None = None,
        constraint: Constraint | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.heads = heads
        self.hidden_units = hidden_units
        self.dropout = dropout
        self.activation = activation
        self._forward_weights = Weights(initializer, l1, l2, max_norm, regularizer, constraint)
        self._self_norm = keras.layers.LayerNormalization(epsilon=EPSILON, name="self_norm")
        self._self_attention = MultiHeadAttention(units, heads, name="self_attention")
        self._forward_norm = keras.layers.LayerNormalization(epsilon=EPSILON, name="forward_norm")
        self._hidden = keras.layers.Dense(
            hidden_units,
            activation=make_function(activation),
            name="hidden",
            **self._forward_weights.arguments(),
        )
        self._narrow = keras.layers.Dense(units, name="narrow", **self._forward_weights.arguments())
        self._dropout = keras.layers.Dropout(dropout)

    def _build_parts(self, x_shape: Shape) -> None:
        """Makes the weights of the parts that both blocks have."""
        self._self_norm.build(x_shape)
        self._self_attention.build(x_shape, x_shape)
        self._forward_norm.build(x_shape)
        self._hidden.build(x_shape)
        self._narrow.build((*x_shape[:-1], self.hidden_units))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "units": self.units,
            "heads": self.heads,
            "hidden_units": self.hidden_units,
            "dropout": self.dropout,
            "activation": self.activation,
            **dataclasses.asdict(self._forward_weights),
        }

    def _forward(self, x: keras.KerasTensor, training: bool | None) -> keras.KerasTensor:
        """Adds the feed-forward part to x, [batch, length, units]."""
        y = self._narrow(self._hidden(self._forward_norm(x)))
        return x + self._dropout(y, training=training)


@keras.saving.register_keras_serializable("tfline")
class EncoderBlock(_Block):
    """Self-attention and a feed-forward layer, each with a way around it; see `_Block`."""

    def build(self, x_shape: Shape) -> None:
        """Makes the weights."""
        self._build_parts(x_shape)

    def call(
        self,
        x: keras.KerasTensor,
        attention_mask: keras.KerasTensor | None = None,
        training: bool | None = None,
    ) -> keras.KerasTensor:
        """Returns float32 [batch, length, units] of the same.

        Args:
            x: float32 [batch, length, units].
            attention_mask: bool, can be broadcast to [batch, length, length]: where a step may
                look.
            training: Whether to drop out.
        """
        y = self._self_norm(x)
        y = self._self_attention(y, y, attention_mask)
        return self._forward(x + self._dropout(y, training=training), training)


@keras.saving.register_keras_serializable("tfline")
class DecoderBlock(_Block):
    """Causal self-attention, attention to the encoder's output, and a feed-forward layer.

    `call` decodes all steps of a known target at once (teacher forcing); `step` decodes one, with
    the keys and values of those before it. Both give the same for the same target.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cross_norm = keras.layers.LayerNormalization(epsilon=EPSILON, name="cross_norm")
        self._cross_attention = MultiHeadAttention(self.units, self.heads, name="cross_attention")

    def build(self, x_shape: Shape, memory_shape: Shape) -> None:
        """Makes the weights."""
        self._build_parts(x_shape)
        self._cross_norm.build(x_shape)
        self._cross_attention.build(x_shape, memory_shape)

    def call(
        self,
        x: keras.KerasTensor,
        memory: keras.KerasTensor,
        memory_mask: keras.KerasTensor | None = None,
        training: bool | None = None,
    ) -> keras.KerasTensor:
        """Returns float32 [batch, n, units] of the same, each step from those up to it.

        Args:
            x: float32 [batch, n, units].
            memory: The encoder's output, float32 [batch, m, units].
            memory_mask: bool, can be broadcast to [batch, n, m]: see `padding_mask`.
            training: Whether to drop out.
        """
        y = self._self_norm(x)
        y = self._self_attention(y, y, causal_mask(ops.shape(x)[1]))
        x = x + self._dropout(y, training=training)
        return self._look_back(x, self.project(memory), memory_mask, training)

    def project(self, memory: keras.KerasTensor) -> KeysValues:
        """Returns the keys and values of the encoder's output, for `step`."""
        return self._cross_attention.project(memory)

    def step(
        self,
        x: keras.KerasTensor,
        index: keras.KerasTensor,
        past: KeysValues,
        memory: KeysValues,
        memory_mask: keras.KerasTensor | None = None,
    ) -> tuple[keras.KerasTensor, KeysValues]:
        """Decodes one step.

        Args:
            x: float32 [batch, 1, units].
            index: int32 []; which step it is.
            past: The keys and values of the steps before, each float32 [batch, steps, heads,
                units / heads] with room for all steps; zeros at first.
            memory: Of `project`.
            memory_mask: bool, can be broadcast to [batch, 1, m].

        Returns:
            float32 [batch, 1, units], and `past` with this step.
        """
        y = self._self_norm(x)
        new = self._self_attention.project(y)
        past = (
            ops.slice_update(past[0], (0, index, 0, 0), new[0]),
            ops.slice_update(past[1], (0, index, 0, 0), new[1]),
        )
        until_now = ops.reshape(ops.arange(ops.shape(past[0])[1]) <= index, (1, 1, -1))
        x = x + self._self_attention.attend(y, past, until_now)
        return self._look_back(x, memory, memory_mask, training=False), past

    def _look_back(
        self,
        x: keras.KerasTensor,
        memory: KeysValues,
        memory_mask: keras.KerasTensor | None,
        training: bool | None,
    ) -> keras.KerasTensor:
        y = self._cross_attention.attend(self._cross_norm(x), memory, memory_mask)
        return self._forward(x + self._dropout(y, training=training), training)
