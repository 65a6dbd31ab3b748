"""CSV, Parquet and image folders become tf.Examples, and errors name file and line."""

from __future__ import annotations

import datetime
import gzip
import struct
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import example_protos
from tfline.pipelines.datasets.columns import TableOptions, type_of
from tfline.pipelines.datasets.convert import convert
from tfline.transforms.errors import DataError

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", zlib.crc32(b"")) * 4


def converted(*inputs: Path, compress: bool = False, **options: Any) -> list[dict[str, Any]]:
    """Converts files and returns the values of each record by feature."""
    output = inputs[0].parent / "out" / "data.tfrecord"
    count = convert(inputs, output, options=TableOptions(**options), compress=compress).records
    rows = []
    for record in tfrecord.read_records(output):
        features = example_protos().Example.FromString(record).features.feature
        rows.append(
            {
                name: list(getattr(feature, feature.WhichOneof("kind")).value)
                for name, feature in features.items()
            }
        )
    assert len(rows) == count
    return rows


def csv_file(folder: Path, text: str, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("0", "int"),
        ("-12", "int"),
        ("9223372036854775807", "int"),
        ("9223372036854775808", "string"),
        ("02139", "string"),
        ("1.5", "float"),
        ("0.5", "float"),
        (".5e-3", "float"),
        ("NaN", "float"),
        ("1_000", "string"),
        ("1,5", "string"),
        ("a", "string"),
    ],
)
def test_type_of_is_the_narrowest_without_loss(cell: str, kind: str) -> None:
    assert type_of(cell) == kind


def test_csv_types_are_found_over_the_whole_file(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'i,f,s,none\n1,1,1,\n2,2.5,"a, b",\n,,,\n')
    assert converted(path) == [
        {"i": [1], "f": [1.0], "s": [b"1"]},
        {"i": [2], "f": [2.5], "s": [b"a, b"]},
        {},
    ]


def test_csv_files_share_columns_and_types(tmp_path: Path) -> None:
    first = csv_file(tmp_path, "a\n1\n")
    second = csv_file(tmp_path, "a\n1.5\n", "more.csv")
    assert converted(first, second) == [{"a": [1.0]}, {"a": [1.5]}]


def test_csv_types_can_be_given(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a,b\n1,2\n")
    assert converted(path, types={"a": "string", "b": "float"}) == [{"a": [b"1"], "b": [2.0]}]


def test_csv_may_be_compressed_with_tabs_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(gzip.compress("\ufeffa\tb\n1\tx\n".encode()))
    assert converted(path, compress=True) == [{"a": [1], "b": [b"x"]}]
    assert tfrecord.is_gzip(str(tmp_path / "out" / "data.tfrecord"))


def test_csv_takes_the_delimiter_that_is_given(tmp_path: Path) -> None:
    assert converted(csv_file(tmp_path, "a;b\n1;2\n"), delimiter=";") == [{"a": [1], "b": [2]}]


@pytest.mark.parametrize(
    ("text", "options", "message", "where"),
    [
        ("a,b\n1,2\n1\n", {}, "1 cells, the header has 2", "line 3"),
        ('a,b\n"x\ny",2\n1,2,3\n', {}, "3 cells, the header has 2", "line 4"),
        ("a,a\n1,2\n", {}, "`a` is named twice", "line 1"),
        ("a,\n1,2\n", {}, "one has no name", "line 1"),
        ("a,b\n1,x\n", {"types": {"b": "int"}}, "Expected int. Received: 'x'", "line 2"),
        ("a,b\n1,2\n", {"types": {"c": "int"}}, "which is no column", "c"),
        ("a,b\n1,2\n", {"types": {"b": "integer"}}, "Unknown type for `b`", "b"),
        ('a,b\n"x"y,2\n', {}, "not CSV in UTF-8", "after line 2"),
        ("a,b\n", {}, "no row to convert", "data.csv"),
        ("", {}, "empty", "data.csv"),
    ],
)
def test_csv_error_names_the_line(
    tmp_path: Path, text: str, options: dict[str, Any], message: str, where: str
) -> None:
    path = csv_file(tmp_path, text)
    with pytest.raises(DataError, match=message) as caught:
        converted(path, **options)
    assert caught.value.where.endswith(where)
    assert not (tmp_path / "out" / "data.tfrecord").exists()


def test_csv_files_with_different_columns_are_an_error(tmp_path: Path) -> None:
    files = csv_file(tmp_path, "a,b\n1,2\n"), csv_file(tmp_path, "b,a\n1,2\n", "other.csv")
    with pytest.raises(DataError, match="different columns") as caught:
        converted(*files)
    assert caught.value.where == f"{files[1]}, line 1"


def test_csv_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 2000 + b"1,\xe4\n")
    with pytest.raises(DataError, match="not CSV in UTF-8"):
        converted(path)


