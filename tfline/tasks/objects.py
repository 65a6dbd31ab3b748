"""The task of finding the objects of a picture: any number of them, a class and a box each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfline.metrics.detections import match
from tfline.tasks.answers import tiled
from tfline.tasks.heads.objects import ObjectsHead
from tfline.tasks.task import Card, Label, LabelData, Task, Values, listed
from tfline.transforms.features import BOX, LabelSpec
from tfline.transforms.lazy import lazy_import
from tfline.transforms.objects import NO_OBJECT, encode_objects, object_sides

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from tfline.metrics.arrays import Array, Floats
    from tfline.metrics.statistic import Decision
    from tfline.tasks.task import Columns, Errors, Outputs
    from tfline.transforms.value_counts import Taken
else:
    np = lazy_import("numpy")
    tf = lazy_import("tensorflow")

OVERLAP = 0.5
"""Detections of a class that overlap more are of one object: the one of the lower score goes."""

LEAST_SCORE = 0.05
"""A detection of a lower score is none."""

SURE = 0.5
"""The score from which on a detection counts for the error of a picture."""

_SHOWN = 8
"""Objects of a picture that are told."""


class Objects(Task):
    """The objects of a picture."""

    family = "boxes"
    fields = frozenset({"classes", "targets", "length"})
    head = ObjectsHead
    may_be_empty = True
    examined = 1000
    error_name = "share of objects missed or wrongly found"
    error_is_share = True

    def check(self, label: LabelSpec) -> None:
        """Sees that the boxes have four sides."""
        if label.targets and len(label.targets) != len(BOX):
            raise ValueError(
                f"Boxes have four `targets`: the raw features of their {', '.join(BOX)}. "
                f"Received: {list(label.targets)}"
            )

    def keys(self, label: LabelSpec) -> tuple[str, ...]:
        """Returns the raw features that hold the classes and the sides."""
        return (label.key, *object_sides(label))

    def takes(self, label: LabelSpec) -> dict[str, Taken]:
        """Returns a list of each."""
        return dict.fromkeys(self.keys(label), "list")

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label with the most objects of a picture, and its classes."""
        return data.classes(data.objects(label), lists=True)

    def encode(self, columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
        """Returns class and box of each object, float32 [batch, length, 5]."""
        return encode_objects(columns, label, values)

    def answer(
        self,
        y: tf.Tensor,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns the objects that are left by non-maximum suppression, the surest first.

        Args:
            y: Probabilities and boxes of cells, [batch, h, w, k + 4].
            label: What is known of it.
            threshold: Not used.
            levels: Not used.

        Returns:
            ``num_detections`` int64 [batch]; ``detection_boxes`` float32 [batch, n, 4], top, left,
            bottom and right; ``detection_scores`` float32 [batch, n]; ``detection_classes`` int64
            [batch, n], -1 beyond the number of detections; ``classes`` string [batch, k].
        """
        k = len(label.classes)
        cells = y.shape[1] * y.shape[2]
        flat = tf.reshape(y, [-1, cells, k + len(BOX)])
        boxes, scores, classes, valid = tf.image.combined_non_max_suppression(
            flat[:, :, tf.newaxis, k:],  # one box for all classes
            flat[:, :, :k],
            max_output_size_per_class=label.size,
            max_total_size=label.size,
            iou_threshold=OVERLAP,
            score_threshold=LEAST_SCORE,
            clip_boxes=True,
        )
        is_one = tf.sequence_mask(valid, label.size)  # [batch, n]
        return {
            "num_detections": tf.cast(valid, tf.int64),
            self.output: boxes,
            "detection_scores": scores,
            "detection_classes": tf.where(is_one, tf.cast(classes, tf.int64), int(NO_OBJECT)),
            "classes": tiled(tf.constant(label.classes), boxes),
        }

    @property
    def output(self) -> str:
        """The boxes."""
        return "detection_boxes"

    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns class, score and box of each detection, float32 [n, length, 6]."""
        classes = tf.cast(answer["detection_classes"], tf.float32)[:, :, tf.newaxis]
        scores = answer["detection_scores"][:, :, tf.newaxis]
        return tf.concat([classes, scores, answer[self.output]], axis=2)

    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns the share of objects and sure detections that do not belong together."""
        errors = np.zeros(len(labels))
        for row, (label, found) in enumerate(zip(labels, predictions, strict=True)):
            sure = _sure(found)
            right = int(match(label, sure)[:, 0].sum())
            both = int((label[:, 0] >= 0).sum()) + len(sure) - right
            errors[row] = 1 - right / both if both else 0.0

        def words(classes: Any, boxes: Any) -> str:
            told = [
                f"{card.classes[int(index)]} at {', '.join(f'{side:.2f}' for side in box)}"
                for index, box in zip(classes[:_SHOWN], boxes[:_SHOWN], strict=True)
            ]
            more = len(classes) - _SHOWN
            return "; ".join([*told, *([f"and {more} more"] if more > 0 else [])]) or "(none)"

        def both_words(row: int) -> tuple[str, str]:
            label, found = labels[row], _sure(predictions[row])
            given = label[label[:, 0] >= 0]
            return words(given[:, 0], given[:, 1:]), words(found[:, 0], found[:, 2:])

        return errors, both_words

    def describe(self, classes: Sequence[str]) -> str:
        """Returns what is found."""
        return f"{self.name} around {listed(classes)}" if classes else self.name


def _sure(found: Floats) -> Floats:
    """Returns the detections [m, 6] of a picture that are sure."""
    return found[(found[:, 0] >= 0) & (found[:, 1] >= SURE)]
