"""The head of a label that is the objects of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.features import BOX
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


class ObjectsHead(Head):
    """A probability for each class and a box at each cell of a picture, [batch, h, w, k + 4].

    See `tfline.tasks.heads.centres`. How many cells there are is the model's to say.
    """

    task = "boxes"
    activation = "linear"

    @property
    def units(self) -> int:
        """A probability for each class, and the sides of a box."""
        return len(self.classes) + len(BOX)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output, the batch first."""
        return (None, None, None, self.units)

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output for the last hidden layer [batch, h, w, n].

        Raises:
            ModelError: The hidden layer has no cells.
        """
        from tfline.tasks.heads.centres import RareBias

        if len(x.shape) != 4:
            raise ModelError(
                "Objects are found at the cells of a picture; the model's last layer is of shape "
                f"{list(x.shape[1:])}",
                where="label.task",
                hint="Use the model `detector`.",
            )
        convolution = keras.layers.Conv2D(
            self.units,
            1,
            bias_initializer=RareBias(len(self.classes)),
            dtype="float32",
            name="logits",
        )
        return self.activate(convolution(x), "output")

    def activate(self, logits: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Returns probabilities and boxes for logits [batch, h, w, units]."""
        from tfline.tasks.heads.centres import CellBoxes

        return CellBoxes(dtype="float32", name=name)(logits)

    def loss(self) -> keras.losses.Loss:
        """Returns the sum of the losses of classes and boxes."""
        from tfline.tasks.heads.centres import CentreLoss

        return CentreLoss()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns how well the boxes fit that cells give for the object that they are in."""
        from tfline.tasks.heads.centres import CentreOverlap

        return [CentreOverlap(name="iou")]
