"""Where the examples of a split come from: memory, files of transformed ones, or its records."""

from __future__ import annotations

import dataclasses
import math
import os
from typing import Any

import tensorflow as tf

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.splits import Split, read_records, traced_as_is
from tfline.components.trainer.transform_graph import Batch, TransformGraph, is_known

CACHE_BYTES = 512 << 20
"""A split is cached in memory up to this size, if the cache is ``auto``."""

TRANSFORM_RECORDS = 1024
"""Records transformed at once: a call of the graph costs as much as some hundred records."""

TRANSFORM_BYTES = 32 << 20
"""The most that records transformed at once may take."""


@dataclasses.dataclass(frozen=True)
class Source:
    """Where the examples of a split come from.

    Attributes:
        split: The files of its records.
        rows: All transformed examples, [split.labelled, ...], kept in memory; None: streamed.
        blocks: Transformed examples that have been written; None: transformed from records.
    """

    split: Split
    rows: Batch | None = None
    blocks: tf.data.Dataset | None = None

    @classmethod
    def of(
        cls, split: Split, graph: TransformGraph, config: TrainConfig, passes: int, scratch: str
    ) -> Source:
        """Returns the source that the cache setting asks for; see `is_cached` and `load_data`."""
        written = graph.materialized(split.name)
        blocks = None if written is None else _labelled(written, split)
        if is_cached(split, graph, config, passes):
            return cls(split, load_rows(split, graph))
        if config.cache == "file" and blocks is None:
            folder = os.path.join(scratch, split.name)
            in_order(cls(split), graph).save(folder)
            blocks = tf.data.Dataset.load(folder)
        return cls(split, None, blocks)


def is_cached(split: Split, graph: TransformGraph, config: TrainConfig, passes: int) -> bool:
    """Tells whether to keep a split in memory.

    Args:
        split: The split.
        graph: Gives the size of a transformed example.
        config: Its cache setting.
        passes: How often the split will be read.
    """
    if config.order == "consecutive":
        return True  # rows of a batch are far apart in the files
    if config.cache != "auto":
        return config.cache == "memory"
    return passes > 1 and split.labelled * example_bytes(graph, split) <= CACHE_BYTES


def example_bytes(graph: TransformGraph, split: Split) -> float:
    """Returns the size of a transformed example, on average; a string is as large as its record."""
    sizes = (
        split.record_bytes
        if feature.kind == "string"
        else math.prod(feature.shape) * tf.as_dtype(feature.dtype).size
        for feature in graph.features
    )
    label: float = tf.int64.size * graph.metadata.size
    return sum(sizes, start=label)


def load_rows(split: Split, graph: TransformGraph) -> Batch:
    """Returns all transformed examples of a split, [split.labelled, ...]."""
    written = graph.materialized(split.name)
    source = Source(split, None, None if written is None else _labelled(written, split))
    rows: Batch = in_order(source, graph).rebatch(split.labelled).get_single_element()
    return rows


def transformed(
    records: tf.data.Dataset, split: Split, graph: TransformGraph, multiple_of: int = 1
) -> tf.data.Dataset:
    """Returns large transformed batches of serialized records, without those that lack a label.

    Cut into batches of `multiple_of`, few are put together from two.
    """
    most = min(TRANSFORM_RECORDS, int(TRANSFORM_BYTES / example_bytes(graph, split)))
    large = max(most // multiple_of, 1) * multiple_of
    transform = traced_as_is(graph.labelled)
    batches = records.batch(large).map(transform, num_parallel_calls=tf.data.AUTOTUNE)
    return _labelled(batches, split)


def _labelled(batches: tf.data.Dataset, split: Split) -> tf.data.Dataset:
    """Returns batches without the records that lack a label."""
    if split.labelled == split.records:
        return batches

    @traced_as_is
    def keep_labelled(*batch: Any) -> Batch:
        known = is_known(batch[1])
        kept: Batch = tf.nest.map_structure(lambda x: tf.boolean_mask(x, known), batch)
        return kept

    return batches.map(keep_labelled, num_parallel_calls=tf.data.AUTOTUNE)


def in_order(source: Source, graph: TransformGraph, multiple_of: int = 1) -> tf.data.Dataset:
    """Returns large transformed batches of a split in the order of its records."""
    if source.blocks is not None:
        return source.blocks
    records = read_records(tf.constant(source.split.files))
    return transformed(records, source.split, graph, multiple_of)
