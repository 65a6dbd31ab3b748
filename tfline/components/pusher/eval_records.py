"""The first records of the eval split, as a client would send them."""

from __future__ import annotations

import os

import tensorflow as tf
from tfx.dsl.io import fileio
from tfx.types import artifact, artifact_utils

from tfline.transforms.errors import DataError

_SPLIT = "eval"
_GZIP_MAGIC = b"\x1f\x8b"


def first_records(examples: list[artifact.Artifact], count: int) -> list[bytes]:
    """Returns the first `count` serialized tf.Examples of the eval split, or all if it has fewer.

    Raises:
        DataError: The split is empty.
    """
    records: list[bytes] = []
    for uri in artifact_utils.get_split_uris(examples, _SPLIT):
        for name in sorted(map(str, fileio.listdir(uri))):
            if name.startswith((".", "_")):
                continue
            file = os.path.join(uri, name)
            dataset = tf.data.TFRecordDataset(file, _compression(file))
            records += dataset.take(count - len(records)).as_numpy_iterator()
    if not records:
        raise DataError("The eval split has no records", ", ".join(item.uri for item in examples))
    return records


def _compression(file: str) -> str:
    with fileio.open(file, "rb") as stream:
        return "GZIP" if stream.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC else ""
