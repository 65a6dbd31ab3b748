"""What DATA is: rows of a table, pictures, lines of text, or TFRecords that are there already."""

from __future__ import annotations

import dataclasses
import glob
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfline.components.example_gen.example_proto import Value
from tfline.pipelines.datasets.columns import TableOptions, type_of
from tfline.pipelines.datasets.convert import open_rows
from tfline.pipelines.datasets.csv_lines import find_delimiter, read_lines
from tfline.pipelines.datasets.csv_table import CsvTable, survey_csv
from tfline.pipelines.datasets.parquet_table import table_rows
from tfline.pipelines.inputs.formats import format_of
from tfline.transforms.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Value]

MISSING = frozenset(
    ["NA", "N/A", "n/a", "na", "#N/A", "NULL", "Null", "null", "None", "none", "-", "--", "?", ".",
     "missing", "unknown", "Unknown", "#VALUE!", "#DIV/0!", "<NA>", "nil"]
)  # fmt: skip
"""Cells that stand for a missing number, where all other cells of a column are numbers."""

_PROBED = 50
_SPLITS = {"train": ("train",), "eval": ("eval", "valid", "val", "dev", "test")}


@dataclasses.dataclass(frozen=True)
class Source:
    """Data as it came.

    Attributes:
        name: What a pipeline of it may be called.
        shown: The data, as people name it.
        rows: Reads the rows; None: they are TFRecords.
        files: The patterns of TFRecords, by split or under ``files``; empty: there are rows.
        sort: ``table``, ``pictures``, ``lines`` or ``records``.
        notes: What was found while it was opened.
    """

    name: str
    shown: str
    sort: str
    rows: Callable[[], Iterator[Row]] | None = None
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def paths(self) -> list[str]:
        """The TFRecord files that a model learns from."""
        pattern = self.files.get("train", self.files.get("files", ""))
        return sorted(glob.glob(pattern))


def open_source(data: Any) -> Source:
    """Opens a file, a folder, a pattern of files, or a DataFrame.

    Raises:
        DataError: There is no such file, it is empty, or of no format that can be read.
    """
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        return _of_frame(data)
    text = str(data)
    path = Path(text)
    if path.is_dir():
        return _of_folder(path)
    files = [path] if path.is_file() else [Path(one) for one in sorted(glob.glob(text))]
    if not files:
        raise DataError(
            "There is no such file or folder", text,
            "Give a CSV or Parquet file, TFRecords, a folder of pictures, or a text file.",
        )  # fmt: skip
    return _of_files(files, text)


def _of_frame(frame: pd.DataFrame) -> Source:
    """Returns the rows of a pandas DataFrame; whole numbers with gaps are whole again."""
    import pyarrow as pa

    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as exc:
        raise DataError(f"The DataFrame cannot be read: {exc}", "DataFrame") from exc

    def rows() -> Iterator[Row]:
        return table_rows(table.to_batches(), TableOptions(), "DataFrame")

    return Source("frame", "a DataFrame", "table", rows)


def _of_folder(folder: Path) -> Source:
    """Returns the pictures of a folder, or the tables or TFRecords in it."""
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    plain = [path for path in files if path.is_file()]
    if not files:
        raise DataError("The folder is empty", str(folder))
    if any(path.is_dir() for path in files):
        rows, _ = open_rows([folder])
        del rows
        return Source(
            folder.name, f"the pictures in {folder}", "pictures", lambda: open_rows([folder])[0]
        )
    if all(_is_records(path) for path in plain):
        return Source(folder.name, str(folder), "records", files=_splits(folder, plain))
    return dataclasses.replace(_of_files(plain, str(folder)), name=folder.name)


def _splits(folder: Path, files: list[Path]) -> dict[str, str]:
    """Returns the patterns of train and eval files, if names tell; else one of all files."""
    for train in _SPLITS["train"]:
        for other in _SPLITS["eval"]:
            starts = [any(p.name.startswith(split) for p in files) for split in (train, other)]
            if all(starts):
                return {"train": f"{folder}/{train}*", "eval": f"{folder}/{other}*"}
    return {"files": f"{folder}/*"}


def _is_records(path: Path) -> bool:
    return "tfrecord" in path.name.lower() or format_of(path) is None


