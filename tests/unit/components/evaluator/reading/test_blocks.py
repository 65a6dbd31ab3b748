"""Records become blocks of labels, predictions and raw features; bad records become errors."""

from __future__ import annotations

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
from tfline.transforms.features import LabelSpec

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


class Model:
    """Predicts the same for each record, and reads the label as a transform graph does."""

    def __init__(self, card: ModelCard = BINARY, value: float = 0.5, dtype: Any = tf.int64) -> None:
        self._card = card
        self._value = value
        self._dtype = dtype

    def __call__(self, serialized: tf.Tensor) -> tf.Tensor:
        return tf.fill([tf.size(serialized)], self._value)

    def label(self, serialized: tf.Tensor) -> tf.Tensor:
        key, task = self._card.label, self._card.asks
        columns = tf.io.parse_example(serialized, {key: tf.io.VarLenFeature(self._dtype)})
        label = LabelSpec(key=key, task=task.name)
        return task.true_label(task.encode(columns, label, self._card.class_values))


DTYPES = {int: tf.int64, float: tf.float32, bytes: tf.string}
HALF: Any = Model()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Block]]:
    def read_records(
        records: list[bytes],
        card: ModelCard = BINARY,
        predict: Any = None,
        features: tuple[str, ...] = (),
        compress: bool = False,
        dtype: Any = tf.int64,
    ) -> list[Block]:
        path = tmp_path / "data"
        with tf.io.TFRecordWriter(str(path), "GZIP" if compress else "") as writer:
            for record in records:
                writer.write(record)
        model = predict or Model(card, dtype=dtype)
        return list(read_blocks(str(path), card, {"": model}, features, batch_size=2))

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


@pytest.mark.parametrize(("raw", "card"), [(b"b", WORDS), (1, BINARY), (b"1", BINARY)])
def test_label_is_found_among_the_class_values(
    read: Callable[..., list[Block]], raw: Any, card: ModelCard
) -> None:
    (block,) = read([example(y=raw)], card, dtype=DTYPES[type(raw)])
    assert block.labels.tolist() == [1]


@pytest.mark.parametrize("raw", [7, 7.0])
def test_label_of_a_regression_is_a_number(read: Callable[..., list[Block]], raw: Any) -> None:
    (block,) = read([example(y=raw)], NUMBER, dtype=DTYPES[type(raw)])
    assert block.labels.tolist() == [7.0]


@pytest.mark.parametrize(
    ("values", "card", "message", "where"),
    [
        ([1, 2], BINARY, "1 records have a label 'y' .* such as 2", "record 1"),
        ([None, 2], BINARY, "1 records have a label 'y' .* such as 2", "record 1"),
        ([b"a", b"c"], WORDS, "cannot compare with, such as c", "record 1"),
        ([1.0, float("nan")], NUMBER, "1 records .* such as nan", "record 1"),
    ],
)
def test_label_that_cannot_be_used_is_refused(
    read: Callable[..., list[Block]], values: list[Any], card: ModelCard, message: str, where: str
) -> None:
    dtype = DTYPES[type(values[0])] if values[0] is not None else tf.int64
    with pytest.raises(DataError, match=message) as error:
        read([example(y=value) for value in values], card, dtype=dtype)
    assert error.value.where.startswith(f"{where} of ")


def test_records_without_label_are_left_out(read: Callable[..., list[Block]]) -> None:
    records = [example(hour=7), example(y=1, hour=3), example(y=0), example(), example(y=1, hour=4)]
    (block,) = read(records, features=("hour",))
    assert block.labels.tolist() == [1, 0, 1]
    assert len(block.predictions[""]) == 3
    assert block.columns["hour"].rows.tolist() == [0, 2]
    assert block.columns["hour"].values.tolist() == [3, 4]
    assert read([example(hour=7)] * 3) == []


def test_prediction_that_is_no_number_is_refused(read: Callable[..., list[Block]]) -> None:
    predict = Model(value=float("nan"))
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
