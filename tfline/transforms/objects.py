"""The objects of a picture as raw features: a class each, and the sides of a box around it.

The names are those of TensorFlow's object detection: ``image/object/class/text`` or ``.../label``,
and ``image/object/bbox/ymin``, ``xmin``, ``ymax``, ``xmax``, a list each of one length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tfline.transforms.columns import as_series, as_tokens
from tfline.transforms.features import BOX, LabelSpec
from tfline.transforms.lazy import lazy_import
from tfline.transforms.lexicon import given_table

if TYPE_CHECKING:
    import tensorflow as tf

    Columns = Mapping[str, tf.SparseTensor]
else:
    tf = lazy_import("tensorflow")

SIDES = tuple(f"image/object/bbox/{side}" for side in ("ymin", "xmin", "ymax", "xmax"))
"""Top, left, bottom and right of each object, unless the label names others."""

MOST_OBJECTS = 100
"""Objects of a picture, unless the label says how many."""

NO_OBJECT = -1.0
"""The class of a row that holds no object."""


def object_sides(label: LabelSpec) -> tuple[str, ...]:
    """Returns the raw features of top, left, bottom and right."""
    return label.targets or SIDES


def encode_objects(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns class and box of each object.

    Args:
        columns: Raw feature to sparse tensor [batch, values].
        label: Its key holds the classes; see `object_sides`. Its length is the most objects.
        values: The raw label of each class.

    Returns:
        float32 [batch, length, 5]: the index of the class, `NO_OBJECT` in rows that are left, and
        the box; NaN in a record that is wrong, see `object_fault`, or has an unknown class.
    """
    most = label.length or MOST_OBJECTS
    names = as_tokens(columns[label.key])  # [batch, (objects)]
    table = given_table([str(value) for value in values])
    index = names.with_values(tf.cast(table.lookup(names.values), tf.float32))
    sides = [as_series(columns[key]) for key in object_sides(label)]  # [batch, (objects)] each
    lengths = names.row_lengths()
    fits = lengths <= most
    for side in sides:
        fits &= tf.equal(side.row_lengths(), lengths)
    dense = tf.stack(
        [
            index.to_tensor(NO_OBJECT, shape=[None, most]),
            *(s.to_tensor(0.0, shape=[None, most]) for s in sides),
        ],
        axis=2,
    )  # [batch, most, 5]
    is_object = tf.sequence_mask(lengths, most)  # [batch, most]
    right = (dense[:, :, 0] >= 0) & _is_box(dense[:, :, 1:])
    fits &= tf.reduce_all(right | ~is_object, axis=1)
    return tf.where(fits[:, tf.newaxis, tf.newaxis], dense, tf.constant(float("nan")))


def _is_box(boxes: tf.Tensor) -> tf.Tensor:
    """Returns which boxes [..., 4] lie within the picture, and have a height and a width."""
    low, high = boxes[..., :2], boxes[..., 2:]
    return tf.reduce_all((low >= 0) & (high <= 1) & (low < high), axis=-1)


def object_fault(names: Sequence[object], sides: Mapping[str, Sequence[float]], most: int) -> str:
    """Returns what is wrong with the objects of a record, in words; empty if nothing is.

    Args:
        names: Their classes.
        sides: The raw features of top, left, bottom and right, in this order, with their values.
        most: So many objects are allowed.
    """
    for key, values in sides.items():
        if len(values) != len(names):
            return f"{len(names)} classes, and {len(values)} values of '{key}'"
    if len(names) > most:
        return f"{len(names)} objects, of {most} at most"
    keys = list(sides)
    for place, box in enumerate(zip(*sides.values(), strict=True)):
        words = dict(zip(BOX, box, strict=True))
        for side, value in words.items():
            if not 0 <= value <= 1:  # NaN is not, either
                return f"object {place}: {side} is {value:g}, and a side is a share from 0 to 1"
        for low, high in ((0, 2), (1, 3)):
            if not box[low] < box[high]:
                return (
                    f"object {place}: '{keys[low]}' {box[low]:g} is not below '{keys[high]}' "
                    f"{box[high]:g}"
                )
    return ""
