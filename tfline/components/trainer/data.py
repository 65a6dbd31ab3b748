"""The examples of a split, as tf.data: read, shuffled, transformed and batched in C++.

Two ways lead to a batch. Streaming reads serialized records in each epoch, from many places of the
files in turn, shuffles them within a bounded buffer (a serialized image is a quarter of its tensor)
and transforms them in large batches; or it reads examples that have been transformed and written,
in the same way. Small data is transformed once and kept in memory; an epoch is then a random order
of its rows. In both the order follows from the seed and the number of the epoch alone, so that a
resumed run sees the batches that it would have seen.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import tensorflow as tf

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.pieces import piece_bytes, read_pieces
from tfline.components.trainer.sources import (
    Source,
    example_bytes,
    in_order,
    transformed,
    unpacked,
)
from tfline.components.trainer.splits import read_records, survey, traced_as_is
from tfline.components.trainer.transform_graph import Batch, TransformGraph
from tfline.components.trainer.weights import check_weights, class_weights, weighted_by_class
from tfline.transforms.augmentation import augment
from tfline.transforms.errors import DataError

SHUFFLE_BYTES = 256 << 20
"""The shuffle buffer holds records of at most this size together."""


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """What a model is fitted on.

    Attributes:
        train: The batches of one epoch: features, label and perhaps weights, [batch, ...].
        plain: The same, where classes have no weights of their own.
        evaluation: The batches of the eval split.
        epoch: int64 []; to be set to the number of an epoch before its batches are asked for.
        steps_per_epoch: How many batches an epoch has.
        steps: How many of them are to be trained on, in all epochs together.
        records: How many records each split has.
        first_step: How many steps of the epoch are done already, and not in `train`.
    """

    train: tf.data.Dataset
    plain: tf.data.Dataset
    evaluation: tf.data.Dataset
    epoch: tf.Variable
    steps_per_epoch: int
    steps: int
    records: dict[str, int]
    first_step: int = 0

    def rest(self, first_step: int) -> TrainingData:
        """Returns the batches of an epoch after so many steps."""
        return dataclasses.replace(self, train=self.train.skip(first_step), first_step=first_step)

    def steps_in(self, epoch: int) -> int:
        """Returns how many steps an epoch has, whose number is counted from 0."""
        return self.last_steps if epoch == self.epochs - 1 else self.steps_per_epoch

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
    scratch: str,
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
    per_epoch = steps_per_epoch(train.labelled, config)
    passes = math.ceil(count_steps(train.labelled, config) / per_epoch)
    sources = [Source.of(split, graph, config, passes, scratch) for split in (train, evaluation)]
    return make_data(_seekable(sources[0], graph, config, scratch), sources[1], graph, config)


def _seekable(source: Source, graph: TransformGraph, config: TrainConfig, scratch: str) -> Source:
    """Returns a source whose files can be read from anywhere, if it is larger than the buffer."""
    is_streamed = source.rows is None and source.written is None
    buffer = shuffled_at_once(source, graph, config)
    if is_streamed and source.split.is_compressed and source.split.records > buffer:
        return dataclasses.replace(source, split=unpacked(source.split, scratch))
    return source


def make_data(
    train: Source, evaluation: Source, graph: TransformGraph, config: TrainConfig
) -> TrainingData:
    """Returns the batches of two sources, to train on and to evaluate on.

    Raises:
        SpecError: The class weights do not fit the label.
    """
    epoch = tf.Variable(0, dtype=tf.int64, trainable=False, name="epoch")
    batches = plain = training_dataset(train, graph, config, epoch)
    if config.class_weights is not None:
        labels = None if train.rows is None else train.rows[1]
        weights = class_weights(config.class_weights, train.split, graph, labels)
        batches = weighted_by_class(batches, weights)
    return TrainingData(
        batches.prefetch(prefetched(config)),
        plain,
        evaluation_dataset(evaluation, graph, config).prefetch(prefetched(config)),
        epoch,
        steps_per_epoch(train.split.labelled, config),
        count_steps(train.split.labelled, config),
        {source.split.name: source.split.records for source in (train, evaluation)},
    )


def training_dataset(
    source: Source, graph: TransformGraph, config: TrainConfig, epoch: tf.Variable
) -> tf.data.Dataset:
    """Returns the batches of one epoch, in the order that the spec asks for.

    Args:
        source: Of the train split.
        graph: The transform graph.
        config: Batch size, order, seed and shuffle buffer.
        epoch: The number of the epoch, int64 []; read whenever an iterator starts.

    Returns:
        Features, label and perhaps weights, [batch, ...]; as many as `steps_per_epoch`.
    """
    if source.rows is not None and config.order == "consecutive":
        batches = _consecutive_rows(source.rows, config.batch_size)
    elif source.rows is not None:
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
        batches = in_order(source, graph, size).rebatch(size)
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
    steps = examples // size if config.is_full else math.ceil(examples / size)
    if not steps:
        raise DataError(
            f"The train split has {examples:,} examples, fewer than a batch of {size:,}",
            hint="Take `drop_remainder` and `order` out, or choose a smaller `batch_size`.",
        )
    return min(steps, config.steps or steps)


def count_steps(examples: int, config: TrainConfig) -> int:
    """Returns the number of training steps in all epochs together."""
    return config.steps or config.epochs * steps_per_epoch(examples, config)


def shuffled_at_once(source: Source, graph: TransformGraph, config: TrainConfig) -> int:
    """Returns how many examples the shuffle buffer holds."""
    split = source.split
    size = split.record_bytes if source.written is None else example_bytes(graph, split)
    return max(1, min(config.shuffle_buffer, int(SHUFFLE_BYTES / size)))


def _shuffled_records(
    source: Source, graph: TransformGraph, config: TrainConfig, epoch: tf.Variable
) -> tf.data.Dataset:
    split, written, size = source.split, source.written, config.batch_size
    buffer = shuffled_at_once(source, graph, config)
    threads, most = config.parallel_reads, config.interleave
    pieces = split.pieces.joined(piece_bytes(split.files, split.record_bytes, buffer))

    @traced_as_is
    def one_epoch(_: tf.Tensor) -> tf.data.Dataset:
        number = epoch.read_value()
        if written is not None:
            examples = written.mixed(config.seed + number)
            rows = examples.shuffle(buffer, seed=config.seed + number)
            return rows.batch(size, drop_remainder=config.drop_remainder)
        seed = tf.stack([tf.constant(config.seed, tf.int64), number])
        if split.is_compressed:
            files = tf.random.experimental.stateless_shuffle(tf.constant(split.files), seed)
            records = read_records(files, most, threads)
        else:
            records = read_pieces(split.files, pieces, seed, most, threads)
        shuffled = records.shuffle(buffer, seed=config.seed + number)
        large = transformed(shuffled, split, graph, size)
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

    return _gathered(rows, tf.data.Dataset.from_tensors(0).flat_map(one_epoch))


def _consecutive_rows(rows: Batch, size: int) -> tf.data.Dataset:
    """Returns batches of `size` runs of rows side by side; what is left over is left out."""
    steps = int(rows[1].shape[0]) // size
    runs = tf.reshape(tf.range(size * steps), [size, steps])
    return _gathered(rows, tf.data.Dataset.from_tensor_slices(tf.transpose(runs)))


def _gathered(rows: Batch, indices: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the batches of `rows` whose indices are given, [batch]."""

    @traced_as_is
    def gather(of_batch: tf.Tensor) -> Batch:
        batch: Batch = tf.nest.map_structure(lambda x: tf.gather(x, of_batch), rows)
        return batch

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
