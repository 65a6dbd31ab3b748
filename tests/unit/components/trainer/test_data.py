"""The order, the size and the content of batches, from files and from memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer import sources
from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import TrainingData, load_data
from tfline.components.trainer.splits import read_records, survey
from tfline.transforms.errors import DataError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case

ALL = pytest.mark.parametrize("cache", ["memory", "file", "none"])


def load(case: Case, **settings: Any) -> TrainingData:
    """Loads the data of a case."""
    config = TrainConfig.model_validate({"batch_size": 16, **settings})
    scratch = tempfile.mkdtemp(dir=Path(case.path).parent)
    return load_data(case.train_files, case.eval_files, case.graph(), config, scratch)


def rows(dataset: tf.data.Dataset) -> np.ndarray:
    """Returns age, city and label of all examples, in their order."""
    batches = [np.stack([x["age"], x["city"], y], axis=1) for x, y in dataset.as_numpy_iterator()]
    return np.concatenate(batches)


@ALL
def test_epoch_holds_every_example_once(cases: dict[str, Case], cache: str) -> None:
    data = load(cases["regression"], cache=cache)
    expected = rows(data.evaluation)
    shuffled = rows(data.train)
    assert len(expected) == 60
    assert not np.array_equal(shuffled, expected)
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), np.sort(expected, axis=0))


@ALL
def test_batches_have_shapes_and_dtypes_of_features(cases: dict[str, Case], cache: str) -> None:
    data = load(cases["binary"], cache=cache)
    x, y = data.train.element_spec
    assert x["age"].shape.as_list() == [None]
    assert x["city"].dtype == y.dtype == tf.int64
    assert x["day"].shape.as_list() == [None, 2]
    sizes = [len(label) for _, label in data.train]
    assert sizes == [16, 16, 16, 12]
    assert int(data.train.cardinality()) == data.steps_per_epoch == 4


def test_rows_of_consecutive_batches_follow_on_from_each_other(cases: dict[str, Case]) -> None:
    data = load(cases["regression"], batch_size=16, order="consecutive")
    whole = rows(data.evaluation)
    batches = [np.stack([x["age"], x["city"], y], axis=1) for x, y in data.train]
    assert len(batches) == data.steps_per_epoch == 3
    for row in range(16):
        run = np.stack([batch[row] for batch in batches])
        np.testing.assert_array_equal(run, whole[3 * row : 3 * row + 3])


@ALL
def test_order_follows_from_seed_and_epoch(cases: dict[str, Case], cache: str) -> None:
    case = cases["regression"]
    first, again = load(case, cache=cache), load(case, cache=cache)
    other = load(case, cache=cache, seed=0)
    orders = []
    for epoch in range(3):
        first.epoch.assign(epoch)
        orders.append(rows(first.train))
    again.epoch.assign(2)
    np.testing.assert_array_equal(rows(again.train), orders[2])
    assert not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(rows(other.train), orders[0])


def test_streamed_and_cached_examples_agree(cases: dict[str, Case]) -> None:
    streamed, cached = (load(cases["multiclass"], cache=cache) for cache in ("none", "memory"))
    np.testing.assert_array_equal(rows(streamed.evaluation), rows(cached.evaluation))


def test_cached_examples_outlive_their_file(cases: dict[str, Case], tmp_path: Path) -> None:
    file = tmp_path / "data.tfrecord"
    with tf.io.TFRecordWriter(str(file)) as writer:
        for record in cases["binary"].examples:
            writer.write(record)
    case = cases["binary"]._replace(train_files=[str(file)])
    data = load(case, cache="memory")
    file.unlink()
    assert len(rows(data.train)) == 60


@pytest.mark.parametrize(("passes", "limit", "cached"), [(1, 9999, 0), (2, 9999, 1), (2, 99, 0)])
def test_auto_caches_small_data_that_is_read_again(
    cases: dict[str, Case], monkeypatch: pytest.MonkeyPatch, passes: int, limit: int, cached: bool
) -> None:
    monkeypatch.setattr(sources, "CACHE_BYTES", limit)
    graph = cases["binary"].graph()
    split = survey("train", cases["binary"].train_files, graph)
    assert sources.example_bytes(graph, split) == 8 + 4 + 8 + 8
    assert sources.is_cached(split, graph, TrainConfig(), passes) == cached


@pytest.mark.parametrize(
    ("settings", "epochs", "per_epoch", "last"),
    [
        ({"epochs": 3}, 3, 4, 4),
        ({"steps": 3}, 1, 3, 3),
        ({"steps": 8}, 2, 4, 4),
        ({"steps": 9}, 3, 4, 1),
    ],
)
def test_steps_are_divided_into_epochs(
    cases: dict[str, Case], settings: dict[str, int], epochs: int, per_epoch: int, last: int
) -> None:
    data = load(cases["binary"], **settings)
    assert (data.epochs, data.steps_per_epoch, data.last_steps) == (epochs, per_epoch, last)


@ALL
def test_examples_without_label_are_left_out(
    cases: dict[str, Case], tmp_path: Path, cache: str, caplog: pytest.LogCaptureFixture
) -> None:
    with tf.io.TFRecordWriter(str(tmp_path / "data.tfrecord")) as writer:
        for record in cases["binary"].examples[:30]:
            writer.write(record)
            unlabelled = tf.train.Example.FromString(record)
            del unlabelled.features.feature["label"]
            writer.write(unlabelled.SerializeToString())
    case = cases["binary"]._replace(train_files=[str(tmp_path / "*")])
    data = load(case, cache=cache)
    labels = rows(data.train)[:, 2]
    assert len(labels) == 30
    assert (labels >= 0).all()
    assert data.records["train"] == 60
    assert "30 of 60 records of the train split have no label" in caplog.text


def test_split_without_label_is_an_error(cases: dict[str, Case], tmp_path: Path) -> None:
    with tf.io.TFRecordWriter(str(tmp_path / "data.tfrecord")) as writer:
        writer.write(tf.train.Example().SerializeToString())
    with pytest.raises(DataError, match="train split has 1 records, but none with a label"):
        survey("train", [str(tmp_path / "*")], cases["binary"].graph())


def test_split_without_files_is_an_error(cases: dict[str, Case], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="eval split has no files") as error:
        survey("eval", [str(tmp_path / "*")], cases["binary"].graph())
    assert str(tmp_path) in error.value.where


def test_records_of_zipped_and_plain_files_are_mixed(tmp_path: Path) -> None:
    files = [str(tmp_path / "a.tfrecord"), str(tmp_path / "b.tfrecord.gz")]
    for file, options in zip(files, ["", "GZIP"], strict=True):
        with tf.io.TFRecordWriter(file, options) as writer:
            for i in range(3):
                writer.write(f"{file[-1]}{i}".encode())
    records = list(read_records(tf.constant(files)).as_numpy_iterator())
    assert records == [b"d0", b"z0", b"d1", b"z1", b"d2", b"z2"]


@pytest.mark.parametrize("threads", [1, 3])
def test_files_are_read_in_turn_in_the_same_order(tmp_path: Path, threads: int) -> None:
    files = [str(tmp_path / f"{name}.tfrecord") for name in "abcd"]
    for file in files:
        with tf.io.TFRecordWriter(file) as writer:
            for i in range(2):
                writer.write(f"{Path(file).stem}{i}".encode())
    records = read_records(tf.constant(files), interleave=2, threads=threads)
    expected = [b"a0", b"b0", b"a1", b"b1", b"c0", b"d0", b"c1", b"d1"]
    assert list(records.as_numpy_iterator()) == expected


SORTED = 20_000
"""Records of a split that is sorted by its label."""


@pytest.fixture(scope="module", params=["data.tfrecord", "data.tfrecord.gz"])
def sorted_case(
    request: pytest.FixtureRequest,
    cases: dict[str, Case],
    tmp_path_factory: pytest.TempPathFactory,
) -> Case:
    """One file, plain or zipped, whose labels rise from 0 to 1."""
    file = tmp_path_factory.mktemp("sorted") / request.param
    with tf.io.TFRecordWriter(str(file), "GZIP" if file.suffix == ".gz" else "") as writer:
        for i in range(SORTED):
            features = {
                "age": tf.train.Feature(float_list=tf.train.FloatList(value=[i % 19 + 1])),
                "label": tf.train.Feature(float_list=tf.train.FloatList(value=[i / SORTED])),
            }
            record = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(record.SerializeToString())
    return cases["regression"]._replace(train_files=[str(file)])


@pytest.mark.parametrize("cache", ["file", "none"])
def test_label_of_a_sorted_split_does_not_follow_the_step(sorted_case: Case, cache: str) -> None:
    data = load(sorted_case, cache=cache, shuffle_buffer=500, batch_size=100)
    labels = np.concatenate([y for _, y in data.train.as_numpy_iterator()])
    np.testing.assert_allclose(np.sort(labels), np.arange(SORTED) / SORTED, atol=1e-6)
    means = labels.reshape(-1, 100).mean(axis=1)
    # The mean of 100 at random deviates by sqrt(1/12 / 100); that of sorted ones by ten times it.
    assert means.std() < 1.25 * (1 / 12 / 100) ** 0.5
    steps = np.arange(len(means))
    assert abs(np.corrcoef(steps, means)[0, 1]) < 0.2
    data.epoch.assign(1)
    again = np.concatenate([y for _, y in data.train.as_numpy_iterator()])
    assert not np.array_equal(again, labels)


def test_zipped_file_that_cannot_be_unpacked_is_said(
    sorted_case: Case, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if not sorted_case.train_files[0].endswith(".gz"):
        pytest.skip("plain files need not be unpacked")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    with caplog.at_level("INFO", logger="tfline.warning"):
        data = load(sorted_case, cache="none", shuffle_buffer=500)
    assert "can only be shuffled as far as the shuffle buffer reaches" in caplog.text
    assert sum(len(y) for _, y in data.train) == SORTED


@ALL
def test_batch_that_is_not_full_is_left_out(cases: dict[str, Case], cache: str) -> None:
    data = load(cases["binary"], cache=cache, drop_remainder=True, prefetch=0)
    assert [len(label) for _, label in data.train] == [16, 16, 16]
    assert data.steps_per_epoch == 3
    assert len(rows(data.evaluation)) == 60


def test_split_smaller_than_a_batch_is_an_error(cases: dict[str, Case]) -> None:
    with pytest.raises(DataError, match="60 examples, fewer than a batch of 64"):
        load(cases["binary"], batch_size=64, drop_remainder=True)
