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

PNG, JPEG = b"\x89PNG", b"\xff\xd8\xff"
"""What a PNG and a JPEG begin with."""


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


def encode_image(columns: Columns, label: LabelSpec) -> tf.Tensor:
    """Returns an image, from 0 to 1.

    Args:
        columns: Raw feature to sparse tensor [batch, values].
        label: Its key holds a PNG, a JPEG or a byte a number, row by row; its shape is that of
            each.

    Returns:
        float32 [batch, height * width * channels]; NaN in a record whose label is missing, of
        another size or damaged.
    """
    size, shape = label.size, label.shape or ()
    depth = shape[2] if len(shape) == 3 else 1
    missing = tf.fill([size], tf.constant(float("nan")))

    def coded(image: tf.Tensor) -> tf.Tensor:
        pixels = tf.io.decode_image(image, channels=depth, expand_animations=False)
        fits = tf.reduce_all(tf.equal(tf.shape(pixels), [*shape[:2], depth]))
        return tf.cond(fits, lambda: tf.reshape(pixels, [-1]), lambda: tf.zeros([0], tf.uint8))

    def decode(image: tf.Tensor) -> tf.Tensor:
        begins = [tf.equal(tf.strings.substr(image, 0, len(magic)), magic) for magic in (PNG, JPEG)]
        numbers = tf.cond(
            tf.reduce_any(begins),
            lambda: coded(image),
            lambda: tf.io.decode_raw(image, tf.uint8),
        )
        return tf.cond(
            tf.equal(tf.size(numbers), size),
            lambda: tf.cast(numbers, tf.float32) / 255.0,
            lambda: missing,
        )

    spec = tf.TensorSpec([size], tf.float32)
    return tf.map_fn(decode, as_strings(columns[label.key]), fn_output_signature=spec)


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
