"""A first look at an input file, before any of it is copied or read in full."""

from __future__ import annotations

import dataclasses
from typing import Any, BinaryIO, cast

from google.protobuf.message import DecodeError
from tfx.dsl.io import fileio

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.config import Payload
from tfline.components.example_gen.example_proto import example_protos
from tfline.transforms.errors import DataError


@dataclasses.dataclass(frozen=True)
class RecordFile:
    """A TFRecord file whose first record is good.

    Attributes:
        path: Where it is.
        compression: ``"GZIP"`` or ``""``, as ``tf.data.TFRecordDataset`` takes it.
        first_record_bytes: The size of its first record: a guess at the size of the others.
    """

    path: str
    compression: str
    first_record_bytes: int


def open_file(path: str) -> BinaryIO:
    """Opens a file, here or on a remote file system that TFX knows."""
    return cast("BinaryIO", fileio.open(path, "rb"))


def inspect_file(path: str, payload: Payload) -> RecordFile:
    """Looks at the first bytes and the first record of a file.

    Args:
        path: The file.
        payload: What its records should be.

    Raises:
        DataError: The file is missing, empty or no TFRecord file, its first record is damaged,
            or is not what `payload` says.
    """
    if not fileio.exists(path) or fileio.isdir(path):
        found = "It is a folder" if fileio.exists(path) else "No such file"
        raise DataError(f"Cannot read the data: {found}.", where=path)
    compressed = tfrecord.is_gzip(path, open_file)
    record = next(tfrecord.read_records(path, open_file), None)
    if record is not None:
        _check_payload(record, payload, path)
    return RecordFile(path, "GZIP" if compressed else "", len(record or b""))


def parse_record(record: bytes) -> Any:
    """Returns a record as a SequenceExample, whose context has the features of a tf.Example.

    On the wire a tf.Example is a SequenceExample without feature lists.

    Raises:
        google.protobuf.message.DecodeError: It is neither.
    """
    return example_protos().SequenceExample.FromString(record)


def _check_payload(record: bytes, payload: Payload, path: str) -> None:
    """Raises a DataError when `record` is not what `payload` says."""
    where = f"{path}, record 0"
    try:
        parsed = parse_record(record)
    except DecodeError as exc:
        raise DataError(
            "The records are not tf.Examples: the first one cannot be parsed.",
            where=where,
            hint="Write each record as a serialized tf.train.Example or SequenceExample.",
        ) from exc
    if not parsed.context.feature and not parsed.feature_lists.feature_list:
        raise DataError("The records are not tf.Examples: the first has no feature.", where=where)
    found: Payload = "tf_sequence_example" if parsed.feature_lists.feature_list else "tf_example"
    if found != payload:
        raise DataError(
            f"The first record is a {found}, but the payload is said to be {payload}.",
            where=where,
            hint=f"Set the payload to {found}.",
        )
