"""Tasks whose label is a part of an image: a box around what it shows, or a class a pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfline.metrics.boxes import overlaps
from tfline.tasks.answers import named_classes, tiled
from tfline.tasks.heads.images import BoxHead, MaskHead
from tfline.tasks.task import Card, Label, LabelData, Task, Values
from tfline.transforms.features import BOX, LabelSpec
from tfline.transforms.image_label import encode_box, encode_mask
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from tfline.metrics.arrays import Array, Floats
    from tfline.metrics.statistic import Decision
    from tfline.tasks.task import Columns, Errors, Outputs
else:
    np = lazy_import("numpy")
    tf = lazy_import("tensorflow")


class Box(Task):
    """A class and the box around it."""

    family = "box"
    fields = frozenset({"classes", "targets"})
    head = BoxHead
    error_name = "1 - IoU"

    def check(self, label: LabelSpec) -> None:
        """Sees that the box has four sides."""
        if len(label.targets) != len(BOX):
            raise ValueError(
                f"A box has four `targets`: the raw features of its {', '.join(BOX)}. "
                f"Received: {list(label.targets)}"
            )

    def keys(self, label: LabelSpec) -> tuple[str, ...]:
        """Returns the raw features that hold the class and the sides."""
        return (label.key, *label.targets)

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label and its classes."""
        return data.classes(label)

    def encode(self, columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
        """Returns class and box, float32 [batch, 5]."""
        return encode_box(columns, label, values)

    def answer(
        self,
        y: tf.Tensor,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns what `named_classes` does, and ``box`` float32 [batch, 4]: see `BOX`."""
        probabilities = y[:, : -len(BOX)]
        index = tf.argmax(probabilities, axis=1)
        named: Outputs = named_classes(index, probabilities, label.classes)
        return {**named, "box": y[:, -len(BOX) :]}

    @property
    def output(self) -> str:
        """The box."""
        return "box"

    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns probabilities and box, [n, k + 4]."""
        return tf.concat([answer["probabilities"], answer[self.output]], axis=1)

    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns how much the union of both boxes exceeds what they share; 1: a wrong class."""
        k = len(card.classes)
        classes, decided = labels[:, 0].astype(np.int64), predictions[:, :k].argmax(axis=1)  # [n]
        apart = 1 - overlaps(labels[:, 1:], predictions[:, k:])
        errors: Floats = np.where(classes == decided, apart, 1.0)

        def words(index: int, box: Any) -> str:
            return f"{card.classes[index]} at {', '.join(f'{side:.3g}' for side in box)}"

        return errors, lambda row: (
            words(classes[row], labels[row, 1:]),
            words(decided[row], predictions[row, k:]),
        )


class Mask(Task):
    """The class of each pixel."""

    family = "mask"
    fields = frozenset({"classes", "shape"})
    head = MaskHead
    error_name = "share of wrong pixels"

    def check(self, label: LabelSpec) -> None:
        """Sees that the mask has a shape and classes."""
        if label.shape is None or len(label.shape) != 2:
            raise ValueError("A mask has a `shape`, [height, width]")
        if len(label.classes or ()) < 2:
            raise ValueError("A mask has two `classes` at least: names of the values of a pixel")

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label; a pixel holds the index of its class."""
        del data
        return label, list(range(len(label.classes or ())))

    def encode(self, columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
        """Returns the class of each pixel, int64 [batch, pixels]."""
        return encode_mask(columns, label, values)

    def answer(
        self,
        y: tf.Tensor,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns ``mask`` int64 [batch, height, width], indices, and ``classes`` [batch, k]."""
        mask = tf.reshape(tf.argmax(y, axis=2), [-1, *(label.shape or ())])
        return {"mask": mask, "classes": tiled(tf.constant(label.classes), y)}

    @property
    def output(self) -> str:
        """The mask."""
        return "mask"

    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns the class of each pixel, [n, pixels]."""
        return tf.reshape(answer[self.output], [-1, card.size])

    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns the share of the pixels whose class is wrong."""
        errors: Floats = (labels != predictions).mean(axis=1)

        def words(pixels: Any) -> str:
            counts = np.bincount(pixels.astype(np.int64), minlength=len(card.classes))
            shares = zip(card.classes, counts / len(pixels), strict=True)
            return ", ".join(f"{name} {share:.0%}" for name, share in shares if share)

        return errors, lambda row: (words(labels[row]), words(predictions[row]))
