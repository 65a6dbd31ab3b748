"""What indices stand for may change between two trainings, though there are as many as before.

A vocabulary that is sorted by frequency may be another one a day later. What a model has learned of
an index is then of another term, and wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.splits import read_records, traced_as_is
from tfline.components.trainer.transform_graph import TransformGraph

RECORDS = 1024
"""Records that are compared at once."""


def _has_terms(feature: TensorFeature) -> bool:
    """Tells whether a feature is an index, or a vector that may have a column a term."""
    return feature.kind == "index" or (feature.kind == "numeric" and len(feature.shape) == 1)


def changed_indices(
    exported: Any, graph: TransformGraph, files: Sequence[str], *, with_label: bool = True
) -> set[str]:
    """Returns the features and the label whose indices or columns stand for something else.

    Both graphs transform all records, and so each term that a vocabulary has learned from them.

    Args:
        exported: A loaded SavedModel of `tfline.components.trainer.export`, trained before.
        graph: The transform graph of today.
        files: Patterns of the files of the train split.
        with_label: Whether the label is compared, too; it may be another one.
    """
    features = [feature.name for feature in graph.features if _has_terms(feature)]
    label = graph.metadata.label if graph.metadata.classes and with_label else None
    if not features and label is None:
        return set()
    old_features = exported.signatures["transform_features"]
    old_label = exported.signatures["transform_label"]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def compare(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        before = old_features(examples=examples)
        now = graph.transform(graph.parse(examples, list(graph.columns)))
        differ = {
            name: _differ(before.get(name), now[name])
            if now[name].dtype.is_integer
            else _columns_differ(before.get(name), now[name])
            for name in features
        }
        if label is not None:
            differ[label] = _differ(old_label(examples=examples)["label"], graph.label(examples))
        return differ

    changed: set[str] = set()
    paths = sorted(file for pattern in files for file in tf.io.gfile.glob(pattern))
    for examples in read_records(tf.constant(paths)).batch(RECORDS):
        changed |= {name for name, differs in compare(examples).items() if differs}
    return changed


@traced_as_is
def _columns_differ(before: tf.Tensor | None, now: tf.Tensor) -> tf.Tensor:
    """Returns whether columns, [batch, n], stand for something else, one-hot or counted or weighed.

    What is 0 tells: a term that is not there. Numbers that are scaled by other statistics than
    before are not 0 for that.
    """
    if before is None or before.dtype != now.dtype or before.shape[1:] != now.shape[1:]:
        return tf.constant(True)
    return tf.reduce_any(tf.equal(before, 0) != tf.equal(now, 0))


@traced_as_is
def _differ(before: tf.Tensor | None, now: tf.Tensor) -> tf.Tensor:
    """Returns whether indices, [batch] or [batch, n], differ as far as both go."""
    if before is None or before.shape.rank != now.shape.rank or before.dtype != now.dtype:
        return tf.constant(True)
    if now.dtype.is_floating and before.shape[-1] != now.shape[-1]:  # more classes, or fewer
        return tf.constant(True)
    if now.shape.rank == 2:  # texts, perhaps of another length
        length = tf.minimum(tf.shape(before)[1], tf.shape(now)[1])
        before, now = before[:, :length], now[:, :length]
    differs = before != now
    if now.dtype.is_floating:  # a label that is missing
        differs &= ~(tf.math.is_nan(before) & tf.math.is_nan(now))
    return tf.reduce_any(differs)


def layers_of(model: keras.Model, changed: Iterable[str], label: str) -> list[keras.Layer]:
    """Returns the layers that read indices, or whose output is an index.

    Args:
        model: A functional model.
        changed: The names of features, and perhaps of the label.
        label: The name of the label.
    """
    names = set(changed)
    inputs = [tensor for name, tensor in model.input.items() if name in names]
    found = _nearest(model.operations, inputs, lambda layer: (layer.input, layer.output))
    if label in names:
        operations = model.operations[::-1]
        found += _nearest(operations, model.outputs, lambda layer: (layer.output, layer.input))
    return found


def _nearest(
    operations: Sequence[Any], tensors: Iterable[keras.KerasTensor], ends: Callable[[Any], Any]
) -> list[keras.Layer]:
    """Returns the first layers with weights on each way from tensors through a model."""
    reached = {id(tensor) for tensor in tensors}
    found = []
    for operation in operations:
        near, far = (keras.tree.flatten(end) for end in ends(operation))
        if not reached.isdisjoint(map(id, near)):
            if getattr(operation, "weights", ()):
                found.append(operation)
            else:
                reached |= set(map(id, far))
    return found
