"""Xception."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.cnn.image import image_input, scaled
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Layers, Size, Width
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")

DEFAULTS = Layers(normalization="batch")


def xception(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    width: Width = 1.0,
    middle_blocks: Size = 8,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds Xception (Chollet 2017, Deep Learning with Depthwise Separable Convolutions).

    On 299 x 299 x 3 and 1,000 classes it trains 22,855,952 parameters; the means and variances of
    its batch normalizations are 54,528 more.

    Args:
        features: One image; of 299 x 299 pixels in the paper.
        head: What to predict.
        width: Multiplies the number of filters.
        middle_blocks: How many blocks the middle flow has.
        **options: Of the hidden layers; the dropout is that before the output.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image, or it is too small.
    """
    layers = DEFAULTS.replace(**options)
    inputs, x = image_input(features, "xception", [(3, 2), (3, 1)])
    # Entry flow.
    x = layers.convolution(x, scaled(32, width), 3, strides=2, padding="valid")  # side 149
    x = layers.convolution(x, scaled(64, width), 3, padding="valid", activate=False)  # side 147
    for filters in (128, 256, 728):
        x = _narrowing_block(layers, x, scaled(filters, width), scaled(filters, width))
    # Middle flow, [batch, 19, 19, 728].
    for _ in range(middle_blocks):
        residual = x
        for _ in range(3):
            residual = _activated_separable(layers, residual, x.shape[-1])
        x = keras.layers.Add()([x, residual])
    # Exit flow.
    x = _narrowing_block(layers, x, x.shape[-1], scaled(1024, width))  # side 10
    for filters in (1536, 2048):
        x = layers.activate(layers.separable_convolution(x, scaled(filters, width), 3))
    x = layers.drop(keras.layers.GlobalAveragePooling2D()(x))  # [batch, 2048]
    return keras.Model(inputs, head.output(x), name="xception")


def _narrowing_block(
    layers: Layers, x: keras.KerasTensor, first: int, second: int
) -> keras.KerasTensor:
    """Returns [batch, h / 2, w / 2, second] of x [batch, h, w, n], its sides rounded up."""
    shortcut = layers.convolution(x, second, 1, strides=2, activate=False)
    x = _activated_separable(layers, x, first)
    x = _activated_separable(layers, x, second)
    x = keras.layers.MaxPooling2D(3, 2, padding="same")(x)
    return keras.layers.Add()([shortcut, x])


def _activated_separable(layers: Layers, x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    return layers.separable_convolution(layers.activate(x), filters, 3)
