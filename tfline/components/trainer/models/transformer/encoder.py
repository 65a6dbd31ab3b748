"""The stack of blocks that all encoders have in their middle."""

from __future__ import annotations

from typing import Unpack

import keras

from tfline.components.trainer.models.transformer.arguments import ForwardArguments
from tfline.components.trainer.models.transformer.blocks import EPSILON, EncoderBlock


def encode(
    x: keras.KerasTensor,
    *,
    blocks: int,
    heads: int,
    hidden_units: int,
    attention_mask: keras.KerasTensor | None = None,
    dropout: float = 0.1,
    **options: Unpack[ForwardArguments],
) -> keras.KerasTensor:
    """Returns float32 [batch, length, units] of the same, normalized.

    Args:
        x: float32 [batch, length, units].
        blocks: How many blocks follow one another.
        heads: How many heads each attention has.
        hidden_units: The width of each feed-forward part's hidden layer.
        attention_mask: bool, can be broadcast to [batch, length, length].
        dropout: Share of x and of each part's output left out in a step.
        **options: Of the feed-forward parts.
    """
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    for _ in range(blocks):
        block = EncoderBlock(x.shape[-1], heads, hidden_units, dropout, **options)
        x = block(x, attention_mask)
    return keras.layers.LayerNormalization(epsilon=EPSILON)(x)
