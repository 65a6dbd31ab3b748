"""The head of a label that is an image."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


@dataclasses.dataclass(frozen=True)
class ImageHead(Head):
    """All numbers of an image, from 0 to 1, row by row: [batch, height * width * channels].

    Attributes:
        channels: How many numbers a pixel has.
    """

    channels: int = 1

    task: ClassVar[str] = "image"
    activation = "sigmoid"

    @property
    def units(self) -> int:
        """How many numbers the image has."""
        return self.size

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output for the last hidden layer, [batch, n] or [batch, height, width, n].

        Raises:
            ModelError: The hidden layer has pixels, but not those of the label.
        """
        if len(x.shape) == 2:
            return super().output(x)
        pixels = self.size // self.channels
        if len(x.shape) != 4 or x.shape[1] * x.shape[2] != pixels:
            raise ModelError(
                f"The image has {pixels:,} pixels; the model's last layer is of shape "
                f"{list(x.shape[1:])}",
                where="label.shape",
                hint="Use `segmenter` with an image of the height and width of `shape`, or `mlp`.",
            )
        x = keras.layers.Conv2D(self.channels, 1, dtype="float32", name="logits")(x)
        return self.activate(keras.layers.Flatten(dtype="float32")(x), "output")

    def loss(self) -> keras.losses.Loss:
        """Returns the mean squared error."""
        return keras.losses.MeanSquaredError()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the mean absolute error."""
        return [keras.metrics.MeanAbsoluteError(name="mae")]
