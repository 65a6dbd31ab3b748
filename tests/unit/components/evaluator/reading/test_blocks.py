"""Records become blocks of labels, predictions and raw features; bad records become errors."""

from __future__ import annotations

import functools
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.evaluator.reading import blocks
from tfline.components.evaluator.reading.blocks import Block, read_blocks
from tfline.components.evaluator.reading.model import ModelCard
from tfline.transforms.errors import DataError, ModelError

BINARY = ModelCard(format=1, task="binary", label="y", classes=("a", "b"), class_values=(0, 1))
WORDS = ModelCard(
    format=1, task="multiclass", label="y", classes=("a", "b"), class_values=("a", "b")
)
NUMBER = ModelCard(format=1, task="regression", label="y")


def example(**features: Any) -> bytes:
    """Returns a serialized tf.Example; None leaves a feature out."""
    kinds: dict[type, Callable[[Any], tf.train.Feature]] = {
        int: lambda v: tf.train.Feature(int64_list=tf.train.Int64List(value=[v])),
        float: lambda v: tf.train.Feature(float_list=tf.train.FloatList(value=[v])),
        bytes: lambda v: tf.train.Feature(bytes_list=tf.train.BytesList(value=[v])),
    }
    feature = {key: kinds[type(v)](v) for key, v in features.items() if v is not None}
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    return bytes(example.SerializeToString())


def constant(value: float, serialized: tf.Tensor) -> tf.Tensor:
    """Predicts the same for each record, as a model would."""
    return tf.fill([tf.size(serialized)], value)


HALF: Any = functools.partial(constant, 0.5)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Block]]:
    def read_records(
        records: list[bytes],
        card: ModelCard = BINARY,
        predict: Any = HALF,
        features: tuple[str, ...] = (),
        compress: bool = False,
    ) -> list[Block]:
        path = tmp_path / "data"
        with tf.io.TFRecordWriter(str(path), "GZIP" if compress else "") as writer:
            for record in records:
                writer.write(record)
        return list(read_blocks(str(path), card, {"": predict}, features, batch_size=2))

    return read_records


@pytest.mark.parametrize("compress", [False, True])
def test_block_holds_labels_predictions_and_slice_features(
    read: Callable[..., list[Block]], compress: bool
) -> None:
    records = [example(y=1, hour=3), example(y=0), example(y=1, hour=4)]
    (block,) = read(records, features=("hour",), compress=compress)
    assert block.labels.tolist() == [1, 0, 1]
    assert block.predictions[""].tolist() == [0.5, 0.5, 0.5]
    assert block.columns["hour"].rows.tolist() == [0, 2]
    assert block.columns["hour"].values.tolist() == [3, 4]


def test_records_are_split_into_blocks_in_order(
    read: Callable[..., list[Block]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_MAX_BLOCK", 4)
    parts = read([example(y=index % 2) for index in range(10)])
    assert [len(block.labels) for block in parts] == [4, 4, 2]
    assert np.concatenate([block.labels for block in parts]).tolist() == [0, 1] * 5


@pytest.mark.parametrize(("raw", "card"), [(b"b", WORDS), (1.0, BINARY), (b"1", BINARY)])
def test_label_is_found_among_the_class_values(
    read: Callable[..., list[Block]], raw: Any, card: ModelCard
) -> None:
    (block,) = read([example(y=raw)], card)
    assert block.labels.tolist() == [1]


@pytest.mark.parametrize("raw", [7, 7.0])
def test_label_of_a_regression_is_a_number(read: Callable[..., list[Block]], raw: Any) -> None:
    (block,) = read([example(y=raw)], NUMBER)
    assert block.labels.dtype == np.float64
    assert block.labels.tolist() == [7.0]


@pytest.mark.parametrize(
    ("records", "card", "message", "where"),
    [
        ([example(y=1), example(x=1)], BINARY, "1 of 2 eval records have no label 'y'", "record 1"),
        ([example(x=1)], BINARY, "1 of 1 eval records have no label 'y'", "record 0"),
        ([example(y=1), example(y=2)], BINARY, "never saw in training: 2.", "record 1"),
        ([example(y=b"a"), example(y=b"c")], WORDS, "never saw in training: c.", "record 1"),
        ([example(y=b"x")], NUMBER, "is text, not a number", "record 0"),
        ([example(y=1.0), example(y=float("nan"))], NUMBER, "is NaN or infinite in 1", "record 1"),
    ],
)
def test_label_that_cannot_be_used_is_refused(
    read: Callable[..., list[Block]],
    records: list[bytes],
    card: ModelCard,
    message: str,
    where: str,
) -> None:
    with pytest.raises(DataError, match=message) as error:
        read(records, card)
    assert error.value.where.startswith(f"{where} of ")


def test_prediction_that_is_no_number_is_refused(read: Callable[..., list[Block]]) -> None:
    predict = functools.partial(constant, float("nan"))
    with pytest.raises(ModelError, match="candidate model predicts NaN or infinity for 3 of 3"):
        read([example(y=1)] * 3, predict=predict)


def test_feature_that_changes_its_type_is_refused(read: Callable[..., list[Block]]) -> None:
    with pytest.raises(DataError, match="Key: y"):
        read([example(y=1), example(y=b"1")])


def test_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(example(y=1))
        writer.write(example(y=0))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match="cannot be read"):
        list(read_blocks(str(path), BINARY, {"": HALF}, (), batch_size=1))


def test_empty_file_has_no_blocks(tmp_path: Path) -> None:
    path = tmp_path / "data.gz"
    path.write_bytes(gzip.compress(b""))
    assert not list(read_blocks(str(path), BINARY, {"": HALF}, (), batch_size=1))
