"""Rows of Parquet files, a batch at a time."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfline.components.example_gen.example_proto import Scalar, Value
from tfline.pipelines.datasets.columns import TableOptions, to_int64
from tfline.transforms.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 4096


def read_parquet(paths: Sequence[Path], options: TableOptions) -> Iterator[dict[str, Value]]:
    """Yields the rows of Parquet files.

    The types are those of the file: integers and booleans become int, floats and decimals float,
    strings and bytes string, dates and times string in ISO 8601, lists several values. A null is
    a missing value. Texts are read as those of CSV files: without stray spaces.

    Args:
        paths: The files, which must have the same columns.
        options: Types that some columns should have instead, and how their texts are read.

    Yields:
        Values by column.

    Raises:
        DataError: A file is no Parquet file, has other columns than the first, or a column whose
            type a tf.Example cannot hold.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: list[str] | None = None
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                names = file.schema_arrow.names
                columns = columns or names
                _check_columns(path, names, columns, paths[0])
                options.check(columns)
                yield from table_rows(file.iter_batches(batch_size=_BATCH_ROWS), options, str(path))
        except (OSError, pa.ArrowException) as exc:
            raise DataError(f"Cannot read the Parquet file: {exc}", where=str(path)) from exc


def table_rows(
    batches: Iterable[pa.RecordBatch], options: TableOptions, where: str
) -> Iterator[dict[str, Value]]:
    """Yields the rows of batches of Arrow.

    Args:
        batches: In their order.
        options: See `read_parquet`.
        where: Where they are from, for errors.

    Raises:
        DataError: A tf.Example cannot hold a value.
    """
    row = 0
    for batch in batches:
        for cells in batch.to_pylist():
            yield _convert(cells, options, f"{where}, row {row}")
            row += 1


def _check_columns(path: Path, names: list[str], columns: list[str], first: Path) -> None:
    """Raises a DataError when a file has other columns than the first one."""
    if sorted(names) != sorted(columns):
        raise DataError(
            f"The files have different columns: {names} here, {columns} in {first}.",
            where=str(path),
        )


def _convert(cells: dict[str, Any], options: TableOptions, where: str) -> dict[str, Value]:
    """Returns the values of a row.

    Args:
        cells: Python values by column, as pyarrow makes them.
        options: Types that some columns should have, and how texts are read.
        where: The file and the row, for errors.
    """
    row: dict[str, Value] = {}
    for column, cell in cells.items():
        try:
            if isinstance(cell, list):
                found = [_scalar(column, c, options) for c in cell if c is not None]
                row[column] = [value for value in found if value is not None]
            else:
                row[column] = None if cell is None else _scalar(column, cell, options)
        except (TypeError, ValueError, OverflowError) as exc:
            raise DataError(f"Invalid value for `{column}`: {exc}.", where=where) from exc
    return row


def _scalar(column: str, cell: Any, options: TableOptions) -> Scalar | None:
    """Returns a value that a tf.Example can hold, of the type that its column is given.

    Raises:
        TypeError: There is no such value.
        ValueError: The value is not of the type, or no date.
    """
    kind = options.types.get(column)
    if isinstance(cell, decimal.Decimal):
        cell = float(cell)
    elif isinstance(cell, datetime.date | datetime.time):
        cell = cell.isoformat()
    if not isinstance(cell, Scalar):
        raise TypeError(f"a tf.Example cannot hold {type(cell).__name__}")
    if isinstance(cell, str):
        text = options.clean(cell)
        return options.parse(column, text, kind or "string") if text else None
    if kind == "string":
        return cell if isinstance(cell, bytes) else str(cell)
    if kind == "float":
        return float(cell)
    if kind == "int" or isinstance(cell, int):
        return to_int64(int(cell) if isinstance(cell, bytes) else cell)
    return cell
