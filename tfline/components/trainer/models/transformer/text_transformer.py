"""An encoder that reads a text and classifies it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Unpack

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.layers import Size
from tfline.components.trainer.models.text import find_text, join_others
from tfline.components.trainer.models.transformer.arguments import EncoderArguments
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.transformer import attention, encoder, positions
else:
    keras = lazy_import("keras")
    attention = lazy_import("tfline.components.trainer.models.transformer.attention")
    encoder = lazy_import("tfline.components.trainer.models.transformer.encoder")
    positions = lazy_import("tfline.components.trainer.models.transformer.positions")


def text_transformer(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Size = 64,
    heads: Size = 4,
    hidden_units: Size = 128,
    blocks: Size = 2,
    positional: Literal["sinusoidal", "learned"] = "sinusoidal",
    embedding_units: Size = 16,
    **options: Unpack[EncoderArguments],
) -> keras.Model:
    """Builds the encoder of a Transformer (Vaswani et al. 2017), with the mean of its output.

    Padding is neither attended to nor part of the mean.

    Args:
        features: One text; numbers and categories beside it join its mean.
        head: What to predict.
        units: The width of a token's vector, if the text's `embedding` does not give it.
        heads: How many heads each attention has; they share the units evenly.
        hidden_units: The width of each block's hidden layer.
        blocks: How many blocks there are.
        positional: How a position is told: by sines and cosines, or by a trained vector.
        embedding_units: The size of a category's embedding.
        **options: Of the blocks.

    Returns:
        A model from feature name -> tensor to [batch, head.units].

    Raises:
        ModelError: There is not one text, or the heads cannot share the units.
    """
    text, depth, others = find_text(features, "text_transformer")
    inputs = build_inputs(features)
    tokens = inputs[text.name]  # [batch, length]
    x = positions.TokenEmbedding(depth, text.embedding or units)(tokens)  # [batch, length, units]
    if positional == "sinusoidal":
        x = positions.SinusoidalPositions()(x)
    else:
        x = positions.LearnedPositions(text.shape[0])(x)
    x = encoder.encode(
        x,
        blocks=blocks,
        heads=heads,
        hidden_units=hidden_units,
        attention_mask=attention.padding_mask(tokens),
        **options,
    )  # [batch, length, units]
    x = _mean(x, tokens)  # [batch, units]
    x = join_others(x, inputs, others, embedding_units)  # [batch, units + others]
    return keras.Model(inputs, head.output(x), name="text_transformer")


def _mean(x: keras.KerasTensor, tokens: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the mean [batch, units] of the vectors of tokens; zeros for an empty text."""
    present = keras.ops.cast(keras.ops.not_equal(tokens, 0), x.dtype)  # [batch, length]
    total = keras.ops.einsum("btu,bt->bu", x, present)  # [batch, units]
    count = keras.ops.sum(present, axis=1, keepdims=True)  # [batch, 1]
    return total / keras.ops.maximum(count, 1)
