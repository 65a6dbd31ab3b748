"""``tfline.json`` beside the transform graph: what the Trainer has to know of each tensor."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from tfline.transforms.features import FeatureSpec, LabelSpec
from tfline.transforms.table import holds_steps, is_gapped, is_known_ahead
from tfline.transforms.target import STATISTICS, read_scale

FILE_NAME = "tfline.json"


def transform_empty(output: tft.TFTransformOutput) -> dict[str, tf.Tensor | tf.SparseTensor]:
    """Returns what the graph makes of one empty record: shapes, and what is the same for all."""
    empty = tf.io.parse_example([tf.train.Example().SerializeToString()], output.raw_feature_spec())
    tensors: dict[str, tf.Tensor | tf.SparseTensor] = output.transform_features_layer()(empty)
    return tensors


def describe_target(
    tensors: Mapping[str, tf.Tensor | tf.SparseTensor], label: LabelSpec
) -> dict[str, Any] | None:
    """Returns the dumped `TargetScale` of a label that is a number; None of another.

    Args:
        tensors: What `transform_empty` returns.
        label: With its task.
    """
    if STATISTICS not in tensors:
        return None
    scale = read_scale(tensors[STATISTICS][0].numpy(), label.target_transform)
    return scale.model_dump(mode="json")


def describe_features(
    output: tft.TFTransformOutput,
    tensors: Mapping[str, tf.Tensor | tf.SparseTensor],
    features: Sequence[FeatureSpec],
) -> list[dict[str, Any]]:
    """Returns what the Trainer has to know of each transformed feature.

    That is its name, the keys of its raw features, kind, shape and depth, whether missing values
    stay so, the size of its embedding if the spec gives one, and its augmentation. ``kind`` is
    ``image`` for a tensor [batch, h, w, c], ``index`` for int64 [batch] or [batch, n], ``string``
    for string [batch], ``numeric`` for float32 [batch] or [batch, n]. ``depth`` is the number of
    distinct indices.
    Shapes come from one empty record that passes through the graph, `tensors`: a vocabulary's
    size is known by now.
    """
    depths = _index_depths(output)
    described = []
    for feature in features:
        tensor = tensors[feature.name]
        if isinstance(tensor, tf.SparseTensor):
            tensor = tf.sparse.to_dense(tensor)
        shape = list(tensor.shape[1:])
        kind = _kind(tensor)
        described.append(
            {
                "name": feature.name,
                "keys": list(feature.keys),
                "kind": kind,
                "shape": shape,
                "depth": depths.get(feature.name) if kind == "index" else None,
                "gapped": is_gapped(feature),
                "in_order": holds_steps(feature),
                "ahead": is_known_ahead(feature),
                "embedding": feature.steps[-1].arguments.get("embedding"),
                "augment": feature.augment,
            }
        )
    return described


def _kind(tensor: tf.Tensor) -> str:
    if tensor.dtype == tf.string:
        return "string"
    if tensor.shape.rank == 4:
        return "image"
    return "index" if tensor.dtype.is_integer else "numeric"


def write_metadata(folder: str, content: Mapping[str, Any]) -> None:
    """Writes `content` as ``tfline.json`` into the artifact's folder."""
    with tf.io.gfile.GFile(os.path.join(folder, FILE_NAME), "w") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)


def _index_depths(output: tft.TFTransformOutput) -> dict[str, int]:
    """Returns how many distinct values each integer feature of the transformed schema has.

    A sparse feature has its values in a feature of its own.
    """
    schema = output.transformed_metadata.schema
    values = {sparse.value_feature.name: sparse.name for sparse in schema.sparse_feature}
    return {
        values.get(feature.name, feature.name): int(feature.int_domain.max) + 1
        for feature in schema.feature
        if feature.HasField("int_domain")
    }
