"""The data sets of the catalog: sizes, features, and the same bytes each time."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import example_protos
from tfline.pipelines.datasets import DATASETS, fashion
from tfline.transforms.errors import DataError


def compressed(content: bytes) -> bytes:
    """Returns the same bytes in every process: a test is named by its arguments."""
    return gzip.compress(content, mtime=0)


def records(folder: Path, split: str) -> list[Any]:
    """Returns the features of the records of a split."""
    path = folder / f"{split}-00000-of-00001.tfrecord"
    parse = example_protos().Example.FromString
    return [parse(record).features.feature for record in tfrecord.read_records(path)]


def digests(folder: Path) -> dict[str, str]:
    """Returns the hash of each file of a folder."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def write_fashion_files(folder: Path, counts: dict[str, int]) -> None:
    """Writes the four files of a small Fashion-MNIST."""
    folder.mkdir()
    for prefix, count in counts.items():
        pixels = bytes(value % 256 for value in range(count * 784))
        images = struct.pack(">4I", 0x803, count, 28, 28) + pixels
        labels = struct.pack(">2I", 0x801, count) + bytes(value % 10 for value in range(count))
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))


@pytest.fixture
def small_fashion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a folder with a Fashion-MNIST of 20 + 10 images."""
    monkeypatch.setattr(fashion, "_SPLITS", {"train": ("train", 20), "eval": ("t10k", 10)})
    folder = tmp_path / "source"
    write_fashion_files(folder, {"train": 20, "t10k": 10})
    return folder


@pytest.mark.parametrize("name", ["digits", "taxi"])
def test_writer_gives_the_same_bytes_and_true_counts(tmp_path: Path, name: str) -> None:
    counts = DATASETS[name](tmp_path / "one", None)
    assert DATASETS[name](tmp_path / "two", None) == counts
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    for split, count in counts.items():
        assert len(records(tmp_path / "one", split)) == count


def test_taxi_has_typed_features_and_leaves_out_missing_ones(tmp_path: Path) -> None:
    counts = DATASETS["taxi"](tmp_path, None)
    assert sum(counts.values()) == 15_002
    assert counts["eval"] / 15_002 == pytest.approx(0.2, abs=0.01)
    rows = records(tmp_path, "train") + records(tmp_path, "eval")
    assert sum(row["big_tipper"].int64_list.value[0] for row in rows) == 3_374
    assert sum("company" not in row for row in rows) == 5_140
    assert all(row["fare"].WhichOneof("kind") == "float_list" for row in rows)
    assert all(row["trip_start_hour"].WhichOneof("kind") == "int64_list" for row in rows)
    assert all(row["payment_type"].WhichOneof("kind") == "bytes_list" for row in rows)


def test_taxi_raises_when_a_column_is_missing(tmp_path: Path) -> None:
    source = tmp_path / "trips.csv"
    source.write_text("fare,tips\n1,0\n")
    with pytest.raises(DataError, match="which is no column"):
        DATASETS["taxi"](tmp_path / "out", source)
    assert not (tmp_path / "out").exists()


def test_digits_are_stratified_bytes(tmp_path: Path) -> None:
    counts = DATASETS["digits"](tmp_path, None)
    assert sum(counts.values()) == 1_797
    train, evaluation = records(tmp_path, "train"), records(tmp_path, "eval")
    assert {len(row["image"].bytes_list.value[0]) for row in train} == {64}
    assert max(max(row["image"].bytes_list.value[0]) for row in train) == 255
    for label, count in Counter(row["label"].int64_list.value[0] for row in evaluation).items():
        of_label = sum(row["label"].int64_list.value[0] == label for row in train) + count
        assert count == of_label // 5


def test_fashion_keeps_pixels_and_labels(small_fashion: Path, tmp_path: Path) -> None:
    assert DATASETS["fashion"](tmp_path / "out", small_fashion) == {"train": 20, "eval": 10}
    row = records(tmp_path / "out", "train")[3]
    assert row["image"].bytes_list.value[0] == bytes(v % 256 for v in range(3 * 784, 4 * 784))
    assert list(row["label"].int64_list.value) == [3]


def test_fashion_reads_the_keras_cache_when_no_folder_is_given(
    small_fashion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "keras" / "datasets" / "fashion-mnist"
    cache.parent.mkdir(parents=True)
    small_fashion.rename(cache)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert DATASETS["fashion"](tmp_path / "out", None) == {"train": 20, "eval": 10}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "Cannot read t10k-labels-idx1-ubyte.gz"),
        (b"no gzip", "Cannot read t10k-labels-idx1-ubyte.gz of Fashion-MNIST: Not a gzipped"),
        (compressed(bytes(20))[:-9], "truncated or corrupt"),
        (compressed(b""), r"Received: \[\]"),
        (compressed(struct.pack(">2I", 0x803, 10)), r"Received: \[2051, 10\]"),
        (compressed(struct.pack(">2I", 0x801, 10) + bytes(9)), "must hold 10 values"),
        (compressed(struct.pack(">2I", 0x801, 10) + b"\x0a" * 10), "Labels must be 0 to 9"),
    ],
)
def test_fashion_names_the_file_that_is_wrong(
    small_fashion: Path, tmp_path: Path, data: bytes | None, message: str
) -> None:
    labels = small_fashion / "t10k-labels-idx1-ubyte.gz"
    labels.unlink()
    if data is not None:
        labels.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        DATASETS["fashion"](tmp_path / "out", small_fashion)
    assert caught.value.where == str(labels)
    assert not (tmp_path / "out").exists()
