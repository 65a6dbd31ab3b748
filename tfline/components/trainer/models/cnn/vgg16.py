"""VGG-16."""

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

STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Filters and number of the convolutions between two poolings (configuration D of the paper)."""


def vgg16(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    width: Width = 1.0,
    hidden_units: Sizes = (4096, 4096),
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds VGG-16 (Simonyan and Zisserman 2015, Very Deep Convolutional Networks).

    138,357,544 parameters on 224 x 224 x 3 and 1,000 classes.

    Args:
        features: One image; of 224 x 224 pixels in the paper.
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
    inputs, x = image_input(features, "vgg16", [(2, 2)] * len(STAGES))
    for filters, convolutions in STAGES:
        for _ in range(convolutions):
            x = layers.convolution(x, scaled(filters, width), 3)
        x = keras.layers.MaxPooling2D(2)(x)  # side 112, 56, 28, 14, 7
    x = layers.stack(keras.layers.Flatten()(x), hidden_units)  # [batch, hidden_units[-1]]
    return keras.Model(inputs, head.output(x), name="vgg16")
