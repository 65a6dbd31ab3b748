"""Splitting keeps every record once, in order, in the split where it belongs."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.config import SplitRule
from tfline.components.example_gen.example_proto import example_protos
from tfline.components.example_gen.split import divide_files
from tfline.transforms.errors import DataError

FRACTIONS = {"train": 0.5, "test": 0.2, "eval": 0.3}
WriteExamples = Callable[..., Path]


@pytest.fixture
def heap(write_examples: WriteExamples) -> list[Path]:
    """Returns two files, one compressed, of 300 records altogether."""
    rows = [
        {"id": number, "time": (number * 7) % 100, "user": f"u{number % 60}", "label": number % 3}
        for number in range(300)
    ]
    return [write_examples("a", rows[:200]), write_examples("b", rows[200:], compress=True)]


def divide(heap: list[Path], out: Path, **rule: Any) -> dict[str, list[dict[str, Any]]]:
    """Divides files and returns the features of the records of each split."""
    folders = {split: str(out / f"Split-{split}") for split in rule.get("fractions", FRACTIONS)}
    split_rule = SplitRule(**{"fractions": FRACTIONS, **rule})
    counts, _ = divide_files([str(path) for path in heap], folders, "tf_example", split_rule)
    splits = {split: _features(Path(folder)) for split, folder in folders.items()}
    assert counts == {split: len(rows) for split, rows in splits.items()}
    return splits


def _features(folder: Path) -> list[dict[str, Any]]:
    """Returns the features of all records in a folder."""
    rows = []
    for path in sorted(folder.iterdir()):
        for record in tfrecord.read_records(path):
            feature = example_protos().Example.FromString(record).features.feature
            row = {name: feature[name].int64_list.value[0] for name in ("id", "time", "label")}
            rows.append({**row, "user": feature["user"].bytes_list.value[0]})
    return rows


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"by": "stratify", "feature": "label"},
        {"by": "time", "feature": "time"},
        {"by": "group", "feature": "user"},
    ],
)
def test_every_record_is_in_one_split_and_in_order(
    heap: list[Path], tmp_path: Path, rule: dict[str, Any]
) -> None:
    splits = divide(heap, tmp_path / "out", **rule)
    ids = [[row["id"] for row in rows] for rows in splits.values()]
    assert sorted(itertools.chain(*ids)) == list(range(300))
    assert all(split == sorted(split) for split in ids)


def test_what_is_held_out_of_train_comes_right_after_it_in_time(
    heap: list[Path], tmp_path: Path
) -> None:
    fractions = {"eval": 0.2, "train": 0.5, "test": 0.2, "train_dev": 0.1}
    splits = divide(heap, tmp_path / "out", fractions=fractions, by="time", feature="time")
    times = {split: [row["time"] for row in rows] for split, rows in splits.items()}
    order = ["train", "train_dev", "eval", "test"]
    assert all(max(times[a]) < min(times[b]) for a, b in itertools.pairwise(order))


def test_the_same_rule_gives_the_same_bytes(heap: list[Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        divide(heap, tmp_path / name)
    for path in (tmp_path / "one").rglob("data*"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()
    other_seed = divide(heap, tmp_path / "three", seed=1)
    assert {row["id"] for row in other_seed["eval"]} != {
        row["id"] for row in divide(heap, tmp_path / "four")["eval"]
    }


def test_each_split_has_as_many_files_as_the_input(heap: list[Path], tmp_path: Path) -> None:
    divide(heap, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out" / "Split-eval").iterdir())
    assert names == ["data_tfrecord-00000-of-00002", "data_tfrecord-00001-of-00002"]


def test_hash_keeps_equal_records_together(write_examples: WriteExamples, tmp_path: Path) -> None:
    row = {"time": 1, "label": 1, "user": "u"}
    heap = [write_examples("a", [{**row, "id": number % 50} for number in range(200)])]
    splits = divide(heap, tmp_path / "out")
    ids = [{row["id"] for row in rows} for rows in splits.values()]
    assert sum(map(len, ids)) == 50


def test_stratify_meets_the_fractions_in_each_value(heap: list[Path], tmp_path: Path) -> None:
    splits = divide(heap, tmp_path / "out", by="stratify", feature="label")
    for split, fraction in FRACTIONS.items():
        counts = Counter(row["label"] for row in splits[split])
        assert counts == {label: round(100 * fraction) for label in range(3)}


def test_time_goes_from_train_over_eval_to_test(heap: list[Path], tmp_path: Path) -> None:
    splits = divide(heap, tmp_path / "out", by="time", feature="time")
    spans = {name: {row["time"] for row in rows} for name, rows in splits.items()}
    assert max(spans["train"]) < min(spans["eval"])
    assert max(spans["eval"]) < min(spans["test"])
    assert [len(splits[name]) for name in ("train", "eval", "test")] == [150, 90, 60]


def test_group_is_never_divided(heap: list[Path], tmp_path: Path) -> None:
    splits = divide(heap, tmp_path / "out", by="group", feature="user")
    users = [{row["user"] for row in rows} for rows in splits.values()]
    assert sum(map(len, users)) == len(set.union(*users)) == 60


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"fractions": {"train": 0.9999, "eval": 0.0001}}, "larger fraction"),
        ({"by": "group", "feature": "constant"}, "too few values of `constant`"),
        ({"by": "time", "feature": "constant"}, "same `constant`"),
    ],
)
def test_empty_split_is_an_error_and_nothing_is_written(
    write_examples: WriteExamples, tmp_path: Path, rule: dict[str, Any], reason: str
) -> None:
    heap = [write_examples("a", [{"id": number, "constant": 1} for number in range(50)])]
    with pytest.raises(DataError, match="would be empty") as caught:
        divide(heap, tmp_path / "out", **rule)
    assert reason in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_split_without_records_is_an_error(tmp_path: Path) -> None:
    tfrecord.write_records(tmp_path / "a", [], compress=True)
    with pytest.raises(DataError, match="no record to divide"):
        divide([tmp_path / "a"], tmp_path / "out")


def test_fewer_records_than_files_leave_no_empty_file(
    write_examples: WriteExamples, tmp_path: Path
) -> None:
    heap = [
        write_examples(f"f{number}", [{"id": number, "time": number, "label": 0, "user": "u"}])
        for number in range(4)
    ]
    splits = divide(
        heap, tmp_path / "out", fractions={"train": 0.5, "eval": 0.5}, by="time", feature="time"
    )
    assert [len(rows) for rows in splits.values()] == [2, 2]
    assert len(list((tmp_path / "out" / "Split-train").iterdir())) == 2


def test_windows_of_a_later_split_share_no_row_with_an_earlier_one(
    write_examples: WriteExamples, tmp_path: Path
) -> None:
    rows = [
        {"window_start": start, "window_end": start + 9, "id": start, "time": 0, "label": 0,
         "user": "u"}
        for start in range(100)
    ]  # fmt: skip
    heap = [write_examples("windows", rows)]
    rule = {"fractions": {"train": 0.8, "eval": 0.2}, "by": "time", "feature": "window_start"}
    splits = divide(heap, tmp_path / "out", **rule)
    assert [row["id"] for row in splits["train"]] == list(range(80))
    assert [row["id"] for row in splits["eval"]] == list(range(89, 100))
    wider = divide(heap, tmp_path / "wider", **rule, embargo=5)
    assert [row["id"] for row in wider["eval"]] == list(range(93, 100))


@pytest.mark.parametrize(
    ("values", "embargo", "message"),
    [(["2024-01-01", "2024-01-02"], 3, "holds dates"), ([1, 2], "3d", "holds numbers")],
)
def test_embargo_is_in_the_unit_of_the_times(
    write_examples: WriteExamples, tmp_path: Path, values: list[Any], embargo: Any, message: str
) -> None:
    rule = SplitRule(
        fractions={"train": 0.5, "eval": 0.5}, by="time", feature="day", embargo=embargo
    )
    file = write_examples("days", [{"day": value} for value in values])
    folders = {"train": str(tmp_path / "t"), "eval": str(tmp_path / "e")}
    with pytest.raises(DataError, match=message):
        divide_files([str(file)], folders, "tf_example", rule)


def test_embargo_of_dates_is_a_time_span(write_examples: WriteExamples, tmp_path: Path) -> None:
    rule = SplitRule(
        fractions={"train": 0.5, "eval": 0.5}, by="time", feature="day", embargo="2.5d"
    )
    file = write_examples("days", [{"day": f"2024-01-{day:02}"} for day in range(1, 21)])
    folders = {"train": str(tmp_path / "t"), "eval": str(tmp_path / "e")}
    counts = divide_files([str(file)], folders, "tf_example", rule)
    assert counts == ({"train": 10, "eval": 8}, 2)


def test_numbers_are_stratified_in_bins(write_examples: WriteExamples, tmp_path: Path) -> None:
    rows = [{"id": i, "price": i * 1.5, "time": 0, "label": 0, "user": "u"} for i in range(600)]
    fractions = {"train": 0.6, "eval": 0.2, "test": 0.2}
    rule = {"fractions": fractions, "by": "stratify", "feature": "price"}
    splits = divide([write_examples("prices", rows)], tmp_path / "out", **rule)
    for name, rows in splits.items():
        assert len(rows) == pytest.approx(600 * fractions[name], abs=10)
        assert sum(row["id"] < 300 for row in rows) == pytest.approx(len(rows) / 2, abs=5)
