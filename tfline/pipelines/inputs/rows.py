"""Rows to predict: JSON, CSV and TFRecord files, or standard input, as plain dicts."""

from __future__ import annotations

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

from tfline.pipelines.inputs.records import read_features
from tfline.serving.rows import FeatureType
from tfline.transforms.errors import DataError

Row = dict[str, Any]

_log = logging.getLogger(__name__)


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
        source: A ``.json`` (a list, or an object a line), ``.csv`` (with a header) or TFRecord
            file; ``-`` is standard input, JSON or CSV.
        types: The raw features of the model. Cells of a CSV file become numbers by them, and
            other columns of a CSV or TFRecord file are left out.

    Raises:
        DataError: The file cannot be read, or a row of it; or no column is known.
    """
    if source == "-":
        yield from _of_text(sys.stdin.read().removeprefix("\ufeff"), "standard input", types)
        return
    path = Path(source)
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as exc:
        raise DataError(f"The rows cannot be read: {exc.strerror}", str(path)) from exc
    if path.suffix in (".json", ".jsonl", ".csv") or head.lstrip()[:1] in (b"{", b"["):
        yield from _of_text(_read_text(path), str(path), types)
    else:
        for features in read_features(path):
            yield _of_features(features, types)


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
    if text.lstrip().startswith("["):
        rows = enumerate([text], start=1)
    else:
        rows = enumerate(text.splitlines(), start=1)
    for number, document in rows:
        if not document.strip():
            continue
        try:
            parsed = json.loads(document)
        except json.JSONDecodeError as exc:
            line = number + exc.lineno - 1
            raise DataError(f"Not valid JSON: {exc.msg}", f"{where}:{line}") from exc
        for row in parsed if isinstance(parsed, list) else [parsed]:
            if not isinstance(row, dict):
                raise DataError(f"A row is an object. Received: {row!r}", f"{where}:{number}")
            yield row


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
    if not cell:
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
