"""ResNet-34 whose units weigh their channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.cnn.image import image_input
from tfline.components.trainer.models.cnn.residual import DEFAULTS, UNITS, Units, residual_units
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Size, Width
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


def se_resnet(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Units = UNITS,
    width: Width = 1.0,
    reduction: Size = 16,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds SE-ResNet-34 (Hu et al. 2018, Squeeze-and-Excitation Networks).

    Each unit learns how much each of its channels counts for the image at hand. On 224 x 224 x 3
    and 1,000 classes it trains 21,958,868 parameters.

    Args:
        features: One image; of 224 x 224 pixels in the paper.
        head: What to predict.
        units: How many residual units there are of 64, 128, 256 and 512 filters; ``[2, 2, 2, 2]``
            makes 18 layers.
        width: Multiplies the number of filters.
        reduction: How many channels share one unit of the squeezed layer; r in the paper.
        **options: Of the hidden layers; the dropout is that before the output.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image.
    """

    def recalibrate(x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns x [batch, h, w, n] with each channel times its weight, 0 to 1 (figure 3)."""
        channels = x.shape[-1]
        squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)  # [batch, 1, 1, n]
        units = max(1, channels // reduction)
        excitation = keras.layers.Dense(units, activation="relu")(squeezed)
        weights = keras.layers.Dense(channels, activation="sigmoid")(excitation)
        return keras.layers.Multiply()([x, weights])

    inputs, x = image_input(features, "se_resnet")
    x = residual_units(DEFAULTS.replace(**options), x, units, width, recalibrate)  # [batch, 512]
    return keras.Model(inputs, head.output(x), name="se_resnet")
