"""ResNet-34."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.cnn.image import image_input
from tfline.components.trainer.models.cnn.residual import DEFAULTS, UNITS, Units, residual_units
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Width
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


def resnet34(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Units = UNITS,
    width: Width = 1.0,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds ResNet-34 (He et al. 2016, Deep Residual Learning for Image Recognition).

    With projections where the shapes differ (option B). On 224 x 224 x 3 and 1,000 classes it
    trains 21,797,672 parameters; the means and variances of its batch normalizations are 17,024
    more.

    Args:
        features: One image; of 224 x 224 pixels in the paper.
        head: What to predict.
        units: How many residual units there are of 64, 128, 256 and 512 filters; ``[2, 2, 2, 2]``
            makes 18 layers.
        width: Multiplies the number of filters.
        **options: Of the hidden layers; the dropout is that before the output.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image.
    """
    inputs, x = image_input(features, "resnet34")
    x = residual_units(DEFAULTS.replace(**options), x, units, width)  # [batch, 512]
    return keras.Model(inputs, head.output(x), name="resnet34")
