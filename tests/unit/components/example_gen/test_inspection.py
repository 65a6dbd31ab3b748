"""The first look at a file finds what is no data at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.inspection import inspect_file
from tfline.transforms.errors import DataError


def test_inspect_file_finds_compression_by_content(write_examples: Callable[..., Path]) -> None:
    path = write_examples("named.without.suffix", [{"x": 1}], compress=True)
    assert inspect_file(str(path), "tf_example").compression == "GZIP"


def test_inspect_file_measures_the_first_record(
    tmp_path: Path, sequence_records: list[bytes]
) -> None:
    path = tmp_path / "data.tfrecord"
    tfrecord.write_records(path, sequence_records)
    found = inspect_file(str(path), "tf_sequence_example")
    assert (found.compression, found.first_record_bytes) == ("", len(sequence_records[0]))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"hello, I am no proto", "cannot be parsed"),
        (b"", "has no feature"),
    ],
)
def test_inspect_file_raises_when_records_are_no_examples(
    tmp_path: Path, record: bytes, message: str
) -> None:
    path = tmp_path / "data.tfrecord"
    tfrecord.write_records(path, [record])
    with pytest.raises(DataError, match=f"not tf.Examples: .*{message}") as caught:
        inspect_file(str(path), "tf_example")
    assert caught.value.where == f"{path}, record 0"


def test_inspect_file_raises_when_payload_is_the_other_one(
    tmp_path: Path, sequence_records: list[bytes], write_examples: Callable[..., Path]
) -> None:
    path = tmp_path / "data.tfrecord"
    tfrecord.write_records(path, sequence_records)
    with pytest.raises(DataError, match="is a tf_sequence_example"):
        inspect_file(str(path), "tf_example")
    with pytest.raises(DataError, match="is a tf_example"):
        inspect_file(str(write_examples("e.tfrecord", [{"x": 1}])), "tf_sequence_example")


@pytest.mark.parametrize(("name", "message"), [("missing", "No such file"), (".", "a folder")])
def test_inspect_file_raises_when_there_is_no_file(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        inspect_file(str(tmp_path / name), "tf_example")


def test_inspect_file_raises_when_file_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "train.tfrecord"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="looks like CSV"):
        inspect_file(str(path), "tf_example")
