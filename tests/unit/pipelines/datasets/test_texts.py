"""Data sets of texts: dates, prose and pairs of sentences."""

from __future__ import annotations

import datetime
import gzip
import hashlib
from pathlib import Path

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import example_protos
from tfline.pipelines.datasets import DATASETS
from tfline.pipelines.datasets.dates import written_date
from tfline.transforms.errors import DataError, SpecError


def rows(folder: Path, split: str) -> list[dict[str, str]]:
    """Returns the texts of the records of a split."""
    parse = example_protos().Example.FromString
    records = tfrecord.read_records(folder / f"{split}-00000-of-00001.tfrecord")
    return [
        {
            name: value.bytes_list.value[0].decode()
            for name, value in parse(record).features.feature.items()
        }
        for record in records
    ]


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("plain", "3 March 1987"),
        ("short", "3 Mar 1987"),
        ("american", "March 3, 1987"),
        ("weekday", "Tuesday, 3 March 1987"),
        ("weekday short", "Tue 3 Mar 1987"),
        ("ordinal", "March 3rd, 1987"),
        ("ordinal of", "the 3rd of March 1987"),
        ("dotted", "3.3.1987"),
        ("padded", "03/03/1987"),
    ],
)
def test_date_is_written_in_its_form(form: str, written: str) -> None:
    assert written_date(datetime.date(1987, 3, 3), form) == written


def test_ordinals_have_their_suffix() -> None:
    days = [datetime.date(2000, 1, day) for day in range(1, 32)]
    suffixes = [written_date(day, "ordinal of").split()[1].lstrip("0123456789") for day in days]
    assert {n: suffix for n, suffix in enumerate(suffixes, start=1) if suffix != "th"} == {
        1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st",
    }  # fmt: skip


def test_dates_are_the_same_each_time_and_no_day_is_in_both_splits(tmp_path: Path) -> None:
    counts = DATASETS["dates"](tmp_path / "one", None)
    DATASETS["dates"](tmp_path / "two", None)
    assert counts == {"train": 20_000, "eval": 2_000}
    first, second = (
        {path.name: hashlib.sha256(path.read_bytes()).digest() for path in folder.iterdir()}
        for folder in (tmp_path / "one", tmp_path / "two")
    )
    assert first == second
    days = {split: {row["iso"] for row in rows(tmp_path / "one", split)} for split in counts}
    assert not days["train"] & days["eval"]
    assert len(days["train"]) == 20_000


def test_pieces_of_prose_follow_each_other(tmp_path: Path) -> None:
    from pydoc_data.topics import topics

    counts = DATASETS["prose"](tmp_path, None)
    pieces = rows(tmp_path, "train")
    assert len(pieces) == counts["train"]
    topic = pieces[0]["topic"]
    texts = [piece["text"] for piece in pieces if piece["topic"] == topic]
    assert texts[0] + "".join(text[1:] for text in texts[1:]) == topics[topic]
    assert {row["topic"] for row in rows(tmp_path, "eval")}.isdisjoint(
        piece["topic"] for piece in pieces
    )


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A compressed file of pairs, alone in its folder but for a remark."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    lines = [f"How are you, {n}?\t¿Cómo estás, {n}?\tCC-BY" for n in range(200)]
    lines += ["Go.\tVe.", "Go.\tVáyase.", "I will be there in a short while, my friend.\tVoy."]
    content = "\r\n".join(lines).encode() + b"\n"
    (folder / "spa.txt.gz").write_bytes(gzip.compress(content, mtime=0))
    (folder / "_about.txt").write_text("remark")
    return folder


def test_pairs_are_read_and_a_sentence_is_in_one_split(tmp_path: Path, pairs: Path) -> None:
    counts = DATASETS["translation"](tmp_path / "out", pairs)
    assert sum(counts.values()) == 203
    assert 0 < counts["eval"] < 20
    train, evaluation = (rows(tmp_path / "out", split) for split in ("train", "eval"))
    assert not {row["source"] for row in train} & {row["source"] for row in evaluation}
    by_target = {row["target"]: row for row in train + evaluation}
    assert by_target["¿Cómo estás, 7?"]["source"] == "How are you, 7?"
    assert by_target["Ve."]["words"] == "1 to 4"
    assert by_target["Voy."]["words"] == "9 or more"


def test_translation_needs_a_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="tab-separated"):
        DATASETS["translation"](tmp_path / "out", None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tb\nc\n", "Expected a sentence, a tab and its translation"),
        (b"a\t\xff\n", "cannot be read"),
        (b"\x1f\x8bno gzip", "cannot be read"),
    ],
)
def test_bad_pair_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "pairs.txt"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        DATASETS["translation"](tmp_path / "out", file)
    assert "pairs.txt" in error.value.where
    assert not (tmp_path / "out").exists()


def test_folder_of_several_files_is_refused(tmp_path: Path, pairs: Path) -> None:
    (pairs / "fra.txt").write_text("a\tb\n")
    with pytest.raises(DataError, match=r"fra.txt, spa.txt.gz"):
        DATASETS["translation"](tmp_path / "out", pairs)
