"""Rows of CSV files, each column with one type through all files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tfline.components.example_gen.example_proto import Value
from tfline.pipelines.datasets.columns import FeatureType, TableOptions, broader
from tfline.pipelines.datasets.csv_lines import common_columns, find_delimiter, read_rows
from tfline.transforms.errors import DataError

MOST_CELLS = 8
"""So many different cells are kept of those that make a column of numbers one of texts."""


@dataclasses.dataclass
class Spoilt:
    """A column that is text for the sake of some of its cells.

    Attributes:
        numbers: How many of its cells are numbers.
        others: How many are neither that nor missing.
        cell: The first of these.
        where: Its file and line.
        cells: These cells, each once, up to `MOST_CELLS` of them.
    """

    numbers: int = 0
    others: int = 0
    cell: str = ""
    where: str = ""
    cells: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(frozen=True)
class CsvTable:
    """What CSV files are found to hold, before their values are read.

    Attributes:
        paths: The files.
        options: How their cells are read; with the delimiter.
        columns: The names of the columns.
        types: The type of each.
        spoilt: Columns of text that hold numbers, too.
    """

    paths: tuple[Path, ...]
    options: TableOptions
    columns: tuple[str, ...]
    types: Mapping[str, FeatureType]
    spoilt: Mapping[str, Spoilt]


def survey_csv(paths: Sequence[Path], options: TableOptions) -> CsvTable:
    """Reads CSV files for the types of their columns.

    A column is int if all its cells are, else float if all are numbers, else string.

    Args:
        paths: Files that have the same columns; compressed with gzip or not.
        options: How their cells are read.

    Raises:
        DataError: A file is missing or empty, a row has too many or too few cells, or the text is
            not UTF-8; it names the file and the line.
    """
    delimiter = options.delimiter or find_delimiter(paths[0])
    options = dataclasses.replace(options, delimiter=delimiter)
    columns = common_columns(paths, delimiter, header=options.header)
    options.check(columns)
    types: dict[str, FeatureType] = {}
    mixed = {column: Spoilt() for column in columns}
    for path in paths:
        for line, cells in read_rows(path, delimiter, header=options.header):
            for column, raw in zip(columns, cells, strict=True):
                if not (cell := options.clean(raw)):
                    continue
                kind = options.type_of(column, cell)
                types[column] = broader(types.get(column, "int"), kind)
                _count(mixed[column], kind, cell, f"{path}, line {line}")
    spoilt = {
        column: found
        for column, found in mixed.items()
        if types.get(column) == "string" and found.numbers and column not in options.types
    }
    return CsvTable(tuple(paths), options, tuple(columns), types, spoilt)


def _count(found: Spoilt, kind: FeatureType, cell: str, where: str) -> None:
    if kind != "string":
        found.numbers += 1
        return
    if not found.others:
        found.cell, found.where = cell, where
    found.others += 1
    if len(found.cells) < MOST_CELLS:
        found.cells.add(cell)


def read_csv(table: CsvTable) -> Iterator[dict[str, Value]]:
    """Yields the rows of CSV files; a missing value is None.

    Raises:
        DataError: A cell is not of the type that its column is given; it names file and line.
    """
    options = table.options
    for path in table.paths:
        for line, cells in read_rows(path, options.delimiter or ",", header=options.header):
            row: dict[str, Value] = {}
            for column, raw in zip(table.columns, cells, strict=True):
                cell = options.clean(raw)
                try:
                    row[column] = options.parse(column, cell, table.types[column]) if cell else None
                except ValueError as exc:
                    raise _invalid(column, cell, table, f"{path}, line {line}") from exc
            yield row


def _invalid(column: str, cell: str, table: CsvTable, where: str) -> DataError:
    """Returns the error for a cell that is not what its column holds."""
    options = table.options
    if column in options.dates:
        wanted = options.dates[column] or "a date or time in ISO 8601"
        hint = f"Give its format: `--dates {column}=%d.%m.%Y`. A missing value: `--missing`."
    else:
        wanted = table.types[column]
        hint = f"A cell that stands for a missing value: `--missing {cell}`."
    return DataError(
        f"Invalid value for `{column}`. Expected {wanted}. Received: {cell!r}.", where, hint
    )


def read_table(
    paths: Sequence[Path], types: Mapping[str, FeatureType]
) -> Iterator[dict[str, Value]]:
    """Yields the rows of CSV files with commas, of which some types are known."""
    return read_csv(survey_csv(paths, TableOptions(types=types, delimiter=",")))


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
