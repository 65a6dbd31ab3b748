"""The task whose label is an image: noise removal, colouring, an autoencoder."""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfline.tasks.heads.whole_image import ImageHead
from tfline.tasks.task import Card, Label, LabelData, Task, Values, channels
from tfline.transforms.features import LabelSpec
from tfline.transforms.image_label import encode_image
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from tfline.metrics.arrays import Array, Floats
    from tfline.metrics.statistic import Decision
    from tfline.tasks.heads.head import Head
    from tfline.tasks.task import Columns, Errors, Outputs
else:
    np = lazy_import("numpy")
    tf = lazy_import("tensorflow")

PICTURE = "data:image/png;base64,"
"""What the words for a label begin with that is shown as a picture."""


class Image(Task):
    """An image."""

    family = "image"
    fields = frozenset({"shape"})
    head = ImageHead
    examined = 1000
    error_name = "root of the mean squared error"
    error_is_share = False

    def check(self, label: LabelSpec) -> None:
        """Sees that the image has a shape."""
        if label.shape is None or (len(label.shape) == 3 and label.shape[2] not in (1, 3)):
            raise ValueError(
                "An image has a `shape`: [height, width], or [height, width, 3] in colour. "
                f"Received: {label.shape}"
            )

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label; it has no classes."""
        del data
        return label, []

    def encode(self, columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
        """Returns the image from 0 to 1, float32 [batch, numbers]."""
        return encode_image(columns, label)

    def make_head(self, label: Label) -> Head:
        """Returns what a model has to predict."""
        head = super().make_head(label)
        if isinstance(head, ImageHead):
            return dataclasses.replace(head, channels=channels(label))
        return head

    def answer(
        self,
        y: tf.Tensor,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns ``image`` float32 [batch, height, width, channels]."""
        height, width, *_ = label.shape or ()
        return {self.output: tf.reshape(y, [-1, height, width, channels(label)])}

    @property
    def output(self) -> str:
        """The image."""
        return "image"

    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns the image, [n, height, width, channels]."""
        return answer[self.output]

    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns the root of the mean squared error of each image; both are told as pictures."""
        truth = labels.reshape(predictions.shape)
        errors: Floats = np.sqrt(np.square(truth - predictions).mean(axis=(1, 2, 3)))
        return errors, lambda row: (_picture(truth[row]), _picture(predictions[row]))


def _picture(pixels: Any) -> str:
    """Returns an image [height, width, channels] as the address of a PNG."""
    from PIL import Image as Pillow

    levels = np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(levels[:, :, 0] if levels.shape[2] == 1 else levels).save(file, "PNG")
    return PICTURE + base64.b64encode(file.getvalue()).decode()
