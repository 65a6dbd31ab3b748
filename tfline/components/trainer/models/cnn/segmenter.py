"""What each pixel of an image belongs to, or should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Unpack

from pydantic import Field

from tfline.components.trainer.models.cnn.image import check_sides, image_input
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Layers, Sizes
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


def segmenter(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    filters: Annotated[Sizes, Field(min_length=2)] = (16, 32, 64),
    skips: Literal["add", "concatenate"] = "add",
    noise: Annotated[float, Field(ge=0)] = 0.0,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds a fully convolutional network (Long et al. 2015, FCNs for Semantic Segmentation).

    Convolutions with a stride of 2 make the image small and the view of a pixel wide; transposed
    convolutions make it large again, and what the same size has seen on the way down is added; or
    put beside it, as in a U-Net (Ronneberger et al. 2015).

    Args:
        features: One image, whose sides can be halved `len(filters) - 1` times.
        head: What to predict: a label of the task mask or image, of the size of the image.
        filters: The number of filters at each size of the image, the largest first.
        skips: Whether what was seen on the way down is added or put beside.
        noise: The standard deviation of noise that is added to the image in training: a network
            that has the clean image as its label learns to remove it.
        **options: Of the hidden layers; the dropout is that of the smallest maps.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image, its sides cannot be halved, or the label
            is no mask or image of its size.
    """
    layers = Layers(**options)
    inputs, x = image_input(features, "segmenter")
    _check(features[0], head, 2 ** (len(filters) - 1))
    if noise:
        x = keras.layers.GaussianNoise(noise)(x)
    x = layers.convolution(x, filters[0], 3)  # [batch, h, w, filters[0]]
    skipped = []
    for count in filters[1:]:
        skipped.append(x)
        x = layers.convolution(x, count, 3, strides=2)  # [batch, h / 2, w / 2, count]
        x = layers.convolution(x, count, 3)
    x = layers.drop(x)
    for skip in reversed(skipped):
        x = layers.transposed_convolution(x, skip.shape[-1], 3, strides=2)  # as skip
        join = keras.layers.Add() if skips == "add" else keras.layers.Concatenate()
        x = layers.activate(join([x, skip]))
        x = layers.convolution(x, skip.shape[-1], 3)
    return keras.Model(inputs, head.output(x), name="segmenter")


def _check(image: TensorFeature, head: Head, divisor: int) -> None:
    if head.task not in ("mask", "image"):
        raise ModelError(
            f"segmenter predicts the class of each pixel, or an image. Received: a {head.task} "
            "label",
            where="label.task",
            hint="Use `label: {key: MASK, task: mask, shape: [HEIGHT, WIDTH], classes: [...]}`.",
        )
    check_sides(image, "segmenter", divisor)
