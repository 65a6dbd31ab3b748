"""The data sets of series and texts: counts, features, and what a naive guess makes of them."""

from __future__ import annotations

import csv
import gzip
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import example_protos
from tfline.pipelines.datasets import power, reviews, series, unicode
from tfline.transforms.errors import DataError, SpecError


def records(folder: Path, split: str) -> list[Any]:
    """Returns the features of the records of a split."""
    path = folder / f"{split}-00000-of-00001.tfrecord"
    parse = example_protos().Example.FromString
    return [parse(record).features.feature for record in tfrecord.read_records(path)]


def text(feature: Any) -> str:
    """Returns the text of a feature."""
    content: bytes = feature.bytes_list.value[0]
    return content.decode()


def test_series_are_as_hard_as_those_of_the_book(tmp_path: Path) -> None:
    counts = series.write(tmp_path / "one")
    assert counts == {"train": 8_000, "eval": 2_000}
    series.write(tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    rows = records(tmp_path / "one", "eval")
    seen = np.array([row["series"].float_list.value for row in rows])
    ahead = np.array([row["ahead"].float_list.value for row in rows])
    assert (seen.shape, ahead.shape) == ((2_000, 50), (2_000, 10))
    naive = np.square(ahead[:, 0] - seen[:, -1]).mean()
    assert naive == pytest.approx(0.02, abs=0.006)
    paces = {text(row["pace"]) for row in rows}
    assert paces == {"slow", "swift"}


def test_every_named_character_is_a_record(tmp_path: Path) -> None:
    counts = unicode.write(tmp_path)
    total = sum(bool(unicodedata.name(chr(code), "")) for code in range(0x110000))
    assert sum(counts.values()) == total
    assert total >= 138_552
    train, evaluation = records(tmp_path, "train"), records(tmp_path, "eval")
    assert {text(row["category"]) for row in evaluation} < {text(row["category"]) for row in train}
    row = next(row for row in train if text(row["name"]) == "LATIN SMALL LETTER A")
    assert (text(row["category"]), text(row["script"])) == ("Ll", "LATIN")


def write_reviews_table(folder: Path) -> None:
    """Writes two tables with the reviews `good film` (1) and 300 times `bad` (0)."""
    for name in ("train", "test"):
        with gzip.open(folder / f"my_{name}.csv.gz", "wt", newline="") as file:
            csv.writer(file).writerows([["text", "label"], ["good film", 1], ["bad " * 300, 0]])


def write_reviews_folder(folder: Path) -> None:
    """Writes the same as files of text."""
    for name in ("train", "test"):
        for kind, content in (("pos", "good film"), ("neg", "bad " * 300)):
            (folder / name / kind).mkdir(parents=True)
            (folder / name / kind / "0_1.txt").write_text(content)


@pytest.mark.parametrize("layout", [write_reviews_table, write_reviews_folder])
def test_reviews_are_read_from_either_layout(layout: Any, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    layout(source)
    assert reviews.write(tmp_path / "out", source) == {"train": 2, "eval": 2}
    found = {
        (text(row["text"])[:9], row["label"].int64_list.value[0], text(row["length"]))
        for row in records(tmp_path / "out", "eval")
    }
    assert found == {("good film", 1, "short"), ("bad bad b", 0, "long")}


def test_folder_without_reviews_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither train/pos"):
        reviews.write(tmp_path / "out", tmp_path)
    write_reviews_folder(tmp_path)
    (tmp_path / "test" / "neg" / "0_1.txt").unlink()
    with pytest.raises(DataError, match=r"no \*\.txt"):
        reviews.write(tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()


def test_power_looks_back_and_ahead_within_a_split(tmp_path: Path) -> None:
    source = tmp_path / "clean_household_power_consumption.csv"
    start = np.datetime64("2007-01-01T00:00")
    with source.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["datetime", "Global_active_power", "Voltage", "Sub_metering_1"])
        for hour in range(600):
            time = str(start + np.timedelta64(hour, "h")).replace("T", " ")
            writer.writerow([time, 60 * hour, 14_400, 0])
    counts = power.write(tmp_path / "out", tmp_path)
    assert counts == {"train": 480 - 72 - 24 + 1, "eval": 120 - 72 - 24 + 1}
    first = records(tmp_path / "out", "train")[0]
    assert list(first["power"].float_list.value) == list(range(72))
    assert list(first["power_ahead"].float_list.value) == list(range(72, 96))
    assert set(first["voltage"].float_list.value) == {240.0}
    assert first["hour"].int64_list.value[0] == 0
    assert first["weekday"].int64_list.value[0] == 3  # 4 January 2007, a Thursday
    assert text(first["season"]) == "winter"
    assert records(tmp_path / "out", "eval")[0]["power"].float_list.value[0] == 480


@pytest.mark.parametrize("writer", [power, reviews])
def test_source_is_asked_for(writer: Any, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as error:
        writer.write(tmp_path)
    assert "--from" in error.value.hint