def parquet_file(folder: Path, columns: dict[str, Any], name: str = "data.parquet") -> Path:
    path = folder / name
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_keeps_the_types_of_the_file(tmp_path: Path) -> None:
    day = datetime.date(2024, 1, 31)
    columns = {
        "i": pa.array([1, None], pa.int32()),
        "f": [1.0, 2.5],
        "s": ["x", None],
        "raw": [b"\x00", b"\x01"],
        "flag": [True, False],
        "day": [day, None],
        "list": [[1, None, 2], None],
    }
    assert converted(parquet_file(tmp_path, columns)) == [
        {"i": [1], "f": [1.0], "s": [b"x"], "raw": [b"\x00"], "flag": [1],
         "day": [b"2024-01-31"], "list": [1, 2]},
        {"f": [2.5], "raw": [b"\x01"], "flag": [0]},
    ]  # fmt: skip


def test_parquet_types_can_be_given(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, {"a": [1, 2], "b": ["3", "4"], "c": [[1], [2]]})
    types = {"a": "string", "b": "int", "c": "float"}
    assert converted(path, types=types)[0] == {"a": [b"1"], "b": [3], "c": [1.0]}


@pytest.mark.parametrize(
    ("columns", "types", "message"),
    [
        ({"a": [{"b": 1}]}, {}, "cannot hold dict"),
        ({"a": ["x"]}, {"a": "int"}, "Invalid value for `a`"),
        ({"a": [1.5]}, {"a": "int"}, "Invalid value for `a`"),
        ({"a": pa.array([2**63], pa.uint64())}, {}, "Invalid value for `a`"),
    ],
)
def test_parquet_error_names_the_row(
    tmp_path: Path, columns: dict[str, Any], types: dict[str, str], message: str
) -> None:
    path = parquet_file(tmp_path, columns)
    with pytest.raises(DataError, match=message) as caught:
        converted(path, types=types)
    assert caught.value.where == f"{path}, row 0"


def test_parquet_that_is_damaged_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    path.write_bytes(b"PAR1" + bytes(50))
    with pytest.raises(DataError, match="Cannot read the Parquet file"):
        converted(path)


