"""Files become specs that can be checked: headers, dates, missing cells, texts, pictures."""

from __future__ import annotations

import gzip
import math
import random
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tfline.components.example_gen.example_proto import encode_example, example_protos
from tfline.components.example_gen.tfrecord import read_records, write_records
from tfline.pipelines.api.pipeline import Pipeline
from tfline.pipelines.init.beginning import Beginning, begin
from tfline.pipelines.init.sampling import Thinned, sample_rows
from tfline.pipelines.init.source import has_header
from tfline.pipelines.init.spec_text import MOST_LINES, lines_of_yaml, listed
from tfline.transforms.errors import DataError, SpecError

CHANCE = random.Random(1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def csv(name: str, header: str, rows: Sequence[str]) -> Path:
    path = Path(name)
    path.write_text("\n".join([header, *rows] if header else rows) + "\n")
    return path


def checked(beginning: Beginning) -> dict[str, Any]:
    """Returns the sections of a spec that `tfline check` accepts and that is short enough."""
    assert lines_of_yaml(beginning.spec.read_text()) <= MOST_LINES
    pipeline = Pipeline.load(beginning.spec)
    pipeline.check()
    return pipeline.document.data


def records(path: str) -> list[Mapping[str, Any]]:
    parse = example_protos().Example.FromString
    found = (parse(record).features.feature for record in read_records(path))
    return [
        {name: list(getattr(one, one.WhichOneof("kind")).value) for name, one in features.items()}
        for features in found
    ]


def people(count: int) -> list[str]:
    return [
        f"{i},{CHANCE.gauss(50, 9):.2f},{CHANCE.choice('abc')},{CHANCE.choice(['no', 'yes'])}"
        for i in range(count)
    ]


def test_table_becomes_records_and_a_spec_with_reasons() -> None:
    beginning = begin(csv("Staff 2024.csv", "id,pay,team,left", people(60)), label="left")
    assert checked(beginning) == {
        "name": "staff_2024",
        "data": {
            "files": "data/staff_2024.tfrecord",
            "split": {"train": 0.8, "eval": 0.2, "by": "stratify", "feature": "left"},
        },
        "label": {"key": "left", "classes": ["no", "yes"]},
        "features": {"keep_missing": ["pay"], "string_lookup": ["team"]},
        "model": "boosted_trees",
        "evaluate": {"require": {"auc": 0.5}, "change": {"auc": 0.01}},
        "push": "models/staff_2024",
    }
    text = beginning.spec.read_text()
    assert "# left out, an id: hardly a value repeats: id\n" in text
    assert "# label: as asked for; 'yes' is positive" in text


def test_nothing_is_written_over_without_force() -> None:
    path = csv("staff.csv", "id,pay,team,left", people(40))
    begin(path)
    Path("staff.yaml").write_text("mine")
    with pytest.raises(SpecError, match="nothing is written over"):
        begin(path)
    assert Path("staff.yaml").read_text() == "mine"
    with pytest.raises(SpecError, match="nothing is written over"):
        begin(path, output=Path("data/staff.yaml").with_name("staff.yaml"))
    checked(begin(path, force=True))


def test_missing_cells_dates_and_rows_without_a_label_are_found(folder: Path) -> None:
    days = [f"{1 + i % 28:02}.{1 + i // 28 % 12:02}.2023" for i in range(80)]
    rows = [
        f"{day},{'NA' if i % 4 == 0 else i / 7},{'' if i % 10 == 0 else i % 2}"
        for i, day in enumerate(days)
    ]
    beginning = begin(csv("a.csv", "hired,pay,out", rows), label="out")
    spec = checked(beginning)
    assert spec["data"]["split"] == {"train": 0.8, "eval": 0.2, "by": "time", "feature": "hired"}
    assert spec["features"]["keep_missing"] == ["pay"]
    assert spec["features"]["datetime"]["cyclic"] is False
    written = records(spec["data"]["files"])
    assert len(written) == 72
    assert written[0]["hired"] == [b"2023-01-02T00:00:00"]
    assert "missing where a cell is NA" in beginning.spec.read_text()
    assert "10.0% of the records, which have no label" in beginning.spec.read_text()


def test_frame_with_gaps_in_whole_labels_becomes_classes() -> None:
    frame = pd.DataFrame(
        {
            "x": [CHANCE.random() for _ in range(50)],
            "when": pd.date_range("2024-01-01", periods=50, freq="7h").tolist()[::-1],
            "flag": [True, False] * 25,
            "y": [None if i == 7 else float(i % 2) for i in range(50)],
        }
    )
    spec = checked(begin(frame, label="y", output=Path("frame.yaml")))
    assert spec["label"] == {"key": "y", "task": "binary"}
    assert {tuple(row["y"]) for row in records(spec["data"]["files"])} == {(0,), (1,)}


def test_regular_table_of_numbers_becomes_windows_in_the_order_of_time() -> None:
    days = pd.date_range("2022-01-01", periods=400)
    rows = [f"{day:%m/%d/%Y},{math.sin(i / 7):.4f},{i % 50}" for i, day in enumerate(days)]
    rows = [*rows[200:], *rows[:200], rows[3]]
    beginning = begin(csv("load.csv", "day,heat,load", rows))
    spec = checked(beginning)
    assert spec["label"] == {"key": "load_ahead", "task": "forecast", "horizon": 7}
    assert spec["data"]["split"]["feature"] == "window_start"
    assert list(spec["features"]) == ["load", "heat"]
    first = records(spec["data"]["files"])[0]
    assert len(first["heat"]) == 21
    assert first["load"] + first["load_ahead"] == list(range(28))
    assert "in the order of day" in beginning.spec.read_text()


def test_text_of_lines_goes_on_by_characters(folder: Path) -> None:
    Path("poem.txt").write_text("the rose is red\n\nthe violet is blue\n" * 30)
    spec = checked(begin("poem.txt"))
    assert (spec["label"]["task"], spec["model"]) == ("text", {"char_rnn": {"units": 128}})
    assert 1 < spec["evaluate"]["require"]["perplexity"] < 18


def test_texts_with_a_label_are_read_by_words() -> None:
    words = ("bad", "good")
    rows = [f'{i % 2},"a very <br /> {words[i % 2]} film, number {i}"' for i in range(60)]
    spec = checked(begin(csv("films.csv", "label,review", rows)))
    assert spec["features"]["review"]["transform"][-1] == {"tf_idf": {"top_k": 10000}}
    assert list(spec["model"]) == ["linear"]


def test_sentences_between_tabs_are_translated_and_quotes_are_characters() -> None:
    pairs = [f"Go to the house {i}.\tVe a la casa {i} ahora." for i in range(60)]
    pairs[7] = '"Stop it," he said {7}.\t"Para ya", dijo el {7}.'
    spec = checked(begin(csv("pairs.txt", "", pairs)))
    assert spec["label"]["key"] == "column_2"
    assert (spec["label"]["task"], spec["model"]) == ("text", "translator")
    assert list(spec["features"]) == ["column_1"]
    assert b'"Stop it," he said {7}.' in records(spec["data"]["files"])[7]["column_1"]


def test_folder_of_pictures_is_classified(folder: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">IIBB", 40, 70, 8, 2)
    for kind in ("cat", "dog"):
        (folder / "pets" / kind).mkdir(parents=True)
        for number in range(8):
            (folder / "pets" / kind / f"{number}.png").write_bytes(png + bytes([number]))
    spec = checked(begin("pets"))
    assert spec["label"]["key"] == "label"
    assert spec["features"]["image"]["transform"][0] == {"decode_image": {"size": [32, 32]}}


def test_records_that_are_split_stay_where_they_are(folder: Path) -> None:
    (folder / "taxi").mkdir()
    rows = [encode_example({"fare": CHANCE.random(), "label": i % 2}) for i in range(40)]
    for split in ("train", "eval"):
        write_records(folder / "taxi" / f"{split}-0.tfrecord", rows)
    spec = checked(begin("taxi"))
    assert spec["data"] == {"train": "taxi/train*", "eval": "taxi/eval*"}
    assert not (folder / "data").exists()


def test_many_columns_of_every_kind_stay_within_the_lines() -> None:
    row = {
        "n": 0.5, "wild": 1.0, "code": 3, "big": "t", "day": "", "memo": "", "y": 0,
        **{f"c{i}": 1.0 for i in range(300)},
    }  # fmt: skip
    rows = []
    for i in range(100):
        row |= {
            "n": CHANCE.random(), "wild": 1e9 if i == 5 else CHANCE.random(), "code": i % 4,
            "big": f"town {i % 30}", "day": f"2024-01-{1 + i % 28:02}", "y": i % 2,
            "memo": f"a note on the case {i}", **{f"c{j}": CHANCE.random() for j in range(300)},
        }  # fmt: skip
        rows.append(",".join(map(str, row.values())))
    spec = checked(begin(csv("wide.csv", ",".join(row), rows), label="y"))
    assert len(spec["features"]["keep_missing"]) == 303


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "too few to learn from"),
        (b"\x00\x01\x02" * 50, "no TFRecord|not a TFRecord|TFRecord"),
        (b"%PDF-1.4 ...", "looks like PDF"),
    ],
)
def test_bad_files_are_refused(folder: Path, content: bytes, message: str) -> None:
    (folder / "data.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        begin("data.csv")
    assert not (folder / "data.yaml").exists()


def test_missing_and_empty_folders_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        begin("nothing.csv")
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match="folder is empty"):
        begin("empty")


