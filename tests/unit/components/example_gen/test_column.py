"""One number a record, and the record to blame when there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tfline.components.example_gen import column, tfrecord
from tfline.components.example_gen.inspection import RecordFile
from tfline.transforms.errors import DataError

WriteExamples = Callable[..., Path]


def files(*paths: Path) -> list[RecordFile]:
    return [RecordFile(str(path), "", 20) for path in paths]


def test_record_fingerprints_are_equal_for_equal_records(write_examples: WriteExamples) -> None:
    path = write_examples("a", [{"x": 1}, {"x": 2}, {"x": 1}])
    prints = column.record_fingerprints(files(path))
    assert prints.dtype == np.int64
    assert prints[0] == prints[2] != prints[1]


def test_record_fingerprints_do_not_change_between_versions(tmp_path: Path) -> None:
    tfrecord.write_records(tmp_path / "a", [b"Hello", b"TensorFlow"])
    prints = column.record_fingerprints(files(tmp_path / "a"))
    assert prints.tolist() == [6181326957702750344, 4265654129848386254]


@pytest.mark.parametrize("values", [[1, 2, 1], [1.5, 2.5, 1.5], ["a", "b", "a"]])
def test_value_fingerprints_follow_the_value(
    write_examples: WriteExamples, values: list[object]
) -> None:
    rows = [{"x": value, "other": number} for number, value in enumerate(values)]
    prints = column.value_fingerprints(files(write_examples("a", rows)), "tf_example", "x")
    assert prints[0] == prints[2] != prints[1]


def test_value_fingerprints_read_the_context_of_sequences(
    tmp_path: Path, sequence_records: list[bytes]
) -> None:
    tfrecord.write_records(tmp_path / "a", sequence_records)
    prints = column.value_fingerprints(files(tmp_path / "a"), "tf_sequence_example", "id")
    assert len(set(prints.tolist())) == 10


def test_times_read_numbers_and_iso_strings(write_examples: WriteExamples) -> None:
    numbers = write_examples("a", [{"t": 3}, {"t": 1}])
    assert column.times(files(numbers), "tf_example", "t").tolist() == [3, 1]
    texts = ["1970-01-01", "1970-01-01T00:00:01Z", "1970-01-01 02:00:00+02:00"]
    strings = write_examples("b", [{"t": text} for text in texts])
    assert column.times(files(strings), "tf_example", "t").tolist() == [0, 1_000_000, 0]


def test_feature_may_be_missing_in_files_before_the_first_that_has_it(
    write_examples: WriteExamples,
) -> None:
    paths = write_examples("a", [{"y": 1}]), write_examples("b", [{"x": 1}])
    with pytest.raises(DataError, match="does not have it") as caught:
        column.value_fingerprints(files(*paths), "tf_example", "x")
    assert caught.value.where == f"{paths[0]}, record 0"


def test_unknown_feature_is_answered_with_the_nearest_name(write_examples: WriteExamples) -> None:
    path = write_examples("a", [{"trip_start": 1, "fare": 2.0}])
    with pytest.raises(DataError, match="no record among the first") as caught:
        column.times(files(path), "tf_example", "trip_stat")
    assert "Did you mean 'trip_start'? Known: fare, trip_start." in caught.value.hint


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"y": 1}, "does not have it"),
        ({"x": []}, "has 0 values|does not have it"),
        ({"x": [1, 2]}, "has 2 values"),
        ({"x": "one"}, "holds it as bytes_list, others as int64_list"),
    ],
)
def test_error_names_the_record_without_one_value(
    write_examples: WriteExamples, row: dict[str, object], problem: str
) -> None:
    paths = write_examples("a", [{"x": 1}] * 3), write_examples("b", [{"x": 1}, row, {"x": 1}])
    with pytest.raises(DataError, match=problem) as caught:
        column.value_fingerprints(files(*paths), "tf_example", "x")
    assert caught.value.where == f"{paths[1]}, record 1"


@pytest.mark.parametrize(
    ("good", "bad", "problem"),
    [
        ("2024-01-31", "31.01.2024", "no ISO 8601"),
        ("2024-01-31", b"\xff", "no ISO 8601"),
        (1.0, float("nan"), "NaN is no time"),
    ],
)
def test_error_names_the_record_that_has_no_time(
    write_examples: WriteExamples, good: object, bad: object, problem: str
) -> None:
    path = write_examples("a", [{"t": good}, {"t": bad}])
    with pytest.raises(DataError, match=problem) as caught:
        column.times(files(path), "tf_example", "t")
    assert caught.value.where == f"{path}, record 1"


def test_error_names_the_record_that_cannot_be_parsed(
    write_examples: WriteExamples, tmp_path: Path
) -> None:
    good = next(tfrecord.read_records(write_examples("a", [{"x": 1}])))
    tfrecord.write_records(tmp_path / "b", [good, b"hello, I am no proto"])
    with pytest.raises(DataError, match="cannot be parsed") as caught:
        column.value_fingerprints(files(tmp_path / "b"), "tf_example", "x")
    assert caught.value.where == f"{tmp_path / 'b'}, record 1"
