"""What is in an image, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Unpack

from pydantic import Field

from tfline.components.trainer.models.cnn.image import image_input
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Layers, Sizes
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


def localizer(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    filters: Annotated[Sizes, Field(min_length=1)] = (32, 64, 128),
    hidden_units: Sizes = (128,),
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds a network that finds one object: its class and the box around it.

    Class and box are regressed from the same features (Sermanet et al. 2014, OverFeat). The last
    maps are flattened, not averaged: an average does not know where something was.

    Args:
        features: One image.
        head: What to predict: a label of the task box.
        filters: The number of filters of each convolution; each halves the image.
        hidden_units: The width of each dense layer.
        **options: Of the hidden layers.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image, it is too small, or the label is no box.
    """
    if head.task != "box":
        raise ModelError(
            f"localizer predicts a class and a box. Received: a {head.task} label",
            where="label.task",
            hint="Use `label: {key: KIND, task: box, targets: [TOP, LEFT, BOTTOM, RIGHT]}`; for "
            "a class alone, the model `cnn`.",
        )
    layers = Layers(**options)
    inputs, x = image_input(features, "localizer", [(2, 2)] * len(filters))
    for count in filters:
        x = layers.convolution(x, count, 3)
        x = keras.layers.MaxPooling2D(2)(x)  # [batch, h / 2, w / 2, count]
    x = layers.stack(keras.layers.Flatten()(x), hidden_units)  # [batch, hidden_units[-1]]
    return keras.Model(inputs, head.output(x), name="localizer")
