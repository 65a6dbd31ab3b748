"""What a file is, by its first bytes."""

from __future__ import annotations

from pathlib import Path

from tfline.components.example_gen import sniff, tfrecord
from tfline.transforms.errors import DataError


def format_of(path: Path) -> str | None:
    """Returns the format of a file by its first bytes, decompressed if it is gzip.

    Raises:
        DataError: The file is empty, or cannot be read.
    """
    with tfrecord.open_decompressed(str(path)) as stream:
        head = stream.read(sniff.HEAD_BYTES)
    if not head:
        raise DataError("The file is empty (0 bytes).", where=str(path))
    return sniff.file_format(head)
