"""A convolutional network that grows wider as its image grows smaller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.cnn.image import image_input, scaled
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Layers, Sizes, Width
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")

DEFAULTS = Layers(dropout=0.5)


def deep_cnn(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    width: Width = 1.0,
    hidden_units: Sizes = (128, 64),
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds a deep network of small windows (Géron, Hands-On Machine Learning, chapter 14).

    One convolution of 64 filters of 7 x 7, then pairs of 128 and of 256 filters of 3 x 3, each
    followed by pooling, then dense layers with dropout. 1,413,834 parameters on 28 x 28 x 1 and
    10 classes.

    Args:
        features: One image.
        head: What to predict.
        width: Multiplies the number of filters.
        hidden_units: The width of each dense layer.
        **options: Of the hidden layers; the dropout is that of the dense ones, 0.5.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image, or it is too small.
    """
    layers = DEFAULTS.replace(**options)
    pooling = keras.layers.MaxPooling2D  # halves the side, rounded down
    inputs, x = image_input(features, "deep_cnn", [(2, 2)] * 3)
    x = pooling(2)(layers.convolution(x, scaled(64, width), 7))
    for filters in (128, 256):
        for _ in range(2):
            x = layers.convolution(x, scaled(filters, width), 3)
        x = pooling(2)(x)  # [batch, side / 4, side / 4, 128], then [batch, side / 8, side / 8, 256]
    x = layers.stack(keras.layers.Flatten()(x), hidden_units)  # [batch, hidden_units[-1]]
    return keras.Model(inputs, head.output(x), name="deep_cnn")