def test_parquet_files_with_different_columns_are_an_error(tmp_path: Path) -> None:
    files = parquet_file(tmp_path, {"a": [1]}), parquet_file(tmp_path, {"b": [1]}, "b.parquet")
    with pytest.raises(DataError, match="different columns"):
        converted(*files)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Returns a folder of 20 images in two classes."""
    folder = tmp_path / "images"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(10):
            (folder / name / f"{number}.png").write_bytes(PNG + bytes([number]))
    (folder / ".hidden").write_text("")
    return folder


def test_images_keep_their_bytes_and_are_shuffled_repeatably(images: Path) -> None:
    rows = converted(images)
    assert converted(images) == rows
    assert sorted((row["label"][0], row["image"][0]) for row in rows) == [
        (label, PNG + bytes([number])) for label in (b"cat", b"dog") for number in range(10)
    ]
    assert len({row["label"][0] for row in rows[:10]}) == 2


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("cat/notes.txt", b"notes", "no image: it looks like text"),
        ("cat/x.png", b"\x00\x01", "no known image"),
        ("stray.png", PNG, "either folders"),
    ],
)
def test_image_error_names_the_file(images: Path, name: str, data: bytes, message: str) -> None:
    (images / name).write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        converted(images)
    assert caught.value.where == str(images / name)


def test_image_class_without_image_is_an_error(images: Path) -> None:
    (images / "empty").mkdir()
    with pytest.raises(DataError, match="class `empty` has no image"):
        converted(images)


def test_image_folder_without_classes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match="no sub-folder"):
        converted(tmp_path / "images")


def test_convert_raises_for_formats_it_does_not_know(tmp_path: Path) -> None:
    path = csv_file(tmp_path, '{"a": 1}\n', "data.json")
    with pytest.raises(DataError, match="looks like JSON"):
        converted(path)
    with pytest.raises(DataError, match="looks like Parquet"):
        converted(csv_file(tmp_path, "a,b\n1,2\n"), parquet_file(tmp_path, {"a": [1]}))
    with pytest.raises(DataError, match="nothing to convert"):
        convert([], tmp_path / "out")
    with pytest.raises(DataError, match="Cannot read the file"):
        converted(tmp_path / "missing.csv")


def test_stray_spaces_are_trimmed(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "hr, name\n1, a \n2 ,\n 3, b c\n")
    assert converted(path) == [
        {"hr": [1], "name": [b"a"]},
        {"hr": [2]},
        {"hr": [3], "name": [b"b c"]},
    ]


@pytest.mark.parametrize(("delimiter", "end"), [(";", ".csv"), ("|", ".txt"), ("\t", ".tsv")])
def test_delimiter_is_found(tmp_path: Path, delimiter: str, end: str) -> None:
    text = "a,b;c d;e\n1;2;3\n4;5;6\n".replace(";", delimiter)
    path = csv_file(tmp_path, text, f"data{end}")
    assert converted(path)[0] == {"a,b": [1], "c d": [2], "e": [3]}


def test_mark_that_divides_few_lines_is_no_delimiter(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a;b,c\n1;2\n" + "3;4\n" * 20)
    assert converted(path)[0] == {"a": [1], "b,c": [2]}


def test_missing_values_have_the_names_that_are_given(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a,b\n1,NA\n?,x\n NA ,y\n")
    assert converted(path, missing=("NA", "?")) == [{"a": [1]}, {"b": [b"x"]}, {"b": [b"y"]}]


def test_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "1,a\n2,b\n")
    assert converted(path, header=False) == [
        {"column_1": [1], "column_2": [b"a"]},
        {"column_1": [2], "column_2": [b"b"]},
    ]


def test_decimal_comma(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a;b\n1,5;x,y\n2;z\n")
    assert converted(path, decimal=",") == [
        {"a": [1.5], "b": [b"x,y"]},
        {"a": [2.0], "b": [b"z"]},
    ]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_dates_become_iso_8601(tmp_path: Path, suffix: str) -> None:
    cells = ["31.01.2024 07:05", " 01.02.2024 00:00 "]
    path = csv_file(tmp_path, "day\n" + "\n".join(cells) + "\n")
    if suffix == "parquet":
        path = tmp_path / "data.parquet"
        pq.write_table(pa.table({"day": cells}), path)
    rows = converted(path, dates={"day": "%d.%m.%Y %H:%M"})
    assert rows == [{"day": [b"2024-01-31T07:05:00"]}, {"day": [b"2024-02-01T00:00:00"]}]
    with pytest.raises(DataError, match=r"`day`.*") as caught:
        converted(path, dates={"day": "%Y"})
    assert str(path) in caught.value.where


def test_parquet_texts_are_read_like_those_of_csv_files(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"a": [" x ", "NA"], "b": ["1", "2 "]}), path)
    rows = converted(path, missing=("NA",), types={"b": "int"})
    assert rows == [{"a": [b"x"], "b": [1]}, {"b": [2]}]


def test_report_says_what_spoilt_a_number(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "hr,x\n1,0.5\n2,\n4x,0.5\n3,1.5\n1,0.5\n")
    conversion = convert([path], tmp_path / "out.tfrecord")
    lines = "\n".join(conversion.lines())
    assert f"`hr` is text, but 4 of its 5 cells are numbers: '4x' is none ({path}, line 4)" in lines
    assert "--missing 4x" in lines
    table = {line.split()[0]: line.split() for line in lines.splitlines()[1:4]}
    assert table["hr"][1:4] == ["bytes", "0", "4"]
    assert table["x"][1:4] == ["float", "1", "2"]
    assert "1 records (20.0%) are equal to an earlier one" in lines
    assert "cells end at a comma" in lines


@pytest.mark.parametrize("given", ["file", "folder"])
def test_images_without_classes_are_converted(tmp_path: Path, given: str) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(PNG)
    rows = converted(folder if given == "folder" else folder / "a.png")
    assert rows == [{"image": [PNG], "file": [b"a.png"]}]


def test_value_that_no_example_holds_is_an_error_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"a": [{"b": 1}]}), path)
    with pytest.raises(DataError, match="cannot hold dict"):
        converted(path)
