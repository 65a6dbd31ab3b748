"""Labels of an image: the box around what it shows, or the class of each of its pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tfline.transforms.columns import as_numbers, as_strings
from tfline.transforms.features import LabelSpec
from tfline.transforms.lazy import lazy_import
from tfline.transforms.lexicon import given_table

if TYPE_CHECKING:
    import tensorflow as tf

    Columns = Mapping[str, tf.SparseTensor]
else:
    tf = lazy_import("tensorflow")

PNG = b"\x89PNG"
"""What a PNG begins with."""


def encode_box(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns class and box of each record.

    Args:
        columns: Raw feature to sparse tensor [batch, values].
        label: Its key holds the class, its targets the box: top, left, bottom, right.
        values: The raw label of each class.

    Returns:
        float32 [batch, 5]: the index of the class and the box; NaN what is missing.
    """
    table = given_table([str(value) for value in values])
    index = tf.cast(table.lookup(as_strings(columns[label.key])), tf.float32)  # [batch]
    kind = tf.where(index < 0, tf.constant(float("nan")), index)
    return tf.stack([kind, *(as_numbers(columns[key]) for key in label.targets)], axis=1)


def encode_mask(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns the class of each pixel.

    Args:
        columns: Raw feature to sparse tensor [batch, values].
        label: Its key holds a byte a pixel, row by row, or a grey PNG; its shape is that of each.
        values: The class indices, 0, 1, ...

    Returns:
        int64 [batch, height * width]; -1 in a record whose label is missing, of another size, or
        of a class that there is not.
    """
    size = label.size

    def decode(mask: tf.Tensor) -> tf.Tensor:
        pixels = tf.cond(
            tf.equal(tf.strings.substr(mask, 0, len(PNG)), PNG),
            lambda: tf.reshape(tf.io.decode_png(mask, channels=1), [-1]),
            lambda: tf.io.decode_raw(mask, tf.uint8),
        )
        classes = tf.cast(pixels, tf.int64)
        fits = tf.equal(tf.size(classes), size) & tf.reduce_all(classes < len(values))
        return tf.cond(fits, lambda: classes, lambda: tf.fill([size], tf.constant(-1, tf.int64)))

    masks = as_strings(columns[label.key])  # [batch]
    spec = tf.TensorSpec([size], tf.int64)
    return tf.map_fn(decode, masks, fn_output_signature=spec)
