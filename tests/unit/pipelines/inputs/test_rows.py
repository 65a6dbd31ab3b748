"""Rows of every format come out as the same dicts."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tfline.components.example_gen.example_proto import encode_example
from tfline.components.example_gen.tfrecord import write_records
from tfline.pipelines.inputs.rows import PictureRow, Row, read_rows
from tfline.serving.rows import FeatureType
from tfline.transforms.errors import DataError

TYPES = {"fare": FeatureType.FLOAT, "day": FeatureType.INT64, "city": FeatureType.STRING}
ROWS: list[Row] = [
    {"fare": 1.5, "day": 3, "city": "Zürich"},
    {"fare": None, "day": None, "city": None},
]


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


ZURICH = '{"fare": 1.5, "day": 3, "city": "Zürich"}'
MISSING = '{"fare": null, "day": null, "city": null}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.json", f"[{ZURICH},\n{MISSING}]"),
        ("rows.jsonl", f"{ZURICH}\n\n{MISSING}\n"),
        ("rows.txt", f" [{ZURICH}, {MISSING}]"),
        ("rows.csv", "fare,day,city,note\n1.5,3,Zürich,x\n,,,\n"),
        ("rows.csv", "city,day,fare\r\nZürich,3,1.5\r\n\r\n,,\r\n"),
    ],
)
def test_text_is_read_as_rows(tmp_path: Path, name: str, text: str) -> None:
    assert list(read_rows(write(tmp_path / name, text), TYPES)) == ROWS


@pytest.mark.parametrize("text", ['{"fare": 1.5}\n', "fare,x\n1.5,2\n"])
def test_standard_input_is_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert list(read_rows("-", TYPES)) == [{"fare": 1.5}]


@pytest.mark.parametrize("compress", [False, True])
def test_tfrecords_are_read_as_lists_of_what_the_model_takes(
    tmp_path: Path, write_rows, compress: bool
) -> None:
    from tfline.components.example_gen.example_proto import encode_example

    path = tmp_path / "data.tfrecord"
    rows = [{"fare": 1.5, "city": b"\xff\x00", "note": "x"}, {"day": [3, 4]}, {}]
    write_records(path, map(encode_example, rows), compress=compress)
    expected: list[dict[str, Any]] = [{"fare": [1.5], "city": [b"\xff\x00"]}, {"day": [3, 4]}, {}]
    assert list(read_rows(str(path), TYPES)) == expected


@pytest.mark.parametrize(
    ("name", "text", "message", "line"),
    [
        ("rows.json", '[{"fare": 1.5},\n{"fare": }]', "Not valid JSON", ":2"),
        ("rows.jsonl", '{"fare": 1.5}\n{"fare"\n', "Not valid JSON", ":2"),
        ("rows.json", "[1, 2]", "A row is an object. Received: 1", ":1"),
        ("rows.csv", "", "There are no rows", "rows.csv"),
        ("rows.csv", "fare,day\n1.5\n", "The row has 1 cells, the header 2", ":2"),
        ("rows.csv", "fare\n1.5\nmuch\n", "'fare' takes .*Received: 'much'", ":3"),
        ("rows.csv", "day\n1.5\n", "'day' takes .*Received: '1.5'", ":2"),
    ],
)
def test_malformed_row_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str, message: str, line: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        list(read_rows(write(tmp_path / name, text), TYPES))
    assert caught.value.where.endswith(line)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="The rows cannot be read: No such file"):
        list(read_rows(str(tmp_path / "none.json"), TYPES))


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"city\nZ\xfcrich\n")
    with pytest.raises(DataError, match="UTF-8"):
        list(read_rows(str(path), TYPES))


def test_tfrecord_that_holds_no_example_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.tfrecord"
    write_records(path, [b"\xff\xff\xff"])
    with pytest.raises(DataError, match="is not a tf"):
        list(read_rows(str(path), TYPES))


def test_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", "\ufefffare,payment\n1.5,Cash\n")
    [row] = read_rows(path, {"fare": FeatureType.FLOAT})
    assert row == {"fare": 1.5}


def test_column_that_the_file_lacks_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "rows.csv", "Fare,tip\n1.5,2\n")
    types = dict.fromkeys(("tip", "miles", "fare"), FeatureType.FLOAT)
    assert list(read_rows(path, types)) == [{"tip": 2.0}]
    assert "has no column for fare, miles:" in caplog.text


@pytest.mark.parametrize("text", ["fare;payment\n1.5;Cash\n", "1.5,Cash\n2.5,Cash\n", "5\n"])
def test_header_without_any_feature_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="names none of the model's features") as caught:
        list(read_rows(write(tmp_path / "rows.csv", text), TYPES))
    assert "commas" in str(caught.value.hint)


@pytest.mark.parametrize(("cell", "value"), [("30", 30), ("-30.0", -30), ("30.", 30)])
def test_integer_may_end_in_zeros(tmp_path: Path, cell: str, value: int) -> None:
    path = write(tmp_path / "rows.csv", f"age\n{cell}\n")
    assert list(read_rows(path, {"age": FeatureType.INT64})) == [{"age": value}]


@pytest.mark.parametrize("cell", ["30.5", ".0", "1e3"])
def test_number_that_is_no_integer_is_refused(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path / "rows.csv", f"age\n{cell}\n")
    with pytest.raises(DataError, match="takes int64"):
        list(read_rows(path, {"age": FeatureType.INT64}))


@pytest.mark.parametrize("cell", ["NA", "n/a", "NaN", "null", "-", " "])
def test_number_that_is_missing_may_be_written_out(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"fare,company\n{cell},NA\n")
    types = {"fare": FeatureType.FLOAT, "company": FeatureType.STRING}
    assert list(read_rows(str(path), types)) == [{"fare": None, "company": "NA"}]


def test_json_may_be_printed_over_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    rows = [{"fare": 1.5, "tags": ["a", "b"]}, {"fare": None}]
    path.write_text("\n".join(json.dumps(row, indent=2) for row in rows))
    assert list(read_rows(str(path), {})) == rows
    path.write_text('{"fare": 1}\n{\n "fare": \n}\n')
    with pytest.raises(DataError, match="Not valid JSON") as caught:
        list(read_rows(str(path), {}))
    assert caught.value.where == f"{path}:3"


def test_tfrecord_is_told_by_its_checksum_and_not_by_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    length = 0
    while path.exists() is False or path.read_bytes()[0] != ord("{"):
        length += 1
        write_records(path, [encode_example({"fare": [0.5], "company": "x" * length})])
    types = {"fare": FeatureType.FLOAT}
    assert list(read_rows(str(path), types)) == [{"fare": [0.5]}]


def test_bytes_of_json_are_base64_or_a_file(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n123")
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([{"x": {"file": str(picture)}}, {"x": {"b64": "AAE="}}]))
    assert list(read_rows(str(path), {})) == [{"x": picture.read_bytes()}, {"x": b"\x00\x01"}]
    for wrong, message in (({"b64": "?"}, "no base64"), ({"file": "nosuch"}, "cannot be read"),
                           ({"a": 1}, "holds an object")):  # fmt: skip
        path.write_text(json.dumps({"x": wrong}))
        with pytest.raises(DataError, match=message):
            list(read_rows(str(path), {}))


def test_folder_is_read_file_by_file(tmp_path: Path) -> None:
    kinds = tmp_path / "b"
    kinds.mkdir()
    for path in (tmp_path / "a.png", kinds / "c.png", kinds / ".hidden"):
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + path.name.encode())
    rows = list(read_rows(str(tmp_path), {"image": FeatureType.STRING}))
    assert [row["image"][8:] for row in rows] == [b"a.png", b"c.png"]
    assert [row.file for row in rows if isinstance(row, PictureRow)] == [
        tmp_path / "a.png",
        kinds / "c.png",
    ]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="The folder has no file"):
        list(read_rows(str(tmp_path / "empty"), {"image": FeatureType.STRING}))


def test_image_is_the_row_of_a_model_that_takes_one(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n123")
    types = {"image": FeatureType.STRING, "age": FeatureType.FLOAT}
    assert list(read_rows(str(picture), types)) == [{"image": picture.read_bytes()}]
    with pytest.raises(DataError, match="2 features that may hold an image"):
        list(read_rows(str(picture), {**types, "city": FeatureType.STRING}))
