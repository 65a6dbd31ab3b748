"""The stack of blocks that all encoders have in their middle."""

from __future__ import annotations

import keras

from components.trainer.models.transformer.blocks import EPSILON, EncoderBlock


def encode(
    x: keras.KerasTensor,
    *,
    blocks: int,
    heads: int,
    hidden_units: int,
    dropout: float,
    activation: str = "relu",
    attention_mask: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    """Returns float32 [batch, length, units] of the same, normalized.

    Args:
        x: float32 [batch, length, units].
        blocks: How many blocks follow one another.
        heads: How many heads each attention has.
        hidden_units: The width of each feed-forward part's hidden layer.
        dropout: Share of x and of each part's output left out in a step.
        activation: Of the hidden layers.
        attention_mask: bool, can be broadcast to [batch, length, length].
    """
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    for _ in range(blocks):
        block = EncoderBlock(x.shape[-1], heads, hidden_units, dropout, activation)
        x = block(x, attention_mask)
    return keras.layers.LayerNormalization(epsilon=EPSILON)(x)
