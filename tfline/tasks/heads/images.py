"""Heads of labels that are parts of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.tasks.heads.classes import ClassesHead
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.features import BOX
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


class BoxHead(Head):
    """A class and the box around it: see `tfline.tasks.heads.box_loss`."""

    task = "box"
    activation = "linear"

    @property
    def units(self) -> int:
        """A probability for each class, and the sides of a box."""
        return len(self.classes) + len(BOX)

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output [batch, units] for the last hidden layer [batch, n]."""
        logits = keras.layers.Dense(self.units, dtype="float32", name="logits")(x)
        return self.activate(logits, "output")

    def activate(self, logits: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Returns probabilities, and sides between 0 and 1."""
        k = len(self.classes)
        parts = [keras.ops.softmax(logits[:, :k]), keras.ops.sigmoid(logits[:, k:])]
        return keras.layers.Concatenate(dtype="float32", name=name)(parts)

    def loss(self) -> keras.losses.Loss:
        """Returns the sum of the losses of class and box."""
        from tfline.tasks.heads.box_loss import BoxLoss

        return BoxLoss()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns intersection over union, and accuracy of the class."""
        from tfline.tasks.heads.box_loss import overlap, right_class

        return [
            keras.metrics.MeanMetricWrapper(overlap, name="iou"),
            keras.metrics.MeanMetricWrapper(right_class, name="accuracy"),
        ]


class MaskHead(ClassesHead):
    """The class of each pixel: probabilities [batch, pixels, classes], row by row."""

    task = "mask"
    activation = "softmax"

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output, the batch first."""
        return (None, self.size, self.units)

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output for the last hidden layer [batch, height, width, n].

        Raises:
            ModelError: The hidden layer has not the pixels of the label.
        """
        if len(x.shape) != 4 or x.shape[1] * x.shape[2] != self.size:
            raise ModelError(
                f"The mask has {self.size:,} pixels; the model's last layer is of shape "
                f"{list(x.shape[1:])}",
                where="label.shape",
                hint="Use the model `segmenter`, with an image of the height and width of `shape`.",
            )
        convolution = keras.layers.Conv2D(self.units, 1, dtype="float32", name="logits")
        x = convolution(x)  # [batch, height, width, units]
        x = keras.layers.Reshape((self.size, self.units))(x)
        return self.activate(x, "output")

    def loss(self) -> keras.losses.Loss:
        """Returns the cross-entropy with class indices [batch, pixels], mean over the pixels."""
        return keras.losses.SparseCategoricalCrossentropy()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns intersection over union, mean over the classes, and the share of right pixels."""
        return [
            keras.metrics.MeanIoU(self.units, sparse_y_pred=False, name="iou"),
            keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        ]
