"""Other formats into TFRecords of tf.Examples: CSV, Parquet, images, texts, tf.SequenceExamples."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import Value, encode_example
from tfline.components.example_gen.sequences import read_sequences
from tfline.pipelines.datasets.columns import TableOptions
from tfline.pipelines.datasets.csv_table import CsvTable, Spoilt, read_csv, survey_csv
from tfline.pipelines.datasets.image_folder import read_image_files, read_images
from tfline.pipelines.datasets.parquet_table import read_parquet
from tfline.pipelines.datasets.pieces import Pieces, cut_rows, read_documents
from tfline.pipelines.datasets.profile import Profile
from tfline.pipelines.datasets.staging import staged_file
from tfline.pipelines.datasets.windows import LeftOut, Windows, cut_windows
from tfline.pipelines.inputs.formats import format_of
from tfline.transforms.errors import DataError

_IMAGES = ("PNG", "JPEG", "GIF", "BMP", "WebP")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "|"}


@dataclasses.dataclass(frozen=True)
class Conversion:
    """What was made of the inputs.

    Attributes:
        profile: What the records hold.
        table: What CSV files were found to be; None for other formats.
        windows: How rows were cut into windows; None: a record a row.
        left_out: The windows that were not made.
    """

    profile: Profile
    table: CsvTable | None = None
    windows: Windows | None = None
    left_out: LeftOut = dataclasses.field(default_factory=LeftOut)

    @property
    def records(self) -> int:
        """How many records there are."""
        return self.profile.records

    def lines(self) -> Iterator[str]:
        """Yields what people want to know of it, line by line."""
        if self.table is not None:
            delimiter = self.table.options.delimiter or ","
            yield f"  read as CSV: cells end at a {_NAMES.get(delimiter, repr(delimiter))}"
        yield from self.profile.lines()
        for column, spoilt in (self.table.spoilt if self.table else {}).items():
            yield from _spoilt_lines(column, spoilt)
        yield from self.left_out_lines()

    def left_out_lines(self) -> Iterator[str]:
        """Yields which windows were not made, and why."""
        if self.windows is None:
            return
        target = self.windows.target
        reasons = {
            f"`{target}` is missing at a target": self.left_out.target_missing,
            "their future is unknown: `--unknown-future` makes them": self.left_out.future_unknown,
            f"the table ends before the rows that say {_listed(self.windows.known)} of their "
            "future": self.left_out.known_missing,
        }
        for reason, count in reasons.items():
            if count:
                yield f"  left out: {count:,} windows, since {reason}"
        if self.left_out.too_short:
            yield f"  left out: {self.left_out.too_short:,} series, too short for a window"


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f"`{column}`" for column in columns)


def _spoilt_lines(column: str, spoilt: Spoilt) -> Iterator[str]:
    total = spoilt.numbers + spoilt.others
    yield (
        f"  `{column}` is text, but {spoilt.numbers:,} of its {total:,} cells are numbers: "
        f"{spoilt.cell!r} is none ({spoilt.where})"
    )
    yield f"    a missing value: `--missing {spoilt.cell}`; a mistake: mend it in the file"


def convert(
    inputs: Sequence[Path],
    output: Path,
    *,
    options: TableOptions | None = None,
    compress: bool = False,
    windows: Windows | None = None,
    pieces: Pieces | None = None,
) -> Conversion:
    """Writes the rows of tables, images, sequences, or texts, as tf.Examples.

    Args:
        inputs: Files of one format, told by their content (files named ``tfrecord`` hold
            tf.SequenceExamples), or one folder of images, with a sub-folder for each class or
            without.
        output: The TFRecord file; it appears when it is whole.
        options: How the cells of tables are read.
        compress: Whether to compress the file with GZIP.
        windows: How the rows of a time series are cut into records; None: a record a row.
        pieces: How long texts are cut into records; None: as they are.

    Returns:
        What was made of them.

    Raises:
        DataError: An input cannot be read or is of no known format, or there is no row.
    """
    rows: Iterator[dict[str, Value]]
    table = None
    if pieces is not None and pieces.text is None:
        rows = read_documents(inputs)
    else:
        rows, table = open_rows(inputs, options)
    if pieces is not None:
        rows = cut_rows(rows, pieces)
    where = ", ".join(map(str, inputs))
    return convert_rows(rows, output, where, table=table, compress=compress, windows=windows)


def convert_rows(
    rows: Iterable[Mapping[str, Value]],
    output: Path,
    where: str,
    *,
    table: CsvTable | None = None,
    compress: bool = False,
    windows: Windows | None = None,
) -> Conversion:
    """Writes rows as tf.Examples.

    Args:
        rows: Values by column; None is missing.
        output: The TFRecord file; it appears when it is whole.
        where: Where the rows are from, for errors.
        table: What CSV files were found to be; None for other formats.
        compress: Whether to compress the file with GZIP.
        windows: How the rows of a time series are cut into records; None: a record a row.

    Returns:
        What was made of them.

    Raises:
        DataError: A row is no tf.Example, or there is no row.
    """
    conversion = Conversion(Profile(), table, windows)
    if windows is not None:
        rows = cut_windows(map(dict, rows), windows, conversion.left_out)
    with staged_file(output) as staged:
        records = _encoded(rows, conversion.profile)
        tfrecord.write_records(staged, records, compress=compress)
        if conversion.records == 0:
            why = [line.strip() for line in conversion.left_out_lines()]
            raise DataError(
                "There is no row to convert." if windows is None else "No window can be made.",
                where=where,
                hint=". ".join(why),
            )
    return conversion


def _encoded(rows: Iterable[Mapping[str, Value]], profile: Profile) -> Iterator[bytes]:
    """Yields rows as serialized tf.Examples, and adds them to a profile."""
    for number, row in enumerate(rows, start=1):
        try:
            record = encode_example(row)
        except (TypeError, ValueError) as exc:
            raise DataError(f"The row is no tf.Example: {exc}", where=f"row {number}") from exc
        profile.add(row, record)
        yield record


def open_rows(
    inputs: Sequence[Path], options: TableOptions | None = None
) -> tuple[Iterator[dict[str, Value]], CsvTable | None]:
    """Returns the rows of the inputs, read by the reader of their format.

    Args:
        inputs: See `convert`.
        options: How the cells of tables are read.

    Returns:
        The rows, and what CSV files were found to be; None for other formats.

    Raises:
        DataError: An input cannot be read, or is of no known format.
    """
    if not inputs:
        raise DataError("There is nothing to convert: no input file.")
    options = options or TableOptions()
    if any(path.is_dir() for path in inputs):
        if len(inputs) > 1 or options.types:
            raise DataError(
                "Images are converted from one folder, without types.",
                where=", ".join(map(str, inputs)),
            )
        return read_images(inputs[0]), None
    if all("tfrecord" in path.name for path in inputs) and not options.types:
        return read_sequences(inputs), None
    formats = {path: format_of(path) for path in inputs}
    if set(formats.values()) == {"Parquet"}:
        return read_parquet(inputs, options), None
    if set(formats.values()) <= set(_IMAGES):
        return read_image_files(inputs), None
    _check_text(formats)
    table = survey_csv(inputs, options)
    return read_csv(table), table


def _check_text(formats: Mapping[Path, str | None]) -> None:
    """Raises a DataError for a file that is no table."""
    first = next(iter(formats.values()))
    for path, name in formats.items():
        if name not in ("CSV", "TSV", "text") or name != first:
            raise DataError(
                f"Cannot convert this file: it looks like {name or 'unknown binary data'}.",
                where=str(path),
                hint="Give CSV or Parquet files, or images, all of one format, or one folder of "
                "images.",
            )
