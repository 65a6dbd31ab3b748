"""Other formats into TFRecords of tf.Examples: CSV, Parquet, images, tf.SequenceExamples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tfline.components.example_gen import sniff, tfrecord
from tfline.components.example_gen.example_proto import Value, encode_example
from tfline.components.example_gen.sequences import read_sequences
from tfline.pipelines.datasets.columns import FeatureType
from tfline.pipelines.datasets.csv_table import read_csv
from tfline.pipelines.datasets.image_folder import read_images
from tfline.pipelines.datasets.parquet_table import read_parquet
from tfline.pipelines.datasets.staging import staged_file
from tfline.pipelines.datasets.windows import Windows, cut_windows
from tfline.transforms.errors import DataError

_DELIMITERS = {"CSV": ",", "TSV": "\t"}


def convert(
    inputs: Sequence[Path],
    output: Path,
    *,
    types: Mapping[str, FeatureType] | None = None,
    delimiter: str | None = None,
    compress: bool = False,
    windows: Windows | None = None,
) -> int:
    """Writes the rows of tables, the images of a folder, or sequences, as tf.Examples.

    Args:
        inputs: Files of one format, told by their content (files named ``tfrecord`` hold
            tf.SequenceExamples), or one folder of images with a sub-folder for each class.
        output: The TFRecord file; it appears when it is whole.
        types: Types of columns where the ones that are found are not wanted.
        delimiter: What separates the cells of a CSV file; None: a comma, or a tab if the first
            line has one.
        compress: Whether to compress the file with GZIP.
        windows: How the rows of a time series are cut into records; None: a record a row.

    Returns:
        The number of records.

    Raises:
        DataError: An input cannot be read or is of no known format, or there is no row.
    """
    if not inputs:
        raise DataError("There is nothing to convert: no input file.")
    rows = _rows(inputs, types or {}, delimiter)
    if windows is not None:
        rows = cut_windows(rows, windows)
    with staged_file(output) as staged:
        records = (encode_example(row) for row in rows)
        count = tfrecord.write_records(staged, records, compress=compress)
        if count == 0:
            raise DataError("There is no row to convert.", where=", ".join(map(str, inputs)))
    return count


def _rows(
    inputs: Sequence[Path], types: Mapping[str, FeatureType], delimiter: str | None
) -> Iterator[dict[str, Value]]:
    """Returns the rows of the inputs, read by the reader of their format."""
    if any(path.is_dir() for path in inputs):
        if len(inputs) > 1 or types:
            raise DataError(
                "Images are converted from one folder, without types.",
                where=", ".join(map(str, inputs)),
            )
        return read_images(inputs[0])
    if all("tfrecord" in path.name for path in inputs) and not types:
        return read_sequences(inputs)
    formats = {path: _format(path) for path in inputs}
    if set(formats.values()) == {"Parquet"}:
        return read_parquet(inputs, types)
    for path, name in formats.items():
        if name not in ("CSV", "TSV", "text") or name != formats[inputs[0]]:
            raise DataError(
                f"Cannot convert this file: it looks like {name or 'unknown binary data'}.",
                where=str(path),
                hint="Give CSV or Parquet files, all of one format, or one folder of images.",
            )
    return read_csv(inputs, types, delimiter or _DELIMITERS.get(str(formats[inputs[0]]), ","))


def _format(path: Path) -> str | None:
    """Returns the format of a file by its first bytes, decompressed if it is gzip."""
    with tfrecord.open_decompressed(str(path)) as stream:
        head = stream.read(sniff.HEAD_BYTES)
    if not head:
        raise DataError("The file is empty (0 bytes).", where=str(path))
    return sniff.file_format(head)
