"""Rows of a time series are cut into records to forecast from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import example_protos
from tfline.pipelines.cli import main
from tfline.pipelines.datasets.windows import Windows, cut_windows
from tfline.transforms.errors import DataError, SpecError

ROWS: list[dict[str, Any]] = [{"load": n, "day": f"d{n}"} for n in range(6)]


def test_window_holds_the_rows_before_its_target() -> None:
    records = list(cut_windows(ROWS, Windows(length=3, target="load", horizon=2)))
    assert records == [
        {"load": [0.0, 1.0, 2.0], "day": ["d0", "d1", "d2"], "load_ahead": 4.0},
        {"load": [1.0, 2.0, 3.0], "day": ["d1", "d2", "d3"], "load_ahead": 5.0},
    ]


def test_several_steps_are_forecast() -> None:
    records = list(cut_windows(ROWS, Windows(length=2, target="load", horizon=2, steps=2)))
    assert [record["load_ahead"] for record in records] == [[3.0, 4.0], [4.0, 5.0]]
    rows = [*ROWS[:4], {"load": None, "day": ""}, ROWS[5]]
    assert not list(cut_windows(rows, Windows(length=2, target="load", horizon=2, steps=2)))


def test_stride_lies_between_the_beginnings() -> None:
    records = cut_windows(ROWS, Windows(length=2, target="load", stride=2))
    assert [record["load"] for record in records] == [[0.0, 1.0], [2.0, 3.0]]


def test_missing_values_keep_their_place_and_a_missing_target_is_left_out() -> None:
    rows = [{"x": 1, "s": "a"}, {"x": None, "s": None}, {"x": None, "s": "b"}, {"x": 4, "s": None}]
    [record] = cut_windows(rows, Windows(length=2, target="x", horizon=1))
    assert record["s"] == ["", "b"]
    assert record["x"] is None
    [first, _] = [
        *cut_windows([{"x": 1}, {"x": None}, {"x": 3}, {"x": 4}], Windows(2, "x")),
    ]
    assert math.isnan(first["x"][1])


def test_too_few_rows_make_no_window() -> None:
    assert list(cut_windows(ROWS, Windows(length=6, target="load"))) == []


@pytest.mark.parametrize("number", ["length", "horizon", "stride"])
def test_number_below_1_is_refused(number: str) -> None:
    with pytest.raises(SpecError, match=f"`{number}`"):
        Windows(**{"length": 2, "target": "x", number: 0})


def test_target_that_is_no_column_or_no_number_is_refused() -> None:
    with pytest.raises(DataError, match="no column 'lod'") as caught:
        list(cut_windows(ROWS, Windows(2, "lod")))
    assert "'load'" in caught.value.hint
    with pytest.raises(DataError, match="cannot be forecast"):
        list(cut_windows(ROWS, Windows(2, "day")))


def test_command_writes_windows(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("load,temperature\n1,0.5\n2,\n3,1.5\n4,2\n")
    output = tmp_path / "load.tfrecord"
    options = ["--window", "2", "--target", "load"]
    assert main(["data", "convert", str(tmp_path / "load.csv"), str(output), *options]) == 0
    records = [example_protos().Example.FromString(r) for r in tfrecord.read_records(output)]
    assert [r.features.feature["load_ahead"].float_list.value[0] for r in records] == [3, 4]
    assert list(records[1].features.feature["load"].float_list.value) == [2, 3]


def test_window_without_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("load\n1\n")
    command = ["data", "convert", str(tmp_path / "load.csv"), str(tmp_path / "x"), "--window", "2"]
    assert main(command) == 2