def _of_files(files: list[Path], shown: str) -> Source:
    name = files[0].name.split(".")[0]
    formats = {path: format_of(path) for path in files}
    if set(formats.values()) == {"Parquet"}:
        return Source(name, shown, "table", lambda: iter(open_rows(files)[0]))
    if all("tfrecord" in path.name.lower() or found is None for path, found in formats.items()):
        return Source(name, shown, "records", files={"files": shown})
    first = formats[files[0]]
    if first not in ("CSV", "TSV", "text"):
        raise DataError(
            f"Cannot begin with this file: it looks like {first or 'unknown binary data'}", shown,
            "Give a CSV or Parquet file, TFRecords, a folder of pictures, or a text file.",
        )  # fmt: skip
    delimiter = find_delimiter(files[0])
    if _width(files[0], delimiter) > 1:
        try:
            return _of_table(files, shown, name, delimiter)
        except DataError:
            if delimiter != "\t":
                raise
            return _of_tabs(files, shown, name)  # a quote is a character like any other there
    tabs = {str(row["text"]).count("\t") for row in itertools.islice(_lines(files), _PROBED)}
    if len(tabs) == 1 and min(tabs) > 0:
        return _of_tabs(files, shown, name)
    return Source(name, shown, "lines", lambda: _lines(files))


def _width(path: Path, delimiter: str) -> int:
    """Returns how many cells the first line has; 0 if it is no line of a table."""
    try:
        return len(next((cells for _, cells in read_lines(path, delimiter)), ()))
    except DataError:
        return 0


def _lines(files: Iterable[Path]) -> Iterator[Row]:
    """Yields the lines of text files, without blank ones."""
    from tfline.components.example_gen.tfrecord import open_decompressed

    for path in files:
        with open_decompressed(str(path)) as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                except UnicodeDecodeError as exc:
                    raise DataError(
                        f"The text is not UTF-8: {exc}", f"{path}, line {number}"
                    ) from exc
                if text:
                    yield {"text": text}


def _of_table(files: list[Path], shown: str, name: str, delimiter: str) -> Source:
    """Returns the rows of CSV files, with their header and their missing cells found."""
    header = has_header([cells for _, cells in _first(files[0], delimiter)])
    options = TableOptions(delimiter=delimiter, header=header)
    table = survey_csv(files, options)
    words = missing_words(table)
    notes = [] if header else ["no line of names: columns are column_1, column_2, ..."]
    if words:
        notes.append(f"missing where a cell is {' or '.join(sorted(words))}")
        table = survey_csv(files, dataclasses.replace(options, missing=tuple(sorted(words))))
    for column, spoilt in table.spoilt.items():
        if spoilt.others < spoilt.numbers:
            notes.append(f"{column} is text for the sake of {spoilt.cell!r} in {spoilt.where}")
    from tfline.pipelines.datasets.csv_table import read_csv

    return Source(name, shown, "table", lambda: read_csv(table), notes=tuple(notes))


def _of_tabs(files: list[Path], shown: str, name: str) -> Source:
    """Returns the rows of texts between tabs, where quotes mean nothing: all are texts."""
    lines = [str(row["text"]).split("\t") for row in itertools.islice(_lines(files), _PROBED)]
    header = has_header(lines)
    columns = lines[0] if header else [f"column_{number}" for number in range(1, len(lines[0]) + 1)]

    def rows() -> Iterator[Row]:
        for number, row in enumerate(_lines(files)):
            cells = str(row["text"]).split("\t")
            if len(cells) != len(columns):
                raise DataError(
                    f"The line has {len(cells)} cells between tabs, and the first has "
                    f"{len(columns)}",
                    f"{shown}, line {number + 1} of those that are not blank",
                )
            if number or not header:
                yield {column: cell or None for column, cell in zip(columns, cells, strict=True)}

    note = "read as texts between tabs, where quotes mean nothing"
    return Source(name, shown, "table", rows, notes=(note,))


def _first(path: Path, delimiter: str) -> list[tuple[int, list[str]]]:
    return list(itertools.islice(read_lines(path, delimiter), _PROBED))


def has_header(lines: list[list[str]]) -> bool:
    """Tells whether the first of some lines of a table names its columns.

    A column of numbers below a word has a name; without such a column, the first line is one of
    names if its cells are short, different, no sentences, and none of them occurs again below.
    """
    if len(lines) < 2:
        return True
    first, rest = lines[0], lines[1:]
    below = [[row[i] for row in rest if i < len(row) and row[i].strip()] for i in range(len(first))]
    numeric = [
        bool(cells) and all(type_of(cell.strip()) != "string" for cell in cells) for cells in below
    ]
    named = [type_of(cell.strip()) == "string" for cell in first]
    if any(numeric):
        return any(name for name, number in zip(named, numeric, strict=True) if number)
    stripped = [cell.strip() for cell in first]
    is_short = all(cell and len(cell) <= 64 and cell[-1] not in ".!?" for cell in stripped)
    repeats = any(cell in cells for cell, cells in zip(first, below, strict=True))
    return is_short and len(set(stripped)) == len(stripped) and not repeats


def missing_words(table: CsvTable) -> set[str]:
    """Returns the cells that stand for a missing number, by the columns that they make texts."""
    words: set[str] = set()
    for spoilt in table.spoilt.values():
        if spoilt.cells and spoilt.cells <= MISSING:
            words |= spoilt.cells
    return words
