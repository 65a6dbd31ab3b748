"""The label: how the raw features of a task become the tensor that a model is compared with.

A label that is missing is -1 among integers, and NaN among numbers: such a record is no example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tfline.transforms.columns import as_numbers, as_series, as_strings, as_tokens
from tfline.transforms.features import LabelSpec, Task
from tfline.transforms.image_label import encode_box, encode_mask
from tfline.transforms.lazy import lazy_import
from tfline.transforms.lexicon import given_table
from tfline.transforms.target_text import encode_text

if TYPE_CHECKING:
    import tensorflow as tf

    Columns = Mapping[str, tf.SparseTensor]
    Encoder = Callable[[Columns, LabelSpec, Sequence[int | str]], tf.Tensor]
else:
    tf = lazy_import("tensorflow")


def encode_label(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns the label of each record.

    Args:
        columns: Raw feature to sparse tensor [batch, values].
        label: What is to be predicted, with its task.
        values: The raw label of each class; empty if there are none.

    Returns:
        What the function of `LABELS` says.
    """
    if label.task is None:
        raise ValueError("The task of the label is not known yet.")
    return LABELS[label.task](columns, label, values)


def encode_class(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns the index of each label in `values`, int64 [batch]; -1 if it is not among them."""
    table = given_table([str(value) for value in values])
    return table.lookup(as_strings(columns[label.key]))


def encode_classes(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns 1 for each class that a record is of, else 0: float32 [batch, classes].

    A list of classes may be empty. With `targets` each is a flag, and a flag that is missing makes
    the label so: NaN.
    """
    if label.targets:
        return encode_numbers(columns, label, values)
    tokens = as_tokens(columns[label.key])  # [batch, (labels)]
    table = given_table([str(value) for value in values])
    found = tokens.with_values(table.lookup(tokens.values))  # -1: unknown
    counts = tf.reduce_sum(tf.one_hot(found, len(values)), axis=1)  # [batch, classes]
    unknown = tf.reduce_any(found < 0, axis=1, keepdims=True)  # [batch, 1]
    return tf.where(unknown, tf.constant(float("nan")), tf.minimum(counts, 1.0))


def encode_numbers(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns the number of each record, float32 [batch]; [batch, n] of several targets."""
    del values  # a number has no classes
    return tf.cast(exact_numbers(columns, label), tf.float32)


def encode_horizon(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns the first values of a list, float32 [batch, horizon]; see `exact_horizon`."""
    del values  # a number has no classes
    return tf.cast(exact_horizon(columns, label), tf.float32)


def exact_numbers(columns: Columns, label: LabelSpec) -> tf.Tensor:
    """Returns the number of each record, float64 [batch]; [batch, n] of several targets."""
    numbers = [as_numbers(columns[key], dtype=tf.float64) for key in label.keys]
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


LABELS: Mapping[Task, Encoder] = {
    "binary": encode_class,
    "multiclass": encode_class,
    "multilabel": encode_classes,
    "regression": encode_numbers,
    "forecast": encode_horizon,
    "text": encode_text,
    "box": encode_box,
    "mask": encode_mask,
}
"""How the label of each task is encoded."""

EXACT: Mapping[Task, Callable[[Columns, LabelSpec], tf.Tensor]] = {
    "regression": exact_numbers,
    "forecast": exact_horizon,
}
"""The labels that are numbers, in double precision."""
