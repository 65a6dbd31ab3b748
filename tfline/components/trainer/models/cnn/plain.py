"""The plain convolutional network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Unpack

from pydantic import Field

from tfline.components.trainer.models.cnn.image import image_input
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Layers, Padding, Size, Sizes
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


def cnn(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    filters: Annotated[Sizes, Field(min_length=1)] = (30, 30),
    kernel_size: Size = 2,
    pool_size: Size = 2,
    padding: Padding = "valid",
    hidden_units: Sizes = (),
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds a convolutional network: convolution and max pooling in turn (LeCun et al. 1998).

    With its defaults, images of 28 x 28 x 1 and 10 classes it has 14,590 parameters: convolutions
    without padding make 28 -> 27 -> 13 -> 12 -> 6, so
    (2*2*1 + 1) * 30 + (2*2*30 + 1) * 30 + (6*6*30 + 1) * 10.

    Args:
        features: One image.
        head: What to predict.
        filters: The number of filters of each convolution.
        kernel_size: The side of a convolution's window.
        pool_size: The side of a pooling window, and its stride.
        padding: ``same``: zeros around the image at each convolution; ``valid``: none.
        hidden_units: The width of each dense layer after the convolutions.
        **options: Of the hidden layers.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image, or it is too small for the layers.
    """
    layers = Layers(**options)
    convolution = [(kernel_size, 1)] if padding == "valid" else []
    windows = [*convolution, (pool_size, pool_size)] * len(filters)
    inputs, x = image_input(features, "cnn", windows)
    for count in filters:
        x = layers.convolution(x, count, kernel_size, padding=padding)
        x = keras.layers.MaxPooling2D(pool_size)(x)  # [batch, h / pool, w / pool, count]
    x = layers.drop(keras.layers.Flatten()(x))  # [batch, h * w * filters[-1]]
    x = layers.stack(x, hidden_units)
    return keras.Model(inputs, head.output(x), name="cnn")
