"""Rows of CSV files, each column with one type through all files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import Value
from tfline.pipelines.datasets.columns import FeatureType, broader, check_types, parse_cell, type_of
from tfline.transforms.errors import DataError


def read_csv(
    paths: Sequence[Path], types: Mapping[str, FeatureType], delimiter: str
) -> Iterator[dict[str, Value]]:
    """Yields the rows of CSV files that begin with the same line of column names.

    The files are read twice: first for the types, then for the values. An empty cell is a missing
    value. A column is int if all its cells are, else float if all are numbers, else string.

    Args:
        paths: The files; compressed with gzip or not.
        types: Types of some columns; those of the others are found.
        delimiter: What separates cells.

    Yields:
        Values by column.

    Raises:
        DataError: A file is missing or empty, a row has too many or too few cells, a cell is not
            of its type, the text is not UTF-8; it names the file and the line.
    """
    columns = _common_header(paths, delimiter)
    check_types(types, columns)
    found: dict[str, FeatureType] = {}
    for path in paths:
        for _, cells in _rows(path, delimiter):
            for column, cell in zip(columns, cells, strict=True):
                if cell and column not in types and found.get(column) != "string":
                    found[column] = broader(found.get(column, "int"), type_of(cell))
    final = {**found, **types}
    for path in paths:
        for line, cells in _rows(path, delimiter):
            row: dict[str, Value] = {}
            for column, cell in zip(columns, cells, strict=True):
                try:
                    row[column] = parse_cell(cell, final[column]) if cell else None
                except ValueError as exc:
                    raise DataError(
                        f"Invalid value for `{column}`. Expected {final[column]}. "
                        f"Received: {cell!r}.",
                        where=f"{path}, line {line}",
                    ) from exc
            yield row


def find_table(source: Path, name: str) -> Path:
    """Returns a CSV file: the one that is given, or that called `name` in the given folder.

    Args:
        source: A file, or a folder.
        name: Without ``.gz``, which it may have.

    Raises:
        DataError: The folder does not hold it.
    """
    if not source.is_dir():
        return source
    for file in (source / name, source / f"{name}.gz"):
        if file.is_file():
            return file
    raise DataError(f"The folder holds no {name} and no {name}.gz", where=str(source))


def _common_header(paths: Sequence[Path], delimiter: str) -> list[str]:
    """Returns the column names, which must be the same in all files."""
    columns = _header(paths[0], delimiter)
    for path in paths[1:]:
        if (other := _header(path, delimiter)) != columns:
            raise DataError(
                f"The files have different columns: {other} here, {columns} in {paths[0]}.",
                where=f"{path}, line 1",
            )
    return columns


def _header(path: Path, delimiter: str) -> list[str]:
    """Returns the column names of one file."""
    columns = next((cells for _, cells in _lines(path, delimiter)), None)
    if not columns:
        raise DataError("The file is empty: it must begin with column names.", where=str(path))
    for column in columns:
        if not column or columns.count(column) > 1:
            problem = f"`{column}` is named twice" if column else "one has no name"
            raise DataError(f"Columns need different names: {problem}.", where=f"{path}, line 1")
    return columns


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the line number and the cells of each row below the header."""
    lines = _lines(path, delimiter)
    _, header = next(lines)
    for line, cells in lines:
        if len(cells) != len(header):
            raise DataError(
                f"The row has {len(cells)} cells, the header has {len(header)}.",
                where=f"{path}, line {line}",
                hint="A cell that contains the delimiter or a quote must be quoted.",
            )
        yield line, cells


def _lines(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the number of the last line and the cells of everything that is not a blank line."""
    with tfrecord.open_decompressed(str(path)) as stream:
        # utf-8-sig: spreadsheets begin their files with a byte order mark
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
        except (csv.Error, UnicodeDecodeError) as exc:
            where = f"{path}, after line {reader.line_num}"
            raise DataError(f"The file is not CSV in UTF-8: {exc}.", where=where) from exc
