"""Blocks of evaluated examples: labels, predictions and the raw features that slice them.

Records are read, parsed and predicted inside tf.data, in C++ and in batches; Python sees a block
of some ten thousand examples at a time.
"""

from __future__ import annotations

import dataclasses
import itertools
import logging
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tfline.components.artifacts.splits import compression
from tfline.components.evaluator.reading.counting import (
    EACH_FOR_ITSELF,
    Counted,
    Counting,
    count_examples,
)
from tfline.components.evaluator.reading.model import ModelCard, Predictor
from tfline.metrics.arrays import Array, Floats, Integers
from tfline.metrics.slices import Column
from tfline.transforms.errors import DataError, ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")

_PROGRESS = logging.getLogger("tfline.progress")

_BLOCK_VALUES = 1 << 19
"""Predicted values in a block: 65,536 examples with 8 classes, 2 MiB a model."""

_MAX_BLOCK = 1 << 16
"""Examples in a block at most."""

_PEEK = 1000
"""Records to look at for the type of a feature."""


_Columns = dict[str, tuple[Any, Any]]
"""The rows and the values of each parsed feature, both [v]."""

_Batch = tuple[Any, _Columns, dict[str, Any], Any, Any]
"""Number of examples, parsed features, predictions of each model, labels, and the records whose
label is none that the model knows."""


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """Evaluated examples; shapes and types as in `tfline.metrics.statistic`.

    Attributes:
        labels: [n, ...].
        predictions: The predictions of each model, [n, ...].
        columns: The raw features to slice by.
        seed: Tells the blocks of an evaluation apart, the same in every run.
        counted: How its examples count.
    """

    labels: Array
    predictions: dict[str, Floats]
    columns: dict[str, Column]
    seed: tuple[int, int]
    counted: Counted = EACH_FOR_ITSELF

    def take(self, kept: Integers) -> Block:
        """Returns the examples of some rows, int64 [m], rising."""
        place = np.full(len(self.labels), -1)
        place[kept] = np.arange(len(kept))
        columns = {}
        for key, column in self.columns.items():
            rows = place[column.rows]
            columns[key] = Column(rows[rows >= 0], column.values[rows >= 0])
        return Block(
            self.labels[kept],
            {name: of_model[kept] for name, of_model in self.predictions.items()},
            columns,
            self.seed,
            self.counted.rows(kept),
        )


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where a block begins."""

    file: str
    start: int

    def record(self, row: int) -> str:
        """Returns where a record of the block is."""
        return f"record {self.start + row:,} of {self.file}"

    @property
    def seed(self) -> tuple[int, int]:
        """Of the block; where the file lies does not count."""
        return zlib.crc32(os.path.basename(self.file).encode()), self.start


def read_blocks(
    file: str,
    card: ModelCard,
    predictors: Mapping[str, Predictor],
    features: Sequence[str],
    batch_size: int,
    counting: Counting | None = None,
) -> Iterator[Block]:
    """Yields the blocks of a file of tf.Examples, without the records that have no label.

    Args:
        file: A TFRecord file, plain or gzip.
        card: What is predicted.
        predictors: The models.
        features: The raw features to slice by.
        batch_size: Examples a call of a model.
        counting: What says how examples count; None: all the same, each for itself.

    Yields:
        Blocks in the order of the file.

    Raises:
        DataError: If a record cannot be read by this or by the model, or has a label that the
            model does not know, or no weight.
        ModelError: If a model fails, or predicts what is no number.
    """
    records = tf.data.TFRecordDataset(file, compression_type=compression(file))
    counting = counting or Counting()
    keys = dict.fromkeys([*features, *counting.keys])
    first = next(iter(predictors.values()))
    parsers = {
        key: tf.io.VarLenFeature(dtype) for key, dtype in _types(records, keys, file).items()
    }

    def evaluate(serialized: tf.Tensor) -> _Batch:
        parsed = tf.io.parse_example(serialized, parsers) if parsers else {}
        columns = {key: (values.indices[:, 0], values.values) for key, values in parsed.items()}
        predictions = {name: predict(serialized) for name, predict in predictors.items()}
        labels = first.label(serialized)
        unknown = tf.boolean_mask(serialized, ~labelled(labels))
        return tf.size(serialized, tf.int64), columns, predictions, labels, unknown

    batches = (
        records.batch(batch_size)
        .map(evaluate, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
        .as_numpy_iterator()
    )
    values = max(card.size, len(card.classes)) * len(predictors)
    size = max(1, min(_MAX_BLOCK, _BLOCK_VALUES // values) // batch_size)  # batches
    done = 0
    while group := list(itertools.islice(_readable(batches, file), size)):
        place = _Place(file, done)
        block, known = _block(group, card, place, counting)
        done += len(block.labels)
        _PROGRESS.info("%s records evaluated", f"{done:,}")
        if len(known):
            yield block if len(known) == len(block.labels) else block.take(known)


def _readable(elements: Iterator[Any], file: str) -> Iterator[Any]:
    """Yields what tf.data does; its errors become those of the data or of the model."""
    while True:
        try:
            element = next(elements, None)
        except (
            tf.errors.DataLossError,
            tf.errors.InvalidArgumentError,
            tf.errors.NotFoundError,
        ) as exc:
            reason, *_ = exc.message.splitlines()
            raise DataError(f"A record cannot be read: {reason}", where=file) from exc
        except tf.errors.OpError as exc:
            raise ModelError(f"The model fails: {exc.message}", where=file) from exc
        if element is None:
            return
        yield element


def _types(records: tf.data.Dataset, keys: Mapping[str, None], file: str) -> dict[str, tf.DType]:
    """Returns the type of each raw feature, as the first record that has it says.

    A feature that none of the first records has is parsed as a string.
    """
    kinds = {"int64_list": tf.int64, "float_list": tf.float32, "bytes_list": tf.string}
    types: dict[str, tf.DType] = {}
    for record in _readable(records.take(_PEEK).as_numpy_iterator(), file):
        features = tf.train.Example.FromString(record).features.feature
        for key in keys.keys() - types.keys():
            kind = features[key].WhichOneof("kind") if key in features else None
            if kind and getattr(features[key], kind).value:
                types[key] = kinds[kind]
        if len(types) == len(keys):
            break
    return {key: types.get(key, tf.string) for key in keys}


def labelled(labels: tf.Tensor) -> tf.Tensor:
    """Returns which labels [n, ...] are ones that the model knows, bool [n]."""
    known = tf.math.is_finite(labels) if labels.dtype.is_floating else labels >= 0
    return tf.reduce_all(known, axis=tf.range(1, tf.rank(known)))


def _block(
    batches: list[_Batch], card: ModelCard, place: _Place, counting: Counting
) -> tuple[Block, Integers]:
    """Returns the block of some batches, and the rows that have a label, int64 [m]."""
    sizes, parsed, predicted, read, unknown = zip(*batches, strict=True)
    starts = np.cumsum([0, *sizes[:-1]])
    columns = {
        key: Column(
            rows=np.concatenate(
                [batch[key][0] + start for batch, start in zip(parsed, starts, strict=True)]
            ),
            values=np.concatenate([batch[key][1] for batch in parsed]),
        )
        for key in parsed[0]
    }
    predictions = {
        name: np.concatenate([batch[name] for batch in predicted]) for name in predicted[0]
    }
    for name, of_model in predictions.items():
        _check_predictions(name, of_model, place)
    labels = np.concatenate(read)
    rows = labels.reshape(len(labels), -1)
    is_known = (np.isfinite(rows) if rows.dtype.kind == "f" else rows >= 0).all(axis=1)
    _check_labels(np.flatnonzero(~is_known), np.concatenate(unknown), card, place)
    counted = count_examples(counting, columns, len(labels), place.seed, place.record)
    return Block(labels, predictions, columns, place.seed, counted), np.flatnonzero(is_known)


def _check_predictions(name: str, predicted: Floats, place: _Place) -> None:
    finite = np.isfinite(predicted.reshape(len(predicted), -1).sum(axis=1))  # [n]
    if not finite.all():
        raise ModelError(
            f"The {name or 'candidate'} model predicts NaN or infinity for "
            f"{(~finite).sum():,} of {len(finite):,} records.",
            where=place.record(int(finite.argmin())),
            hint="Train with a smaller learning rate, or fill missing inputs.",
        )


def _check_labels(rows: Integers, records: Array, card: ModelCard, place: _Place) -> None:
    """Refuses labels that are there, but none that the model knows.

    Args:
        rows: Of the records without a label that the model knows, int64 [m].
        records: These records, serialized, [m].
        card: What is predicted.
        place: Where the block begins.

    Raises:
        DataError: One has a label.
    """
    raw = [_raw_label(record, card.label) for record in records]
    wrong = [(row, label) for row, label in zip(rows, raw, strict=True) if label]
    if not wrong:
        return
    row, label = wrong[0]
    known_values = ", ".join(map(str, card.class_values))
    raise DataError(
        f"{len(wrong):,} records have a label '{card.label}' that the model cannot compare with, "
        f"such as {label}.",
        where=place.record(int(row)),
        hint=f"Known in training: {known_values}. Train on data with all classes."
        if known_values
        else "Every number of a label has to be finite.",
    )


def _raw_label(record: bytes, key: str) -> str:
    """Returns the raw label of a record in words; empty if it has none under the label's name."""
    features = tf.train.Example.FromString(record).features.feature
    if key not in features:
        return ""
    feature = features[key]
    values = feature.bytes_list.value or feature.int64_list.value or feature.float_list.value
    return ", ".join(
        value.decode("utf-8", errors="replace")[:100] if isinstance(value, bytes) else f"{value:g}"
        for value in values[:5]
    )
