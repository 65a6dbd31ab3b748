"""How the time of windows is cut into blocks."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfline.components.evaluator.reading.counting import Counting, count_examples, find_counting
from tfline.components.evaluator.reading.time_blocks import block_length, find_time_blocks
from tfline.components.example_gen.example_proto import encode_example
from tfline.components.example_gen.tfrecord import write_records
from tfline.metrics.slices import Column
from tfline.pipelines.datasets.windows import Windows, cut_windows
from tfline.transforms.errors import DataError


def write(path: Path, records: list[dict[str, Any]]) -> str:
    write_records(path, map(encode_example, records))
    return str(path)


def converted(rows: int, time: str | None = None) -> list[dict[str, Any]]:
    """Returns windows as they are converted: 20 rows, and 4 that are forecast."""
    begin = datetime.datetime(2024, 1, 1)
    table = [
        {"load": float(row), "when": (begin + datetime.timedelta(hours=row)).isoformat()}
        for row in range(rows)
    ]
    cut = Windows(length=20, target="load", steps=4, time=time)
    return [{k: v for k, v in r.items() if k != "when"} for r in cut_windows(table, cut)]


def test_blocks_are_longer_than_windows_and_many() -> None:
    """1,000 windows one after the other: 100 blocks of ten."""
    assert block_length(1000.0, 1.0) == pytest.approx(10, rel=0.02)
    assert block_length(8.0, 1.0) == 2
    assert block_length(1.0, 1.0) == 1


def test_converted_windows_are_cut_by_the_row_they_begin_at(tmp_path: Path) -> None:
    records = converted(1000)
    files = [write(tmp_path / "a", records[:500]), write(tmp_path / "b", records[500:])]
    blocks = find_time_blocks(files)
    assert blocks is not None
    assert blocks.length == pytest.approx(block_length(999, 23))
    assert 23 < blocks.length < 999 / 10
    assert blocks.words.endswith("steps of neighbouring windows")


def test_dates_are_cut_too(tmp_path: Path) -> None:
    blocks = find_time_blocks([write(tmp_path / "a", converted(1000, "when"))])
    assert blocks is not None
    hours = blocks.length / 3.6e9
    assert hours == pytest.approx(block_length(999, 23))
    starts = np.array([b"2024-01-01T00:00:00", b"2024-01-02T00:00:00"], object)
    first, second = blocks.places(starts)
    assert second - first == pytest.approx(24 / hours)
    assert blocks.words == "blocks of 3 days, 11:15:00 of neighbouring windows"


def test_records_that_are_no_windows_stand_for_themselves(tmp_path: Path) -> None:
    files = [write(tmp_path / "a", [{"load": 1.0}])]
    assert find_time_blocks(files) is None
    assert find_counting(None, None, files).independent


def test_unit_that_was_asked_for_comes_before_time(tmp_path: Path) -> None:
    files = [write(tmp_path / "a", converted(100))]
    assert find_counting(None, "customer", files) == Counting(unit="customer")
    found = find_counting("importance", None, files)
    assert found.keys == ("importance", "window_start")
    assert not found.independent


def test_windows_without_a_beginning_are_refused(tmp_path: Path) -> None:
    records = converted(60)
    del records[5]["window_end"]
    with pytest.raises(DataError, match="Only some windows have one `window_start`"):
        find_time_blocks([write(tmp_path / "a", records)])


def test_windows_near_one_another_are_a_unit(tmp_path: Path) -> None:
    counting = find_counting(None, None, [write(tmp_path / "a", converted(1000))])
    starts = np.arange(1000)
    counted = count_examples(
        counting, {"window_start": Column(starts, starts)}, 1000, (0, 0), "record {}".format
    )
    assert counted.units is not None
    assert counted.places is not None
    assert len(np.unique(counted.units)) == int(counted.places.max()) + 1
    assert (np.diff(counted.units.astype(int)) >= 0).all()
