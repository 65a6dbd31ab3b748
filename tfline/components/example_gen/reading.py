"""Whole files, read and checked by TensorFlow's C++ reader.

A pass over the data costs a microsecond a record as long as no record reaches Python.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import tensorflow as tf

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.inspection import RecordFile, open_file
from tfline.transforms.errors import DataError
from tfline.transforms.framing import FRAMING_BYTES

_BATCH_BYTES = 4 << 20
_BATCH_RECORDS = 4096
_GZIP_SIZE_BYTES = 4
_GZIP_SIZE_MODULO = 1 << 32


def record_batches(files: Sequence[RecordFile], *, ordered: bool = True) -> tf.data.Dataset:
    """Returns the serialized records of `files`, in batches of a few megabytes.

    Args:
        files: The files.
        ordered: Whether batches come in the order of the files; otherwise several files are read
            at a time.

    Returns:
        A dataset of string tensors [batch]. No batch spans two files.
    """
    largest = max(file.first_record_bytes for file in files)
    batch_size = min(_BATCH_RECORDS, _BATCH_BYTES // (largest + 1) + 1)
    table = tf.data.Dataset.from_tensor_slices(
        ([file.path for file in files], [file.compression for file in files])
    )

    def read(path: tf.Tensor, compression: tf.Tensor) -> tf.data.Dataset:
        return tf.data.TFRecordDataset(path, compression).batch(batch_size)

    if ordered:
        return table.flat_map(read).prefetch(2)
    return table.interleave(read, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False)


def verify_records(files: Sequence[RecordFile], sources: Sequence[str] = ()) -> int:
    """Reads every record of `files`, and so checks every checksum.

    Args:
        files: The files.
        sources: The files that they were copied from: where damage is looked for first, since
            the user knows them by these names.

    Returns:
        The number of records.

    Raises:
        DataError: A file is damaged; it names the file, the record and the byte.
    """
    try:
        count, size = _measure(files)
    except tf.errors.OpError as exc:
        _walk([*sources, *(file.path for file in files)])
        paths = ", ".join(sources or [file.path for file in files])
        raise DataError(f"TensorFlow cannot read the records: {exc.message}", where=paths) from exc
    # TensorFlow takes two kinds of damage for the end of the data: less than a header at the end
    # of a file, and a gzip file that is cut between two records. The number of bytes tells.
    if (size - sum(map(_expected_bytes, files))) % _GZIP_SIZE_MODULO:
        _walk([*sources, *(file.path for file in files)])
    return count


def _measure(files: Sequence[RecordFile]) -> tuple[int, int]:
    """Returns the number of records and the bytes they take with their framing."""

    def measure(batch: tf.Tensor) -> tf.Tensor:
        count = tf.size(batch, out_type=tf.int64)
        data = tf.reduce_sum(tf.cast(tf.strings.length(batch), tf.int64))
        return tf.stack([count, data + count * FRAMING_BYTES])

    sums = record_batches(files, ordered=False).map(measure, num_parallel_calls=tf.data.AUTOTUNE)
    count, size = sums.reduce(tf.zeros([2], tf.int64), tf.add).numpy().tolist()
    return count, size


def _expected_bytes(file: RecordFile) -> int:
    """Returns the bytes of a file before compression, modulo 2**32 if it is compressed.

    The last field of a gzip file holds them (RFC 1952). If the file consists of several gzip
    members, the field counts only the last one, and the answer is wrong.
    """
    with open_file(file.path) as stream:
        if not file.compression:
            stream.seek(0, os.SEEK_END)
            return stream.tell()
        stream.seek(-_GZIP_SIZE_BYTES, os.SEEK_END)
        return int.from_bytes(stream.read(_GZIP_SIZE_BYTES), "little")


def _walk(paths: Iterable[str]) -> None:
    """Reads `paths` record by record in Python, which raises a DataError at the first damage."""
    for path in paths:
        for _ in tfrecord.read_records(path, open_file):
            continue
