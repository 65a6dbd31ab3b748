"""The examples of a split, as tf.data: read, shuffled, transformed and batched in C++.

Two ways lead to a batch. Streaming reads serialized records in each epoch, shuffles them within
a bounded buffer (a serialized image is a quarter of its tensor) and transforms them in large
batches; or it reads examples that have been transformed and written. Small data is transformed
once and kept in memory; an epoch is then a random order of its rows. In both the order follows
from the seed and the number of the epoch alone, so that a resumed run sees the batches that it
would have seen.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from components.trainer.config import TrainConfig
from components.trainer.splits import Split, read_records, survey, traced_as_is
from components.trainer.transform_graph import Batch, TransformGraph, is_known
from components.trainer.weights import check_weights, class_weights, weighted_by_class
from transforms.augmentation import augment
from transforms.errors import DataError

CACHE_BYTES = 512 << 20
"""A split is cached in memory up to this size, if the cache is ``auto``."""

SHUFFLE_BYTES = 256 << 20
"""The shuffle buffer holds records of at most this size together."""

TRANSFORM_RECORDS = 1024
"""Records transformed at once: a call of the graph costs as much as some hundred records."""

TRANSFORM_BYTES = 32 << 20
"""The most that records transformed at once may take."""


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """What a model is fitted on.

    Attributes:
        train: The batches of one epoch: features, label and perhaps weights, [batch, ...].
        evaluation: The batches of the eval split.
        epoch: int64 []; to be set to the number of an epoch before its batches are asked for.
        steps_per_epoch: How many batches an epoch has.
        steps: How many of them are to be trained on, in all epochs together.
        records: How many records each split has.
    """

    train: tf.data.Dataset
    evaluation: tf.data.Dataset
    epoch: tf.Variable
    steps_per_epoch: int
    steps: int
    records: dict[str, int]

    @property
    def epochs(self) -> int:
        """How many epochs there are, the last of which may be cut short."""
        return math.ceil(self.steps / self.steps_per_epoch)

    @property
    def last_steps(self) -> int:
        """How many steps the last epoch has."""
        return self.steps - (self.epochs - 1) * self.steps_per_epoch


def load_data(
    train_files: Sequence[str],
    eval_files: Sequence[str],
    graph: TransformGraph,
    config: TrainConfig,
    scratch: str = "",
) -> TrainingData:
    """Returns the examples to train on and to evaluate on.

    Args:
        train_files: Patterns of the files of the train split.
        eval_files: Patterns of the files of the eval split.
        graph: The transform graph.
        config: How to train.
        scratch: A local folder for ``cache: file``, needed as long as the data is.

    Raises:
        DataError: A split has no file, no record, or no record with a label; or a weight is
            missing.
        SpecError: The class weights do not fit the label.
    """
    train = survey("train", train_files, graph)
    evaluation = survey("eval", eval_files, graph)
    for split in (train, evaluation):
        check_weights(split, graph)
    epoch = tf.Variable(0, dtype=tf.int64, trainable=False, name="epoch")
    per_epoch = steps_per_epoch(train.labelled, config)
    steps = config.steps or config.epochs * per_epoch
    passes = math.ceil(steps / per_epoch)
    sources = [Source.of(split, graph, config, passes, scratch) for split in (train, evaluation)]
    batches = training_dataset(sources[0], graph, config, epoch)
    if config.class_weights is not None:
        weights = class_weights(config.class_weights, train, graph)
        batches = weighted_by_class(batches, weights)
    return TrainingData(
        batches.prefetch(prefetched(config)),
        evaluation_dataset(sources[1], graph, config).prefetch(prefetched(config)),
        epoch,
        per_epoch,
        steps,
        {"train": train.records, "eval": evaluation.records},
    )


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
            _in_order(cls(split), graph).save(folder)
            blocks = tf.data.Dataset.load(folder)
        return cls(split, None, blocks)


def training_dataset(
    source: Source, graph: TransformGraph, config: TrainConfig, epoch: tf.Variable
) -> tf.data.Dataset:
    """Returns the shuffled batches of one epoch.

    Args:
        source: Of the train split.
        graph: The transform graph.
        config: Batch size, seed and shuffle buffer.
        epoch: The number of the epoch, int64 []; read whenever an iterator starts.

    Returns:
        Features, label and perhaps weights, [batch, ...]; as many as `steps_per_epoch`.
    """
    if source.rows is not None:
        batches = _shuffled_rows(source.rows, config, epoch)
    else:
        batches = _shuffled_records(source, graph, config, epoch)
    batches = _augmented(batches, graph, config, epoch)
    # Repeated and cut, the dataset has a length that Keras can ask for; an epoch is one pass.
    return batches.repeat().take(steps_per_epoch(source.split.labelled, config))


def evaluation_dataset(
    source: Source, graph: TransformGraph, config: TrainConfig
) -> tf.data.Dataset:
    """Returns the batches of the eval split, in the order of its records."""
    size = config.batch_size
    if source.rows is not None:
        batches = tf.data.Dataset.from_tensor_slices(source.rows).batch(size)
    else:
        batches = _in_order(source, graph, size).rebatch(size)
    steps = math.ceil(source.split.labelled / size)
    return batches.repeat().take(steps)


def prefetched(config: TrainConfig) -> int:
    """Returns how many batches are made ready ahead."""
    return int(tf.data.AUTOTUNE) if config.prefetch is None else config.prefetch


def steps_per_epoch(examples: int, config: TrainConfig) -> int:
    """Returns the number of batches of an epoch; the last may be smaller.

    Raises:
        DataError: There is none, since the only batch is not full.
    """
    size = config.batch_size
    steps = examples // size if config.drop_remainder else math.ceil(examples / size)
    if not steps:
        raise DataError(
            f"The train split has {examples:,} examples, fewer than a batch of {size:,}",
            hint="Take `drop_remainder` out, or choose a smaller `batch_size`.",
        )
    return min(steps, config.steps or steps)


def is_cached(split: Split, graph: TransformGraph, config: TrainConfig, passes: int) -> bool:
    """Tells whether to keep a split in memory.

    Args:
        split: The split.
        graph: Gives the size of a transformed example.
        config: Its cache setting.
        passes: How often the split will be read.
    """
    if config.cache != "auto":
        return config.cache == "memory"
    return passes > 1 and split.labelled * example_bytes(graph) <= CACHE_BYTES


def example_bytes(graph: TransformGraph) -> int:
    """Returns the size of a transformed example."""
    sizes = (math.prod(f.shape) * tf.as_dtype(f.dtype).size for f in graph.features)
    label = tf.int64.size
    total: int = sum(sizes, start=label)
    return total


def load_rows(split: Split, graph: TransformGraph) -> Batch:
    """Returns all transformed examples of a split, [split.labelled, ...]."""
    written = graph.materialized(split.name)
    source = Source(split, None, None if written is None else _labelled(written, split))
    rows: Batch = _in_order(source, graph).rebatch(split.labelled).get_single_element()
    return rows


def _transformed(
    records: tf.data.Dataset, split: Split, graph: TransformGraph, multiple_of: int = 1
) -> tf.data.Dataset:
    """Returns large transformed batches of serialized records, without those that lack a label.

    Cut into batches of `multiple_of`, few are put together from two.
    """
    most = min(TRANSFORM_RECORDS, TRANSFORM_BYTES // example_bytes(graph))
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


def _in_order(source: Source, graph: TransformGraph, multiple_of: int = 1) -> tf.data.Dataset:
    """Returns large transformed batches of a split in the order of its records."""
    if source.blocks is not None:
        return source.blocks
    records = read_records(tf.constant(source.split.files))
    return _transformed(records, source.split, graph, multiple_of)


def _shuffled_records(
    source: Source, graph: TransformGraph, config: TrainConfig, epoch: tf.Variable
) -> tf.data.Dataset:
    split, blocks, size = source.split, source.blocks, config.batch_size
    record_bytes = split.record_bytes if blocks is None else example_bytes(graph)
    buffer = max(1, min(config.shuffle_buffer, int(SHUFFLE_BYTES / record_bytes)))

    @traced_as_is
    def one_epoch(_: tf.Tensor) -> tf.data.Dataset:
        number = epoch.read_value()
        if blocks is not None:
            rows = blocks.unbatch().shuffle(buffer, seed=config.seed + number)
            return rows.batch(size, drop_remainder=config.drop_remainder)
        seed = tf.stack([tf.constant(config.seed, tf.int64), number])
        files = tf.random.experimental.stateless_shuffle(tf.constant(split.files), seed)
        records = read_records(files, config.interleave, config.parallel_reads)
        shuffled = records.shuffle(buffer, seed=config.seed + number)
        large = _transformed(shuffled, split, graph, size)
        return large.rebatch(size, drop_remainder=config.drop_remainder)

    return tf.data.Dataset.from_tensors(0).flat_map(one_epoch)


def _shuffled_rows(rows: Batch, config: TrainConfig, epoch: tf.Variable) -> tf.data.Dataset:
    count, size = int(rows[1].shape[0]), config.batch_size

    @traced_as_is
    def one_epoch(_: tf.Tensor) -> tf.data.Dataset:
        seed = tf.stack([tf.constant(config.seed, tf.int64), epoch.read_value()])
        order = tf.random.experimental.stateless_shuffle(tf.range(count), seed)
        indices = tf.data.Dataset.from_tensor_slices(order)
        return indices.batch(size, drop_remainder=config.drop_remainder)

    @traced_as_is
    def gather(indices: tf.Tensor) -> Batch:
        batch: Batch = tf.nest.map_structure(lambda x: tf.gather(x, indices), rows)
        return batch

    indices = tf.data.Dataset.from_tensors(0).flat_map(one_epoch)
    return indices.map(gather, num_parallel_calls=tf.data.AUTOTUNE)


def _augmented(
    batches: tf.data.Dataset, graph: TransformGraph, config: TrainConfig, epoch: tf.Variable
) -> tf.data.Dataset:
    """Returns batches whose images are changed at random, anew in each epoch."""
    augmentations = graph.augmentations
    if not augmentations:
        return batches

    @traced_as_is
    def change(number: tf.Tensor, batch: Batch) -> Batch:
        features, *others = batch
        changed = dict(features)
        for index, (name, arguments) in enumerate(augmentations.items()):
            first = tf.random.experimental.stateless_fold_in([config.seed, index], epoch)
            seed = tf.random.experimental.stateless_fold_in(first, number)
            changed[name] = augment(features[name], seed, **arguments)
        return changed, *others

    return batches.enumerate().map(change, num_parallel_calls=tf.data.AUTOTUNE)
