"""What all convolutional networks begin with: one image that is large enough for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.transforms.errors import ModelError

if TYPE_CHECKING:
    import keras

Windows = Sequence[tuple[int, int]]
"""Side and stride of the windows that slide over an image without padding, first to last."""


def image_input(
    features: Sequence[TensorFeature], model: str, windows: Windows = ()
) -> tuple[dict[str, keras.KerasTensor], keras.KerasTensor]:
    """Returns the inputs of a model, and the only one of them: [batch, height, width, channels].

    Args:
        features: What the model is given.
        model: Its name, for the error.
        windows: Its convolutions and poolings without padding; those with padding shrink an image
            by their stride, but never to nothing.

    Raises:
        ModelError: The features are not a single image, or it is too small for the windows.
    """
    if len(features) != 1 or features[0].kind != "image":
        raise ModelError(
            f"{model} takes exactly one image feature. "
            f"Received: {', '.join(map(str, features)) or 'no features'}",
            hint="Use the model `mlp` or `wide_deep` for tables; make an image of a feature with "
            "`decode_raw` or `decode_image`.",
        )
    [image] = features
    least = least_side(windows)
    if min(image.shape[:2]) < least:
        raise ModelError(
            f"{model} shrinks the image to nothing: it needs at least {least} x {least} pixels. "
            f"Received: {image}",
            where=f"feature {image.name}",
            hint=f"Enlarge it with the transform `resize: {{size: [{least}, {least}]}}`, "
            "or use a model with fewer layers or smaller windows.",
        )
    inputs = build_inputs(features)
    return inputs, inputs[image.name]


def least_side(windows: Windows) -> int:
    """Returns the side of the smallest image of which the last window gives one pixel."""
    side = 1
    for size, stride in reversed(windows):
        side = (side - 1) * stride + size
    return side


def check_sides(image: TensorFeature, model: str, divisor: int) -> None:
    """Sees that the sides of an image can be halved as often as a model does, and doubled again.

    Args:
        image: The feature.
        model: The name of the model, for the error.
        divisor: What both sides are to be divided by.

    Raises:
        ModelError: They cannot.
    """
    height, width = image.shape[:2]
    if height % divisor or width % divisor:
        raise ModelError(
            f"{model} needs sides that {divisor} divides. Received: {image}",
            where=f"feature {image.name}",
            hint=f"Use fewer `filters`, or `resize: {{size: [{-(-height // divisor) * divisor}, "
            f"{-(-width // divisor) * divisor}]}}`, of a mask too.",
        )


def scaled(filters: int, width: float) -> int:
    """Returns a number of filters for a network that is `width` times as wide as in its paper."""
    return max(1, round(filters * width))
