"""Transformed examples on disk, where reading them is cheaper than transforming them again.

They are written and read by TensorFlow's own C++ code, in blocks of many records. Which way is
cheaper follows from the sizes: what is larger than its raw records (an image as float32 is four
times its bytes) is transformed anew in each epoch, and what fits into the Trainer's memory is
transformed only once anyhow.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import tensorflow as tf
import tensorflow_transform as tft

from tfline.components.artifacts.blocks import BLOCK_RECORDS, block_records, save_blocks
from tfline.components.artifacts.splits import compression
from tfline.transforms.target import STATISTICS

Materialize = Literal["auto", "always", "never"]

FOLDER = "materialized"
"""Below the transform graph; a folder a split."""

IN_MEMORY_BYTES = 512 << 20
"""The Trainer keeps a split of up to this size in memory."""


def is_worthwhile(
    choice: Materialize, records: int, raw_bytes: int, described: Sequence[Mapping[str, Any]]
) -> bool:
    """Tells whether to write transformed examples.

    Args:
        choice: What the spec says.
        records: How many there are.
        raw_bytes: What they take as they are.
        described: The transformed features; see `describe_features`.
    """
    if choice != "auto":
        return choice == "always"
    if any(feature["kind"] == "string" for feature in described):
        return False  # it is no smaller than its record
    transformed_bytes = records * example_bytes(described)
    return IN_MEMORY_BYTES < transformed_bytes <= raw_bytes


def example_bytes(described: Sequence[Mapping[str, Any]]) -> int:
    """Returns the size of a transformed example with its label."""
    size = 8
    for feature in described:
        numbers = tf.TensorShape(feature["shape"]).num_elements()
        size += numbers * (8 if feature["kind"] == "index" else 4)
    return size


def count_records(files: Sequence[str]) -> tuple[int, int]:
    """Returns how many records there are in TFRecord files, and their bytes."""
    sizes = _records(files).batch(BLOCK_RECORDS).map(lambda block: tf.strings.length(block))
    totals = sizes.map(
        lambda s: tf.stack([tf.size(s, tf.int64), tf.reduce_sum(tf.cast(s, tf.int64))])
    )
    records, size = totals.reduce(tf.zeros([2], tf.int64), tf.add).numpy()
    return int(records), int(size)


def materialize(
    folder: str, files: Mapping[str, Sequence[str]], described: Sequence[Mapping[str, Any]]
) -> None:
    """Writes the transformed examples of each split.

    Args:
        folder: The TransformGraph artifact, complete.
        files: TFRecord files of each split.
        described: The transformed features; see `describe_features`.
    """
    output = tft.TFTransformOutput(folder)
    raw_spec = output.raw_feature_spec()
    graph = tf.saved_model.load(output.transform_savedmodel_dir)

    def transform(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        tensors = graph.transform_fn(tf.io.parse_example(examples, raw_spec))
        return {name: _dense(x) for name, x in tensors.items() if name != STATISTICS}

    size = block_records(example_bytes(described))
    for split, paths in files.items():
        blocks = _records(paths).batch(size)
        transformed = blocks.map(transform, num_parallel_calls=tf.data.AUTOTUNE)
        count = math.ceil(count_records(paths)[0] / size)
        save_blocks(transformed, os.path.join(folder, FOLDER, split), count)


def _records(files: Sequence[str]) -> tf.data.Dataset:
    """Returns the serialized records of TFRecord files; GZIP-compressed ones end in ``.gz``."""
    datasets = [tf.data.TFRecordDataset(file, compression(file), 4 << 20) for file in files]
    joined = datasets[0]
    for dataset in datasets[1:]:
        joined = joined.concatenate(dataset)
    return joined


def _dense(tensor: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    return tf.sparse.to_dense(tensor) if isinstance(tensor, tf.SparseTensor) else tensor
