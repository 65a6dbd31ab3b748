"""How much each example counts: by its class, by a feature of its record, or both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import tensorflow as tf

from tfline.components.trainer.label import check_names, check_weighted
from tfline.components.trainer.splits import Split, read_records, traced_as_is
from tfline.components.trainer.transform_graph import Batch, TransformGraph
from tfline.transforms.errors import DataError

_RECORDS = 1024
"""Records looked at at once."""

ClassWeights = Literal["balanced"] | Mapping[str, float]


def class_weights(
    given: ClassWeights, split: Split, graph: TransformGraph, labels: tf.Tensor | None = None
) -> tf.Tensor:
    """Returns the weight of each class, float32 [classes].

    Args:
        given: Weights by the name of a class; or ``balanced``: all examples over those of a
            class, over the number of classes (King & Zeng 2001), so that the mean weight is 1.
        split: The train split.
        graph: Knows the classes.
        labels: The labels of the split, int64 [n], if they have been read.

    Raises:
        SpecError: The label has no classes, or a name is that of none.
    """
    check_weighted(graph.task)
    classes = graph.metadata.classes
    if given == "balanced":
        if labels is None:
            counts = tf.cast(count_classes(split, graph), tf.float32)
        else:
            counts = tf.math.bincount(labels, minlength=len(classes), dtype=tf.float32)
        balanced = tf.reduce_sum(counts) / (len(classes) * counts)
        return tf.where(counts > 0, balanced, 1.0)
    check_names(given, classes)
    return tf.constant([given.get(name, 1.0) for name in classes], tf.float32)


def weighted_by_class(batches: tf.data.Dataset, weights: tf.Tensor) -> tf.data.Dataset:
    """Returns batches whose weights are multiplied with those of the classes of their labels."""

    @traced_as_is
    def weigh(features: object, label: tf.Tensor, weight: tf.Tensor | float = 1.0) -> Batch:
        return features, label, tf.gather(weights, label) * weight

    return batches.map(weigh, num_parallel_calls=tf.data.AUTOTUNE)


def count_classes(split: Split, graph: TransformGraph) -> tf.Tensor:
    """Returns how many records each class has, int64 [classes]."""
    classes = len(graph.metadata.classes)

    @traced_as_is
    def count(examples: tf.Tensor) -> tf.Tensor:
        labels = graph.label(examples)
        known = tf.boolean_mask(labels, labels >= 0)
        return tf.math.bincount(known, minlength=classes, maxlength=classes, dtype=tf.int64)

    counts = _records(split).map(count, num_parallel_calls=tf.data.AUTOTUNE)
    return counts.reduce(tf.zeros([classes], tf.int64), tf.add)


def check_weights(split: Split, graph: TransformGraph) -> None:
    """Refuses weights that are none.

    Raises:
        DataError: A record of the split has no weight, or one below 0; or all have 0.
    """
    key = graph.metadata.weight
    if key is None:
        return

    @traced_as_is
    def look(examples: tf.Tensor) -> tf.Tensor:
        weights = graph.weight(examples)
        wrong = ~(tf.math.is_finite(weights) & (weights >= 0))  # NaN where it is missing
        return tf.stack([tf.math.count_nonzero(wrong), tf.math.count_nonzero(weights)])

    looks = _records(split).map(look, num_parallel_calls=tf.data.AUTOTUNE)
    wrong, positive = looks.reduce(tf.zeros([2], tf.int64), tf.add).numpy()
    if wrong:
        raise DataError(
            f"{wrong:,} of {split.records:,} records of the {split.name} split have no weight, or "
            "one below 0",
            where=f"feature {key}",
            hint="Every example needs a weight of 0 or more.",
        )
    if not positive:
        raise DataError(f"All weights of the {split.name} split are 0", where=f"feature {key}")


def _records(split: Split) -> tf.data.Dataset:
    return read_records(tf.constant(split.files)).batch(_RECORDS)
