"""Rows of a time series are cut into records to forecast from."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import example_protos
from tfline.pipelines.cli import main
from tfline.pipelines.datasets.windows import LeftOut, Windows, cut_windows
from tfline.transforms.errors import DataError, SpecError

ROWS: list[dict[str, Any]] = [{"load": n, "day": f"d{n}"} for n in range(6)]


def test_window_holds_the_rows_before_its_target() -> None:
    records = list(cut_windows(ROWS, Windows(length=3, target="load", horizon=2)))
    assert records == [
        {"load": [0.0, 1.0, 2.0], "day": ["d0", "d1", "d2"], "load_ahead": 4.0,
         "window_start": 0, "window_end": 4},
        {"load": [1.0, 2.0, 3.0], "day": ["d1", "d2", "d3"], "load_ahead": 5.0,
         "window_start": 1, "window_end": 5},
    ]  # fmt: skip


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


def test_windows_know_their_times_and_stay_in_their_series() -> None:
    rows = [
        {"at": f"2024-01-0{day}", "shop": shop, "sold": day + number}
        for day in range(1, 5)
        for number, shop in enumerate("ab")
    ]
    windows = Windows(2, "sold", time="at", series="shop")
    records = list(cut_windows(rows, windows))
    assert records[0] == {
        "sold": [1.0, 2.0], "sold_ahead": 3.0, "shop": "a",
        "window_start": "2024-01-01", "window_end": "2024-01-03",
    }  # fmt: skip
    assert [record["shop"] for record in records] == ["a", "b", "a", "b"]
    assert all(r["sold"][1] == r["sold"][0] + 1 for r in records)


def test_windows_of_an_unknown_future_are_the_others() -> None:
    options = {"length": 2, "target": "load", "horizon": 2, "steps": 2}
    left_out = LeftOut()
    known = list(cut_windows(ROWS, Windows(**options), left_out))
    unknown = list(cut_windows(ROWS, Windows(**options, future="unknown")))
    assert [record["load"] for record in known] == [[0.0, 1.0], [1.0, 2.0]]
    assert [record["load"] for record in unknown] == [[2.0, 3.0], [3.0, 4.0], [4.0, 5.0]]
    assert not any("load_ahead" in record for record in unknown)
    assert unknown[-1]["window_end"] == 5
    assert left_out == LeftOut(future_unknown=3)


def test_windows_that_are_left_out_are_counted() -> None:
    left_out = LeftOut()
    rows = [{"x": 1, "s": "a"}, {"x": None, "s": "a"}, {"x": 3, "s": "a"}, {"x": 4, "s": "b"}]
    assert len(list(cut_windows(rows, Windows(2, "x", series="s"), left_out))) == 1
    rows = [{"x": 1, "s": "a"}, {"x": 2, "s": "a"}, {"x": None, "s": "a"}, {"x": 4, "s": "b"}]
    assert list(cut_windows(rows, Windows(2, "x", series="s"), left_out)) == []
    assert left_out == LeftOut(target_missing=1, future_unknown=2, too_short=2)


@pytest.mark.parametrize(
    ("times", "message"),
    [(["2024-01-02", "2024-01-01"], "Time decreases"), (["1.2.24", "2.2.24"], "no date or time"),
     ([1, None], "no time")],
)  # fmt: skip
def test_time_that_is_none_or_decreases_is_refused(times: list[Any], message: str) -> None:
    rows = [{"x": 1, "at": time} for time in times]
    with pytest.raises(DataError, match=message):
        list(cut_windows(rows, Windows(1, "x", time="at")))


def test_command_says_which_windows_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "load.csv").write_text("load\n1\n2\n\n3\nNA\n5\n6\n")
    command = ["data", "convert", str(tmp_path / "load.csv"), str(tmp_path / "x.tfrecord")]
    assert main([*command, "--window", "2", "--target", "load", "--missing", "NA"]) == 0
    printed = capsys.readouterr().out
    assert "left out: 1 windows, since `load` is missing at a target" in printed
    assert "left out: 1 windows, since their future is unknown" in printed
    assert main([*command, "--window", "2", "--target", "load", "--missing", "NA",
                 "--unknown-future"]) == 0  # fmt: skip
    assert "x.tfrecord: 1 records" in capsys.readouterr().out


def test_rows_are_counted_in_each_series_where_there_is_no_time() -> None:
    rows = [{"x": n, "s": name} for name in "ab" for n in range(4)]
    found = list(cut_windows(rows, Windows(2, "x", series="s")))
    assert [(r["s"], r["window_start"], r["window_end"]) for r in found] == [
        ("a", 0, 2), ("a", 1, 3), ("b", 0, 2), ("b", 1, 3),
    ]  # fmt: skip


SALES: list[dict[str, Any]] = [
    {"sold": n if n < 6 else None, "price": 10 + n, "day": "sun" if n % 2 else "sat"}
    for n in range(8)
]


def test_known_columns_are_kept_for_the_rows_that_are_forecast() -> None:
    windows = Windows(2, "sold", steps=2, known=("price", "day"))
    left_out = LeftOut()
    records = list(cut_windows(SALES, windows, left_out))
    assert [record["price"] for record in records] == [[10.0, 11.0], [11.0, 12.0], [12.0, 13.0]]
    assert [r["price_future"] for r in records] == [[12.0, 13.0], [13.0, 14.0], [14.0, 15.0]]
    assert records[0]["day_future"] == ["sat", "sun"]
    assert [record["sold_ahead"] for record in records] == [[2.0, 3.0], [3.0, 4.0], [4.0, 5.0]]
    assert left_out == LeftOut(future_unknown=2)


def test_unknown_future_has_what_is_known_of_it() -> None:
    windows = Windows(2, "sold", steps=2, known=("price",), future="unknown")
    records = list(cut_windows(SALES, windows))
    assert [record["sold"] for record in records] == [[3.0, 4.0], [4.0, 5.0]]
    assert [record["price_future"] for record in records] == [[15.0, 16.0], [16.0, 17.0]]
    assert not any("sold_ahead" in record for record in records)
    left_out = LeftOut()
    records = list(cut_windows(SALES[:7], windows, left_out))
    assert [record["price_future"] for record in records] == [[15.0, 16.0]]
    assert left_out == LeftOut(known_missing=1)


def test_known_values_are_those_of_the_targets_where_these_are_not_the_next_rows() -> None:
    windows = Windows(2, "sold", horizon=3, known=("price",))
    [first, *_] = cut_windows(SALES, windows)
    assert (first["sold_ahead"], first["price_future"]) == (4.0, [14.0])
    unknown = list(cut_windows(SALES, dataclasses.replace(windows, future="unknown")))
    assert [record["price_future"] for record in unknown] == [[16.0], [17.0]]
    assert [record["sold"] for record in unknown] == [[2.0, 3.0], [3.0, 4.0]]


def test_gap_in_the_target_is_no_future() -> None:
    rows = [{**row, "sold": None if n == 2 else n} for n, row in enumerate(SALES[:6])]
    left_out = LeftOut()
    records = list(cut_windows(rows, Windows(2, "sold", known=("price",)), left_out))
    assert [record["sold_ahead"] for record in records] == [3.0, 4.0, 5.0]
    assert math.isnan(records[0]["sold"][1])
    assert left_out == LeftOut(target_missing=1, future_unknown=1)


@pytest.mark.parametrize(
    ("known", "message"),
    [("sold", "is what is forecast"), ("pric", "no column 'pric' to know"), ("at", "says when")],
)
def test_column_that_cannot_be_known_is_refused(known: str, message: str) -> None:
    rows = [{**row, "at": n} for n, row in enumerate(SALES)]
    with pytest.raises((SpecError, DataError), match=message):
        list(cut_windows(rows, Windows(2, "sold", time="at", known=(known,))))


def test_command_keeps_what_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sales.csv").write_text("sold,price\n1,9\n2,8\n3,7\n,6\n")
    output = tmp_path / "sales.tfrecord"
    command = ["data", "convert", str(tmp_path / "sales.csv"), str(output), "--window", "2"]
    command += ["--target", "sold", "--known", "price"]
    assert main(command) == 0
    assert main([*command, "--unknown-future"]) == 0
    [record] = [example_protos().Example.FromString(r) for r in tfrecord.read_records(output)]
    assert list(record.features.feature["sold"].float_list.value) == [2, 3]
    assert list(record.features.feature["price_future"].float_list.value) == [6]
    (tmp_path / "sales.csv").write_text("sold,price\n1,9\n2,8\n3,7\n4,6\n")
    capsys.readouterr()
    assert main([*command, "--unknown-future"]) == 2
    assert "ends before the rows that say `price` of their future" in capsys.readouterr().err
