"""Splits that are given: their files go into the artifact as they are."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from typing import Literal

from tfx.dsl.io import fileio

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.artifact import shard_name
from tfline.components.example_gen.config import Payload
from tfline.components.example_gen.inspection import RecordFile, inspect_file, open_file
from tfline.components.example_gen.reading import verify_records
from tfline.transforms.errors import DataError

_CHUNK_BYTES = 1 << 20

_progress = logging.getLogger("tfline.progress")


def ingest_split(
    paths: Sequence[str], folder: str, payload: Payload, ingest: Literal["copy", "link"]
) -> int:
    """Brings the files of one split into its folder and verifies every record there.

    Args:
        paths: The files.
        folder: Where they go; created.
        payload: What their records should be.
        ingest: Whether to copy or to make hard links; where a link cannot be made, for example
            to another file system, the file is copied. Compressed files among plain ones are
            decompressed.

    Returns:
        The number of records.

    Raises:
        DataError: A file is missing, empty, damaged or of another kind, or the split is empty.
    """
    sources = [inspect_file(path, payload) for path in paths]
    # tfx_bsl reads the files of a split with one compression: plain, if they have different ones.
    compression = min(source.compression for source in sources)
    fileio.makedirs(folder)
    placed = []
    for index, source in enumerate(sources):
        _progress.info("%s %s (%d of %d)", ingest, source.path, index + 1, len(sources))
        name = shard_name(index, len(sources), compressed=bool(compression))
        target = RecordFile(os.path.join(folder, name), compression, source.first_record_bytes)
        _place(source, target, ingest)
        placed.append(target)
    count = verify_records(placed, paths)
    if count == 0:
        raise DataError("The split has no record.", where=", ".join(paths))
    return count


def _place(source: RecordFile, target: RecordFile, ingest: Literal["copy", "link"]) -> None:
    """Brings a file to its place, decompressed if it may not be compressed there."""
    if source.compression != target.compression:
        with (
            tfrecord.open_decompressed(source.path, open_file) as stream,
            fileio.open(target.path, "wb") as out,
        ):
            shutil.copyfileobj(stream, out, _CHUNK_BYTES)
    elif ingest == "copy" or not _link(source.path, target.path):
        fileio.copy(source.path, target.path)


def _link(source: str, target: str) -> bool:
    """Makes `target` a hard link to `source`; returns False where that cannot be done."""
    try:
        os.link(os.path.realpath(source), target)
    except OSError as exc:
        logging.getLogger(__name__).info("Copying %s, since a link failed: %s", source, exc)
        return False
    return True
