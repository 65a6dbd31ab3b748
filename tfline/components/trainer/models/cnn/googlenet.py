"""GoogLeNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.cnn.image import image_input, scaled
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Layers, Width
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.cnn import local_response
else:
    keras = lazy_import("keras")
    local_response = lazy_import("tfline.components.trainer.models.cnn.local_response")

DEFAULTS = Layers(dropout=0.4)

STAGES = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)
"""The inception modules between two poolings: 3a-3b, 4a-4e and 5a-5b of the paper's table 1.

Of each: filters of 1 x 1, of 3 x 3 and what reduces to them, of 5 x 5 and what reduces to them, and
of what follows the pooling, in the order of the table's columns.
"""


def googlenet(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    width: Width = 1.0,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds GoogLeNet (Szegedy et al. 2015, Going Deeper with Convolutions).

    Without its auxiliary classifiers, which the paper removes after training. 6,998,552 parameters
    on 224 x 224 x 3 and 1,000 classes.

    Args:
        features: One image; of 224 x 224 pixels in the paper.
        head: What to predict.
        width: Multiplies the number of filters.
        **options: Of the hidden layers; the dropout is that before the output, 0.4.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image.
    """
    layers = DEFAULTS.replace(**options)
    normalization = local_response.LocalResponseNormalization
    inputs, x = image_input(features, "googlenet")
    x = layers.convolution(x, scaled(64, width), 7, strides=2)  # [batch, 112, 112, 64]
    x = normalization()(_halve(x))  # [batch, 56, 56, 64]
    x = layers.convolution(x, scaled(64, width), 1)
    x = layers.convolution(x, scaled(192, width), 3)
    x = normalization()(x)
    for modules in STAGES:
        x = _halve(x)  # side 28, 14, 7
        for filters in modules:
            x = _inception(layers, x, [scaled(count, width) for count in filters])
    x = layers.drop(keras.layers.GlobalAveragePooling2D()(x))  # [batch, 1024]
    return keras.Model(inputs, head.output(x), name="googlenet")


def _inception(layers: Layers, x: keras.KerasTensor, filters: Sequence[int]) -> keras.KerasTensor:
    """Returns windows of several sizes side by side, [batch, h, w, sum] (figure 2b)."""
    ones, reduced_3, threes, reduced_5, fives, projected = filters
    pooled = keras.layers.MaxPooling2D(3, 1, padding="same")(x)
    branches = [
        layers.convolution(x, ones, 1),
        layers.convolution(layers.convolution(x, reduced_3, 1), threes, 3),
        layers.convolution(layers.convolution(x, reduced_5, 1), fives, 5),
        layers.convolution(pooled, projected, 1),
    ]
    return keras.layers.Concatenate()(branches)


def _halve(x: keras.KerasTensor) -> keras.KerasTensor:
    """Returns [batch, h / 2, w / 2, n], rounded up."""
    return keras.layers.MaxPooling2D(3, 2, padding="same")(x)
