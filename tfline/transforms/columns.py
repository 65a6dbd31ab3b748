"""Raw columns: from the sparse tensors of a parsed tf.Example to what a transform takes.

Every raw feature is parsed with a variable length, so that a record without it is no error. From
here on a missing number is NaN and a missing string is empty, in Beam, in training and in
serving alike. An infinite number says no more than a missing one, and counts as such.

How many values a record may hold is checked by `tfline.transforms.value_counts`; what holds more
of them than its reader takes is an error of TensorFlow here, and never cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Numbers, Series, Strings, Times, Tokens
else:
    tf = lazy_import("tensorflow")


def dense_values(
    column: tf.SparseTensor, default: float | int | bytes, width: int | None = None
) -> tf.Tensor:
    """Returns the values of each record.

    Args:
        column: Values of one raw feature; shape [batch, values].
        default: Stands for what a record lacks.
        width: How many values a record has; None: one.

    Returns:
        Dense tensor of the same dtype; shape [batch], or [batch, width].
    """
    shape = tf.stack([column.dense_shape[0], tf.constant(width or 1, tf.int64)])
    column = tf.SparseTensor(column.indices, column.values, shape)
    dense = tf.sparse.to_dense(column, default_value=default)
    return tf.reshape(dense, [-1] if width is None else [-1, width])


def as_numbers(
    column: tf.SparseTensor, width: int | None = None, dtype: tf.DType | None = None
) -> Numbers:
    """Returns the numbers of a numeric column [batch, values]; missing values are NaN.

    Args:
        column: int64 or float32.
        width: How many values a record has; None: one.
        dtype: Of the result, float32 if left out. Only float64 holds every integer up to 2**53.

    Returns:
        [batch], or [batch, width].
    """
    numbers = _with_values(column, _number_values(column, dtype or tf.float32))
    return dense_values(numbers, float("nan"), width)


def as_strings(column: tf.SparseTensor, width: int | None = None) -> Strings:
    """Returns string [batch] of any column [batch, values]; missing values are empty.

    Numbers are written in their shortest form, so that an integer hour can be looked up too; what
    is no finite number is missing.
    """
    return dense_values(_with_values(column, _string_values(column)), b"", width)


def as_tokens(column: tf.SparseTensor) -> Tokens:
    """Returns all values of any column [batch, values]: string [batch, (values)]."""
    return tf.RaggedTensor.from_sparse(_with_values(column, _string_values(column)))


def as_series(column: tf.SparseTensor, dtype: tf.DType | None = None) -> Series:
    """Returns all values of a numeric column [batch, values]: [batch, (values)].

    Args:
        column: int64 or float32.
        dtype: Of the result, float32 if left out.
    """
    values = _number_values(column, dtype or tf.float32)
    return tf.RaggedTensor.from_sparse(_with_values(column, values))


def as_times(column: tf.SparseTensor) -> Times:
    """Returns the one value of each record as it is, [batch].

    A missing value is the empty string, the smallest int64, or NaN.
    """
    missing = {tf.string: b"", tf.int64: tf.int64.min}
    return dense_values(column, missing.get(column.dtype, float("nan")))


def _number_values(column: tf.SparseTensor, dtype: tf.DType) -> tf.Tensor:
    values = tf.cast(column.values, dtype)
    return finite_or_missing(values)


def _string_values(column: tf.SparseTensor) -> tf.Tensor:
    values = column.values
    if values.dtype == tf.string:
        return values
    texts = tf.strings.as_string(values, shortest=values.dtype.is_floating)
    if not values.dtype.is_floating:
        return texts
    return tf.where(tf.math.is_finite(values), texts, tf.constant("", tf.string))


def _with_values(column: tf.SparseTensor, values: tf.Tensor) -> tf.SparseTensor:
    return tf.SparseTensor(column.indices, values, column.dense_shape)


def finite_or_missing(x: tf.Tensor) -> tf.Tensor:
    """Returns x with NaN in place of what is infinite."""
    return tf.where(tf.math.is_finite(x), x, tf.constant(float("nan"), x.dtype))
