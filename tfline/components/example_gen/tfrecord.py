"""TFRecord files, read and written without TensorFlow.

How a record stands in them is in `tfline.transforms.framing`. Whole data sets are read with
TensorFlow's C++ reader; this module serves the commands that must start at once, the writers of
data sets, and the search for the one record that is damaged.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from tfline.components.example_gen import sniff
from tfline.transforms.errors import DataError
from tfline.transforms.framing import FRAMING_BYTES, FrameError, frame, read_frame

OpenFile = Callable[[str], BinaryIO]
"""Opens a file to read bytes: the built-in ``open`` or one that knows remote file systems."""

_GZIP_ERRORS = (EOFError, gzip.BadGzipFile, zlib.error)
_CONVERT_HINT = "Make TFRecords of CSV, Parquet or image folders with `tfline data convert`."


def write_records(path: Path, records: Iterable[bytes], *, compress: bool = False) -> int:
    """Writes a TFRecord file, the same bytes for the same records.

    Args:
        path: The file; overwritten if it exists.
        records: The records, in order.
        compress: Whether to compress the file with GZIP.

    Returns:
        The number of records.
    """
    count = 0
    with contextlib.ExitStack() as stack:
        stream: BinaryIO = stack.enter_context(path.open("wb"))
        if compress:  # no name and no time in the header: the bytes depend on the records alone
            zipped = gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0)
            stream = stack.enter_context(zipped)  # type: ignore[assignment]
        for record in records:
            stream.write(frame(record))
            count += 1
    return count


def open_local(path: str) -> BinaryIO:
    """Opens a file of this machine.

    Raises:
        DataError: It is missing, a folder, or may not be read.
    """
    try:
        return open(path, "rb")
    except OSError as exc:
        raise DataError(f"Cannot read the file: {exc.strerror}.", where=path) from exc


def is_gzip(path: str, open_file: OpenFile = open_local) -> bool:
    """Tells whether the file is compressed, by its first bytes and not by its name."""
    with open_file(path) as stream:
        return stream.read(len(sniff.GZIP_MAGIC)) == sniff.GZIP_MAGIC


@contextlib.contextmanager
def open_decompressed(path: str, open_file: OpenFile = open_local) -> Iterator[BinaryIO]:
    """Opens a file to read its bytes, without the gzip compression if it has one.

    Raises:
        DataError: The file cannot be read, or its compressed data is damaged.
    """
    compressed = is_gzip(path, open_file)
    with open_file(path) as raw:
        if not compressed:
            yield raw
            return
        try:
            with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
                yield cast("BinaryIO", stream)
        except _GZIP_ERRORS as exc:
            raise DataError(f"The gzip data is truncated or corrupt ({exc}).", where=path) from exc


def read_records(path: str | Path, open_file: OpenFile = open_local) -> Iterator[bytes]:
    """Yields the records of a TFRecord file, compressed with GZIP or not.

    Args:
        path: The file.
        open_file: What opens it.

    Yields:
        The records, in order, each with both checksums verified.

    Raises:
        DataError: The file is missing, empty, truncated, corrupt, or no TFRecord at all. It names
            the record, counted from 0, and the byte where that record begins.
    """
    name = os.fspath(path)
    position = _Position(name, is_gzip(name, open_file))
    with open_decompressed(name, open_file) as stream:
        try:
            while (record := _read_record(stream, position)) is not None:
                yield record
                position.advance(len(record))
        except _GZIP_ERRORS as exc:
            raise position.error(f"The gzip data is truncated or corrupt ({exc})") from exc
        except _NotATFRecordError as exc:
            raise _foreign_file(position, open_file) from exc
    if position.offset == 0 and not position.compressed:
        raise DataError(
            "The file is empty (0 bytes).",
            where=name,
            hint="Write it again, or leave it out of the pattern.",
        )


class _NotATFRecordError(Exception):
    """The very first header is wrong: most likely the file is something else."""


class _Position:
    """Where the reader stands in a file.

    Args:
        path: The file.
        compressed: Whether offsets count the bytes after decompression.
    """

    def __init__(self, path: str, compressed: bool) -> None:
        self.path = path
        self.record = 0
        self.offset = 0
        self.compressed = compressed

    def advance(self, length: int) -> None:
        """Moves behind a record of `length` bytes."""
        self.record += 1
        self.offset += length + FRAMING_BYTES

    def error(self, what: str) -> DataError:
        """Returns the error that says `what` is wrong with the record here."""
        unit = "decompressed byte" if self.compressed else "byte"
        return DataError(
            f"{what}: record {self.record} (counted from 0) cannot be read.",
            where=f"{self.path}, record {self.record}, {unit} {self.offset:,}",
            hint=f"Write or copy the file anew. Whole records before this one: {self.record:,}.",
        )


def _read_record(stream: BinaryIO, position: _Position) -> bytes | None:
    """Returns the record at `position`; None at the end of the file."""
    try:
        return read_frame(stream)
    except FrameError as exc:
        if exc.in_header and position.record == 0:
            raise _NotATFRecordError from exc
        raise position.error(exc.what) from exc


def _foreign_file(position: _Position, open_file: OpenFile) -> DataError:
    """Returns the error for a file whose first header is no TFRecord header."""
    with open_decompressed(position.path, open_file) as stream:
        found = sniff.file_format(stream.read(sniff.HEAD_BYTES))
    if found is None:
        return position.error(
            "This is no TFRecord file, or the header of its first record is damaged"
        )
    inside = "gzip-compressed " if position.compressed else ""
    return DataError(
        f"This is not a TFRecord file: it looks like {inside}{found}.",
        where=position.path,
        hint=_CONVERT_HINT,
    )
