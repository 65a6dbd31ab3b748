"""Raw columns: from the sparse tensors of a parsed tf.Example to what a transform takes.

Every raw feature is parsed with a variable length, so that a record without it is no error. From
here on a missing number is NaN and a missing string is empty, in Beam, in training and in
serving alike. An infinite number says no more than a missing one, and counts as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Numbers, Series, Strings, Tokens
else:
    tf = lazy_import("tensorflow")


def first_values(column: tf.SparseTensor, default: float | int | bytes) -> tf.Tensor:
    """Returns the first value of each record.

    Args:
        column: Values of one raw feature; shape [batch, values].
        default: Stands for a record that has none.

    Returns:
        Dense tensor of the same dtype; shape [batch].
    """
    first = tf.sparse.retain(column, tf.equal(column.indices[:, 1], 0))
    shape = tf.stack([column.dense_shape[0], tf.constant(1, tf.int64)])
    first = tf.SparseTensor(first.indices, first.values, shape)
    return tf.reshape(tf.sparse.to_dense(first, default_value=default), [-1])


def as_numbers(column: tf.SparseTensor) -> Numbers:
    """Returns float32 [batch] of a numeric column [batch, values]; missing values are NaN."""
    return first_values(_with_values(column, _number_values(column)), default=float("nan"))


def as_strings(column: tf.SparseTensor) -> Strings:
    """Returns string [batch] of any column [batch, values]; missing values are empty.

    Numbers are written in their shortest form, so that an integer hour can be looked up too.
    """
    return first_values(_with_values(column, _string_values(column)), default=b"")


def as_tokens(column: tf.SparseTensor) -> Tokens:
    """Returns all values of any column [batch, values]: string [batch, (values)]."""
    return tf.RaggedTensor.from_sparse(_with_values(column, _string_values(column)))


def as_series(column: tf.SparseTensor) -> Series:
    """Returns all values of a numeric column [batch, values]: float32 [batch, (values)]."""
    return tf.RaggedTensor.from_sparse(_with_values(column, _number_values(column)))


def _number_values(column: tf.SparseTensor) -> tf.Tensor:
    values = tf.cast(column.values, tf.float32)
    return finite_or_missing(values)


def _string_values(column: tf.SparseTensor) -> tf.Tensor:
    values = column.values
    if values.dtype == tf.string:
        return values
    return tf.strings.as_string(values, shortest=values.dtype.is_floating)


def _with_values(column: tf.SparseTensor, values: tf.Tensor) -> tf.SparseTensor:
    return tf.SparseTensor(column.indices, values, column.dense_shape)


def finite_or_missing(x: tf.Tensor) -> tf.Tensor:
    """Returns x with NaN in place of what is infinite."""
    return tf.where(tf.math.is_finite(x), x, tf.constant(float("nan"), x.dtype))
