"""Which objects are in an image, and where each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Unpack

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


def detector(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    filters: Annotated[Sizes, Field(min_length=2)] = (16, 32, 64, 64),
    cell: Annotated[int, Field(ge=2, le=32, examples=[4])] = 4,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds a network of one stage without anchors (Tian et al. 2019, FCOS).

    Convolutions make the image small and the view of a pixel wide; on the way back to cells of
    `cell` pixels, what the same size has seen on the way down is added (Lin et al. 2017, Feature
    Pyramid Networks). Each cell says which class the object is that it is in the middle of, and how
    far its sides are; boxes of one object are thinned out by non-maximum suppression.

    Args:
        features: One image, whose sides can be halved `len(filters)` times.
        head: What to predict: a label of the task boxes.
        filters: The number of filters at each size of the image, each half of the one before.
        cell: The side of a cell in pixels: 2, 4, 8, ...; objects whose middles are in one cell
            cannot be told apart.
        **options: Of the hidden layers; the dropout is that of the smallest maps.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image, its sides cannot be halved, the cell is no
            size of the image, or the label is none of objects.
    """
    sizes = [2**step for step in range(1, len(filters) + 1)]
    if head.task != "boxes":
        raise ModelError(
            f"detector finds objects. Received: a {head.task} label",
            where="label.task",
            hint="Use `label: {key: image/object/class/text, task: boxes}`; for a single box the "
            "model `localizer`, for a class alone `cnn`.",
        )
    if cell not in sizes:
        raise ModelError(
            f"With {len(filters)} `filters` a cell has {', '.join(map(str, sizes))} pixels. "
            f"Received: cell={cell}",
            where="model.detector.cell",
        )
    layers = Layers(**options)
    inputs, x = image_input(features, "detector")
    check_sides(features[0], "detector", sizes[-1])
    seen = []
    for count in filters:
        x = layers.convolution(x, count, 3, strides=2)  # [batch, h / 2, w / 2, count]
        x = layers.convolution(x, count, 3)
        seen.append(x)
    x = layers.drop(x)
    for skip in reversed(seen[sizes.index(cell) : -1]):
        x = layers.transposed_convolution(x, skip.shape[-1], 3, strides=2)  # as skip
        x = layers.activate(keras.layers.Add()([x, skip]))
        x = layers.convolution(x, skip.shape[-1], 3)
    x = layers.convolution(x, filters[-1], 3)
    return keras.Model(inputs, head.output(x), name="detector")
