"""Where the examples of a split come from: memory, files of transformed ones, or its records."""

from __future__ import annotations

import dataclasses
import gzip
import logging
import math
import os
import shutil
from typing import Any

import tensorflow as tf

from tfline.components.artifacts.blocks import Written, block_records, save_blocks
from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.splits import Split, read_records, traced_as_is
from tfline.components.trainer.transform_graph import Batch, TransformGraph, is_known

CACHE_BYTES = 512 << 20
"""A split is cached in memory up to this size, if the cache is ``auto``."""

TRANSFORM_RECORDS = 1024
"""Records transformed at once: a call of the graph costs as much as some hundred records."""

TRANSFORM_BYTES = 32 << 20
"""The most that records transformed at once may take."""

UNPACKED_BYTES = 4 << 20
"""So much is unpacked at once."""


_progress = logging.getLogger("tfline.progress")
_warning = logging.getLogger("tfline.warning")


@dataclasses.dataclass(frozen=True)
class Source:
    """Where the examples of a split come from.

    Attributes:
        split: The files of its records.
        rows: All transformed examples, [split.labelled, ...], kept in memory; None: streamed.
        written: Reads transformed examples from files; None: they are transformed from records.
    """

    split: Split
    rows: Batch | None = None
    written: Written | None = None

    @classmethod
    def of(
        cls, split: Split, graph: TransformGraph, config: TrainConfig, passes: int, scratch: str
    ) -> Source:
        """Returns the source that the cache setting asks for; see `is_cached` and `load_data`."""
        if is_cached(split, graph, config, passes):
            return cls(split, load_rows(split, graph))
        written = _written(split, graph)
        if config.cache == "file" and written is None:
            folder = os.path.join(scratch, split.name)
            size = block_records(example_bytes(graph, split))
            batches = in_order(cls(split), graph, size).rebatch(size)
            save_blocks(batches, folder, math.ceil(split.labelled / size))
            written = Written(folder)
        return cls(split, None, written)


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
    source = Source(split, None, _written(split, graph))
    rows: Batch = in_order(source, graph).rebatch(split.labelled).get_single_element()
    return rows


def _written(split: Split, graph: TransformGraph) -> Written | None:
    """Returns what reads the examples that Transform has written; None if it has not."""
    written = graph.materialized(split.name)
    return None if written is None else written.changed(lambda blocks: _labelled(blocks, split))


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
    if source.written is not None:
        return source.written.blocks()
    records = read_records(tf.constant(source.split.files))
    return transformed(records, source.split, graph, multiple_of)


def unpacked(split: Split, scratch: str) -> Split:
    """Returns a split whose files are not compressed, so that they can be read from anywhere.

    Where there is no room for them, it returns the split as it is, and says what follows.

    Args:
        split: The split.
        scratch: A local folder, needed as long as the split is.
    """
    free = shutil.disk_usage(scratch).free
    if split.plain_bytes > free:
        _warning.info(
            "the compressed files of the %s split can only be shuffled as far as the shuffle "
            "buffer reaches: to unpack them takes %s MB, and %s has %s MB left; if they are "
            "sorted, divide them into more files, or do not compress them",
            split.name,
            f"{split.plain_bytes >> 20:,}",
            scratch,
            f"{free >> 20:,}",
        )
        return split
    _progress.info("unpacking the %s split, to shuffle it as a whole", split.name)
    files = []
    for index, file in enumerate(split.files):
        plain = file
        if file.endswith(".gz"):
            plain = os.path.join(scratch, f"{split.name}-{index:05d}.tfrecord")
            with (
                tf.io.gfile.GFile(file, "rb") as stream,
                gzip.GzipFile(fileobj=stream, mode="rb") as content,
                open(plain, "wb") as out,
            ):
                shutil.copyfileobj(content, out, UNPACKED_BYTES)
        files.append(plain)
    return dataclasses.replace(split, files=tuple(files))
