"""An encoder over the features of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.inputs import (
    TensorFeature,
    build_inputs,
    embed,
    refuse_strings,
)
from tfline.components.trainer.models.layers import Size
from tfline.components.trainer.models.transformer.arguments import EncoderArguments
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.transformer import class_token, encoder
else:
    keras = lazy_import("keras")
    class_token = lazy_import("tfline.components.trainer.models.transformer.class_token")
    encoder = lazy_import("tfline.components.trainer.models.transformer.encoder")


def tabular_transformer(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Size = 32,
    heads: Size = 4,
    hidden_units: Size = 64,
    blocks: Size = 2,
    **options: Unpack[EncoderArguments],
) -> keras.Model:
    """Builds an FT-Transformer (Gorishniy et al. 2021, Revisiting Deep Learning for Tabular Data).

    Each feature becomes a token; a token of its own attends to all of them and is classified.

    Args:
        features: Numbers, vectors and categories.
        head: What to predict.
        units: The width of a token.
        heads: How many heads each attention has; they share the units evenly.
        hidden_units: The width of each block's hidden layer.
        blocks: How many blocks there are.
        **options: Of the blocks.

    Returns:
        A model from feature name -> tensor to [batch, head.units].

    Raises:
        ModelError: There is no feature, one is an image, a text or of unknown depth, or the heads
            cannot share the units.
    """
    _check(features)
    inputs = build_inputs(features)
    tokens = [_token(inputs, feature, units) for feature in features]  # each [batch, 1, units]
    x = keras.layers.Concatenate(axis=1)(tokens) if len(tokens) > 1 else tokens[0]
    x = class_token.ClassToken()(x)  # [batch, 1 + features, units]
    x = encoder.encode(
        x, blocks=blocks, heads=heads, hidden_units=hidden_units, **options
    )  # [batch, 1 + features, units]
    return keras.Model(inputs, head.output(x[:, 0]), name="tabular_transformer")


def _token(
    inputs: Mapping[str, keras.KerasTensor], feature: TensorFeature, units: int
) -> keras.KerasTensor:
    """Returns x W + b of a number or a vector, a row of W of a category: [batch, 1, units]."""
    x = inputs[feature.name]
    if feature.kind == "index":
        vector = embed(x, feature, units)  # [batch, units]
    else:
        vector = keras.layers.Dense(units)(keras.layers.Flatten()(x))  # [batch, units]
    return keras.layers.Reshape((1, units))(vector)


def _check(features: Sequence[TensorFeature]) -> None:
    refuse_strings(features)
    wrong = [feature for feature in features if feature.kind == "image" or feature.is_text]
    if wrong or not features:
        raise ModelError(
            "tabular_transformer takes numbers, vectors and categories. "
            f"Received: {', '.join(map(str, wrong)) or 'no features'}",
            hint="Use `vision_transformer` for an image, `text_transformer` for a text.",
        )
