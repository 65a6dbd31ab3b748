"""The label: how the raw features of a task become the tensor that a model is compared with.

A label that is missing is -1 among integers, and NaN among numbers: such a record is no example.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tfline.transforms.columns import as_numbers, as_series, as_strings, as_tokens
from tfline.transforms.features import LabelSpec
from tfline.transforms.lazy import lazy_import
from tfline.transforms.lexicon import given_table

if TYPE_CHECKING:
    import tensorflow as tf

    Columns = Mapping[str, tf.SparseTensor]
else:
    tf = lazy_import("tensorflow")


def encode_class(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns the index of each label in `values`, int64 [batch]; -1 if it is not among them.

    Of a one-hot list it is the place of the one, -1 in a record with another list.
    """
    if label.one_hot:
        return _place_of_one(columns[label.key], len(values))
    table = given_table([str(value) for value in values])
    return table.lookup(as_strings(columns[label.key]))


def _place_of_one(column: tf.SparseTensor, classes: int) -> tf.Tensor:
    """Returns the place of the one among zeros, int64 [batch]; -1 in a list that is not so."""
    rows = column.dense_shape[0]
    numbers = tf.cast(column.values, tf.float64)
    ones = tf.equal(numbers, 1)
    places = tf.where(ones, column.indices[:, 1], 0)
    row = column.indices[:, 0]
    is_right = (
        tf.equal(tf.math.unsorted_segment_sum(tf.ones_like(places), row, rows), classes)
        & tf.equal(tf.math.unsorted_segment_sum(tf.cast(ones, tf.int64), row, rows), 1)
        & tf.equal(tf.math.unsorted_segment_sum(numbers, row, rows), 1)
    )
    found = tf.math.unsorted_segment_sum(places, row, rows)
    return tf.where(is_right, found, tf.constant(-1, tf.int64))


def encode_classes(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns 1 for each class that a record is of, else 0: float32 [batch, classes].

    A list of classes may be empty. With `targets` each is a flag, and a flag that is missing makes
    the label so: NaN.
    """
    if label.targets:
        return tf.cast(exact_numbers(columns, label), tf.float32)
    tokens = as_tokens(columns[label.key])  # [batch, (labels)]
    table = given_table([str(value) for value in values])
    found = tokens.with_values(table.lookup(tokens.values))  # -1: unknown
    counts = tf.reduce_sum(tf.one_hot(found, len(values)), axis=1)  # [batch, classes]
    unknown = tf.reduce_any(found < 0, axis=1, keepdims=True)  # [batch, 1]
    return tf.where(unknown, tf.constant(float("nan")), tf.minimum(counts, 1.0))


def exact_numbers(columns: Columns, label: LabelSpec) -> tf.Tensor:
    """Returns the number of each record, float64 [batch]; [batch, n] of several targets."""
    keys = label.targets or (label.key,)
    numbers = [as_numbers(columns[key], dtype=tf.float64) for key in keys]
    return tf.stack(numbers, axis=1) if label.targets else numbers[0]


def exact_horizon(columns: Columns, label: LabelSpec) -> tf.Tensor:
    """Returns the first values of a list, float64 [batch, horizon]; NaN where there are less.

    Of several steps, each has those from its own place on: [batch, steps, horizon].
    """
    series = as_series(columns[label.key], tf.float64)  # [batch, (values)]
    needed = label.steps + label.horizon - 1
    first = series.to_tensor(float("nan"), shape=[None, needed])  # [batch, needed]
    if label.steps == 1:
        return first
    places = tf.range(label.steps)[:, tf.newaxis] + tf.range(label.horizon)  # [steps, horizon]
    return tf.gather(first, places, axis=1)
