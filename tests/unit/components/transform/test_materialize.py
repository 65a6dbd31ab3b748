"""Transformed examples are written where reading them is cheaper, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

from tfline.components.transform.materialize import (
    IN_MEMORY_BYTES,
    count_records,
    example_bytes,
    is_worthwhile,
)

TABLE = [
    {"kind": "numeric", "shape": []},
    {"kind": "numeric", "shape": [10]},
    {"kind": "index", "shape": []},
]
IMAGE = [{"kind": "image", "shape": [28, 28, 1]}]
MANY = IN_MEMORY_BYTES // 10


def test_size_of_an_example_is_that_of_its_tensors_and_label() -> None:
    assert example_bytes(TABLE) == 4 + 40 + 8 + 8
    assert example_bytes(IMAGE) == 28 * 28 * 4 + 8


@pytest.mark.parametrize(
    ("choice", "records", "raw_bytes", "described", "expected"),
    [
        ("auto", MANY, MANY * 500, TABLE, True),
        ("auto", MANY, MANY * 50, TABLE, False),  # larger than the records
        ("auto", 1000, 1000 * 500, TABLE, False),  # fits into memory
        ("auto", MANY, MANY * 800, IMAGE, False),
        ("auto", MANY, MANY * 500, [*TABLE, {"kind": "string", "shape": []}], False),
        ("always", 1, 1, IMAGE, True),
        ("never", MANY, MANY * 500, TABLE, False),
    ],
)
def test_choice_is_made_by_size(choice, records, raw_bytes, described, expected: bool) -> None:
    assert is_worthwhile(choice, records, raw_bytes, described) is expected


def test_records_of_plain_and_zipped_files_are_counted(tmp_path: Path) -> None:
    files = {str(tmp_path / "a"): "", str(tmp_path / "b.gz"): "GZIP"}
    for path, compression in files.items():
        with tf.io.TFRecordWriter(path, compression) as writer:
            for record in (b"abc", b"", b"12345"):
                writer.write(record)
    assert count_records([*files]) == (6, 16)
