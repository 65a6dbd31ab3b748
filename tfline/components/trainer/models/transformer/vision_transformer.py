"""An encoder over the patches of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.layers import Size
from tfline.components.trainer.models.transformer.arguments import EncoderArguments
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.transformer import class_token, encoder, positions
else:
    keras = lazy_import("keras")
    class_token = lazy_import("tfline.components.trainer.models.transformer.class_token")
    encoder = lazy_import("tfline.components.trainer.models.transformer.encoder")
    positions = lazy_import("tfline.components.trainer.models.transformer.positions")


def vision_transformer(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    patch_size: Size = 4,
    units: Size = 64,
    heads: Size = 4,
    hidden_units: Size = 128,
    blocks: Size = 4,
    **options: Unpack[EncoderArguments],
) -> keras.Model:
    """Builds a Vision Transformer (Dosovitskiy et al. 2021, An Image Is Worth 16x16 Words).

    Its default size is for images of some thirty pixels; the paper's ViT-Base is
    ``{patch_size: 16, units: 768, heads: 12, hidden_units: 3072, blocks: 12}``.

    Args:
        features: One image.
        head: What to predict.
        patch_size: The side of a patch; divides height and width.
        units: The width of a patch's vector.
        heads: How many heads each attention has; they share the units evenly.
        hidden_units: The width of each block's hidden layer.
        blocks: How many blocks there are.
        **options: Of the blocks.

    Returns:
        A model from feature name -> tensor to [batch, head.units].

    Raises:
        ModelError: The features are not a single image, it cannot be cut into patches, or the
            heads cannot share the units.
    """
    options = {"activation": "gelu", **options}
    image = _find_image(features, patch_size)
    inputs = build_inputs(features)
    # A patch times a matrix is a convolution whose windows do not overlap.
    x = keras.layers.Conv2D(units, patch_size, strides=patch_size)(inputs[image.name])
    patches = x.shape[1] * x.shape[2]
    x = keras.layers.Reshape((patches, units))(x)  # [batch, patches, units]
    x = class_token.ClassToken()(x)  # [batch, 1 + patches, units]
    x = positions.LearnedPositions(1 + patches)(x)
    x = encoder.encode(
        x,
        blocks=blocks,
        heads=heads,
        hidden_units=hidden_units,
        **options,
    )  # [batch, 1 + patches, units]
    return keras.Model(inputs, head.output(x[:, 0]), name="vision_transformer")


def _find_image(features: Sequence[TensorFeature], patch_size: int) -> TensorFeature:
    if len(features) != 1 or features[0].kind != "image":
        raise ModelError(
            "vision_transformer takes exactly one image feature. "
            f"Received: {', '.join(map(str, features)) or 'no features'}",
            hint="Use `tabular_transformer` for a table, `text_transformer` for a text.",
        )
    [image] = features
    height, width, _ = image.shape
    if height % patch_size or width % patch_size:
        raise ModelError(
            f"The image cannot be cut into patches of patch_size={patch_size}. Received: {image}",
            where=f"feature {image.name}",
            hint="Use another `patch_size`, or make the sides its multiples with `resize`.",
        )
    return image
