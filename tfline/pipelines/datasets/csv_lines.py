"""Lines of CSV files: what separates their cells, what their columns are called, and their rows."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfline.components.example_gen import tfrecord
from tfline.transforms.errors import DataError

_DELIMITERS = (",", ";", "\t", "|")
INDEX = "row"
"""What a first column without a name is called, if there are two others at least."""

_PROBED_LINES = 50
_AGREEING = 0.9
"""The share of the first lines that must have as many cells as the first."""


def find_delimiter(path: Path) -> str:
    """Returns what separates the cells of a file: what divides its first lines into most columns.

    A comma if nothing divides them, or not into equally many.
    """
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        try:
            lines = [
                len(cells)
                for _, cells in itertools.islice(read_lines(path, delimiter), _PROBED_LINES)
            ]
        except DataError:
            continue
        if not lines or lines[0] <= most:
            continue
        if sum(count == lines[0] for count in lines) >= _AGREEING * len(lines):
            best, most = delimiter, lines[0]
    return best


def common_columns(paths: Sequence[Path], delimiter: str, *, header: bool) -> list[str]:
    """Returns the names of the columns, which must be the same in all files."""
    columns = _columns(paths[0], delimiter, header)
    for path in paths[1:]:
        if (other := _columns(path, delimiter, header)) != columns:
            raise DataError(
                f"The files have different columns: {other} here, {columns} in {paths[0]}.",
                where=f"{path}, line 1",
            )
    return columns


def _columns(path: Path, delimiter: str, header: bool) -> list[str]:
    """Returns the names of the columns of one file."""
    first = next((cells for _, cells in read_lines(path, delimiter)), None)
    if not first:
        raise DataError("The file is empty: it must begin with column names.", where=str(path))
    if not header:
        return [f"column_{number}" for number in range(1, len(first) + 1)]
    columns = [cell.strip() for cell in first]
    if columns and not columns[0] and len(columns) > 2 and INDEX not in columns:
        columns[0] = INDEX  # the row names that pandas and R write
    for column in columns:
        if not column or columns.count(column) > 1:
            problem = f"`{column}` is named twice" if column else "one has no name"
            raise DataError(
                f"Columns need different names: {problem}.",
                where=f"{path}, line 1",
                hint="A file that begins with its first row is converted with `--no-header`.",
            )
    return columns


def read_rows(path: Path, delimiter: str, *, header: bool) -> Iterator[tuple[int, list[str]]]:
    """Yields the line number and the cells of each row.

    Raises:
        DataError: A row has too many or too few cells, or the file is not CSV in UTF-8.
    """
    lines = read_lines(path, delimiter)
    width = 0
    for number, (line, cells) in enumerate(lines):
        if number == 0:
            width = len(cells)
            if header:
                continue
        if len(cells) != width:
            what = "the header" if header else "the first row"
            raise DataError(
                f"The row has {len(cells)} cells, {what} has {width}.",
                where=f"{path}, line {line}",
                hint="A cell that contains the delimiter or a quote must be quoted.",
            )
        yield line, cells


def read_lines(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
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