def test_table_without_a_usable_column_says_why() -> None:
    rows = [f"{i},{i % 2}" for i in range(40)]
    with pytest.raises(DataError, match="No column is left") as error:
        begin(csv("a.csv", "id,y", rows), label="y")
    assert "an id" in error.value.hint


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([["a", "b"], ["1", "x"], ["2", "y"]], True),
        ([["1", "x"], ["2", "y"]], False),
        ([["name", "town"], ["Ada", "Rome"], ["Bob", "Rome"]], True),
        ([["Go.", "Ve."], ["Stop.", "Alto."]], False),
        ([["Rome", "x"], ["Rome", "y"]], False),
        ([["country", "2019"], ["Peru", "4"]], False),
    ],
)
def test_header_is_told_from_rows(lines: list[list[str]], expected: bool) -> None:
    assert has_header(lines) is expected


def test_sample_is_bounded_in_number_and_in_bytes_and_spread_evenly() -> None:
    thinned: Thinned[int] = Thinned(most=100, most_bytes=1000)
    for number in range(10_000):
        thinned.add(number, size=25)
    assert thinned.seen == 10_000
    assert 20 <= len(thinned.kept) <= 40
    gaps = {b - a for a, b in zip(thinned.kept, thinned.kept[1:], strict=False)}
    assert len(gaps) == 1
    assert thinned.kept[-1] > 9_000
    found = sample_rows(({"x": i} for i in range(1000)), most=50)
    assert (found.records, found.size <= 50) == (1000, True)


def test_row_names_of_pandas_are_an_id() -> None:
    frame = pd.DataFrame({"x": [CHANCE.random() for _ in range(40)], "label": [0, 1] * 20})
    frame.to_csv("a.csv")
    beginning = begin("a.csv")
    assert checked(beginning)["features"] == {"keep_missing": ["x"]}
    assert "an id: hardly a value repeats: row\n" in beginning.spec.read_text()


def test_gzip_is_read(folder: Path) -> None:
    text = "x,label\n" + "\n".join(f"{CHANCE.random()},{i % 2}" for i in range(40))
    Path("a.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert checked(begin("a.csv.gz"))["name"] == "a"


def test_long_lists_are_cut_in_comments() -> None:
    assert listed([f"c{i}" for i in range(20)], most=2) == "c0, c1 and 18 more"
