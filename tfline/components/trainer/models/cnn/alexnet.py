"""AlexNet."""

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

    from tfline.components.trainer.models.cnn import local_response
else:
    keras = lazy_import("keras")
    local_response = lazy_import("tfline.components.trainer.models.cnn.local_response")

DEFAULTS = Layers(dropout=0.5)


def alexnet(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    width: Width = 1.0,
    hidden_units: Sizes = (4096, 4096),
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds AlexNet (Krizhevsky et al. 2012, ImageNet Classification with Deep CNNs).

    On one device: convolutions see all channels, not the half that was on the same GPU. That makes
    62,378,344 parameters on 227 x 227 x 3 and 1,000 classes, where the paper's two halves have
    60,965,224. The paper draws dropout before each dense layer; here it is after each.

    Args:
        features: One image; of 227 x 227 pixels in the paper.
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
    normalization = local_response.LocalResponseNormalization
    inputs, x = image_input(features, "alexnet", [(11, 4), (3, 2), (3, 2), (3, 2)])
    x = layers.convolution(x, scaled(96, width), 11, strides=4, padding="valid")  # side 55
    x = keras.layers.MaxPooling2D(3, 2)(normalization()(x))  # [batch, 27, 27, 96]
    x = layers.convolution(x, scaled(256, width), 5)
    x = keras.layers.MaxPooling2D(3, 2)(normalization()(x))  # [batch, 13, 13, 256]
    for filters in (384, 384, 256):
        x = layers.convolution(x, scaled(filters, width), 3)  # [batch, 13, 13, filters]
    x = keras.layers.MaxPooling2D(3, 2)(x)  # [batch, 6, 6, 256]
    x = layers.stack(keras.layers.Flatten()(x), hidden_units)  # [batch, hidden_units[-1]]
    return keras.Model(inputs, head.output(x), name="alexnet")
