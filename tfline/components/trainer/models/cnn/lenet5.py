"""LeNet-5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.cnn.image import image_input
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Layers
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")

DEFAULTS = Layers(activation="tanh")


def lenet5(
    features: Sequence[TensorFeature], head: Head, **options: Unpack[LayerArguments]
) -> keras.Model:
    """Builds LeNet-5 (LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition).

    In its modern form: every map of C3 sees all of S2, the poolings have no weights of their own,
    and the last layer is that of the task, not of radial basis functions. The paper pads its
    images of 28 x 28 to 32 x 32; here the first convolution pads them. 61,706 parameters on
    28 x 28 x 1 and 10 classes.

    Args:
        features: One image.
        head: What to predict.
        **options: Of the hidden layers; the activation is tanh.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image, or it is too small.
    """
    layers = DEFAULTS.replace(**options)
    inputs, x = image_input(features, "lenet5", [(2, 2), (5, 1), (2, 2)])
    x = layers.convolution(x, 6, 5)  # C1: [batch, 28, 28, 6]
    x = keras.layers.AveragePooling2D(2)(x)  # S2: [batch, 14, 14, 6]
    x = layers.convolution(x, 16, 5, padding="valid")  # C3: [batch, 10, 10, 16]
    x = keras.layers.AveragePooling2D(2)(x)  # S4: [batch, 5, 5, 16]
    x = layers.stack(keras.layers.Flatten()(x), [120, 84])  # C5, F6: [batch, 84]
    return keras.Model(inputs, head.output(x), name="lenet5")
