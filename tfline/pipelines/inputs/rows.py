"""Rows to predict: JSON, CSV, TFRecord and image files, or standard input, as plain dicts."""

from __future__ import annotations

import base64
import csv
import io
import itertools
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tfline.components.example_gen import sniff
from tfline.pipelines.inputs.records import read_features
from tfline.serving.rows import FeatureType
from tfline.transforms.errors import DataError
from tfline.transforms.framing import is_framed

Row = dict[str, Any]


class PictureRow(Row):
    """The row of an image file.

    Args:
        file: The file.
        key: The feature that holds its bytes.
    """

    def __init__(self, file: Path, key: str) -> None:
        super().__init__({key: file.read_bytes()})
        self.file = file


_log = logging.getLogger(__name__)


MISSING = frozenset({"na", "n/a", "nan", "null", "none", "-", "?"})
"""What stands for a missing number in CSV files, in small letters, beside an empty cell."""


def _integer(cell: str) -> int:
    """Returns the integer; pandas writes 30.0 where a column has missing values, too."""
    return int(re.sub(r"\.0*$", "", cell))


_PARSERS: dict[FeatureType, Callable[[str], Any]] = {
    FeatureType.FLOAT: float,
    FeatureType.INT64: _integer,
    FeatureType.STRING: str,
}


def read_rows(source: str, types: Mapping[str, FeatureType]) -> Iterator[Row]:
    """Yields the rows of a file.

    Args:
        source: A ``.json`` (a list, or objects one after the other), ``.csv`` (with a header),
            TFRecord or image file; a folder, whose files are read in the order of their names, also
            those of its folders; ``-`` is standard input, JSON or CSV. Bytes are written in JSON as
            ``{"b64": "..."}`` or as ``{"file": "cat.jpg"}``.
        types: The raw features of the model. Cells of a CSV file become numbers by them, and
            other columns of a CSV or TFRecord file are left out.

    Raises:
        DataError: The file cannot be read, or a row of it; or no column is known.
    """
    if source == "-":
        yield from _of_text(sys.stdin.read().removeprefix("\ufeff"), "standard input", types)
        return
    path = Path(source)
    if path.is_dir():
        files = sorted(
            file for file in path.rglob("*") if file.is_file() and _is_visible(file, path)
        )
        if not files:
            raise DataError("The folder has no file", str(path))
        for file in files:
            yield from read_rows(str(file), types)
        return
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as exc:
        raise DataError(f"The rows cannot be read: {exc.strerror}", str(path)) from exc
    if sniff.image_format(head) is not None:
        yield _of_image(path, types)
    elif not is_framed(head) and (
        path.suffix in (".json", ".jsonl", ".csv") or head.lstrip()[:1] in (b"{", b"[")
    ):
        yield from _of_text(_read_text(path), str(path), types)
    else:
        for features in read_features(path):
            yield _of_features(features, types)


def _is_visible(file: Path, folder: Path) -> bool:
    """Tells whether no part of a path below a folder begins with a dot."""
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise DataError(f"The rows are not UTF-8 text: {exc.reason}", str(path)) from exc


def _of_text(text: str, where: str, types: Mapping[str, FeatureType]) -> Iterator[Row]:
    if text.lstrip()[:1] in ("{", "["):
        return _of_json(text, where)
    return _of_csv(text, where, types)


def _of_json(text: str, where: str) -> Iterator[Row]:
    """Yields the objects of lists and of objects that follow one another, on any lines."""
    decoder, position, counted, line = json.JSONDecoder(), 0, 0, 1
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        line += text.count("\n", counted, position)
        counted, place = position, f"{where}:{line}"
        try:
            parsed, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as exc:
            last = len(text[: exc.pos].rstrip())  # what follows an incomplete line is no mistake
            number = text.count("\n", 0, last) + 1
            raise DataError(f"Not valid JSON: {exc.msg}", f"{where}:{number}") from exc
        for row in parsed if isinstance(parsed, list) else [parsed]:
            if not isinstance(row, dict):
                raise DataError(f"A row is an object. Received: {row!r}", place)
            yield {key: _json_value(key, value, place) for key, value in row.items()}


def _json_value(key: str, value: Any, place: str) -> Any:
    """Returns a value of a row; bytes where they are written as an object."""
    if isinstance(value, list):
        return [_json_value(key, item, place) for item in value]
    if not isinstance(value, dict):
        return value
    try:
        match value:
            case {"b64": str(encoded), **others} if not others:
                return base64.b64decode(encoded, validate=True)
            case {"file": str(path), **others} if not others:
                return Path(path).read_bytes()
    except ValueError as exc:
        raise DataError(f"'{key}' is no base64: {exc}", place) from exc
    except OSError as exc:
        raise DataError(f"'{key}' cannot be read: {exc.strerror}", value["file"]) from exc
    raise DataError(
        f"'{key}' holds an object. Received: {value!r}",
        place,
        'Bytes are written as {"b64": "..."} or {"file": "cat.jpg"}.',
    )


def _of_image(path: Path, types: Mapping[str, FeatureType]) -> Row:
    """Returns the row of an image file: the bytes of the only feature that takes some."""
    keys = [key for key, kind in types.items() if kind is FeatureType.STRING]
    if len(keys) != 1:
        raise DataError(
            f"The model has {len(keys)} features that may hold an image: {', '.join(keys)}",
            str(path),
            'Name it in JSON: {"FEATURE": {"file": "cat.jpg"}}.',
        )
    return PictureRow(path, keys[0])


def _of_csv(text: str, where: str, types: Mapping[str, FeatureType]) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    if not header:
        raise DataError("There are no rows", where)
    absent = sorted(key for key in types if key not in header)
    if types and len(absent) == len(types):  # another delimiter, no header, or no CSV at all
        raise DataError(
            "The header names none of the model's features. "
            f"Received: {', '.join(map(repr, header[:20]))}",
            where,
            f"Write a header, with commas between its columns. Known: {', '.join(absent)}.",
        )
    if absent:
        _log.warning("%s has no column for %s: missing in every row", where, ", ".join(absent))
    for cells in itertools.filterfalse(lambda row: not row, reader):
        place = f"{where}:{reader.line_num}"
        if len(cells) != len(header):
            raise DataError(f"The row has {len(cells)} cells, the header {len(header)}", place)
        named = zip(header, cells, strict=True)
        yield {key: _cell(key, cell, types[key], place) for key, cell in named if key in types}


def _cell(key: str, cell: str, kind: FeatureType, place: str) -> Any:
    cell = cell.strip()
    if not cell or (kind is not FeatureType.STRING and cell.lower() in MISSING):
        return None
    try:
        return _PARSERS[kind](cell)
    except ValueError as exc:
        raise DataError(f"'{key}' takes {kind.value}. Received: {cell!r}", place) from exc


def _of_features(features: Mapping[str, Any], types: Mapping[str, FeatureType]) -> Row:
    row: Row = {}
    for key in types:
        if key in features and (kind := features[key].WhichOneof("kind")):
            row[key] = list(getattr(features[key], kind).value)
    return row
