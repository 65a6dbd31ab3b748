"""The residual units that ResNet-34 and SE-ResNet share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tfline.components.trainer.models.cnn.image import scaled
from tfline.components.trainer.models.layers import Layers, Size
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    Recalibrate = Callable[[keras.KerasTensor], keras.KerasTensor]
else:
    keras = lazy_import("keras")

Units = Annotated[tuple[Size, Size, Size, Size], Field(strict=False)]

DEFAULTS = Layers(initializer="he_normal", normalization="batch")

UNITS = (3, 4, 6, 3)
"""How many residual units of the same side there are; (2, 2, 2, 2) makes ResNet-18."""

FILTERS = (64, 128, 256, 512)
"""Of each of their convolutions."""


def residual_units(
    layers: Layers,
    x: keras.KerasTensor,
    units: Units,
    width: float,
    recalibrate: Recalibrate | None = None,
) -> keras.KerasTensor:
    """Returns [batch, width * 512], the mean over what the last unit gives.

    Args:
        layers: Makes the convolutions.
        x: An image, [batch, height, width, channels].
        units: How many there are of each number of filters.
        width: Multiplies the number of filters.
        recalibrate: Applied to what a unit adds to its input.
    """
    x = layers.convolution(x, scaled(64, width), 7, strides=2)  # [batch, 112, 112, 64]
    x = keras.layers.MaxPooling2D(3, 2, padding="same")(x)  # [batch, 56, 56, 64]
    for filters, count in zip(FILTERS, units, strict=True):
        for unit in range(count):
            strides = 2 if filters > FILTERS[0] and unit == 0 else 1  # side 56, 28, 14, 7
            x = _residual_unit(layers, x, scaled(filters, width), strides, recalibrate)
    return layers.drop(keras.layers.GlobalAveragePooling2D()(x))


def _residual_unit(
    layers: Layers,
    x: keras.KerasTensor,
    filters: int,
    strides: int,
    recalibrate: Recalibrate | None,
) -> keras.KerasTensor:
    """Returns [batch, h / strides, w / strides, filters] of x [batch, h, w, n]."""
    residual = layers.convolution(x, filters, 3, strides=strides)
    residual = layers.convolution(residual, filters, 3, activate=False)
    if recalibrate is not None:
        residual = recalibrate(residual)
    if strides > 1 or x.shape[-1] != filters:  # a projection where the shapes differ: option B
        x = layers.convolution(x, filters, 1, strides=strides, activate=False)
    return layers.activate(keras.layers.Add()([x, residual]))
