"""The first records of the eval split, as a client would send them."""

from __future__ import annotations

import tensorflow as tf
from tfx.types import artifact

from tfline.components.artifacts.splits import compression, split_files
from tfline.transforms.errors import DataError

_SPLIT = "eval"


def first_records(examples: list[artifact.Artifact], count: int) -> list[bytes]:
    """Returns the first `count` serialized tf.Examples of the eval split, or all if it has fewer.

    Raises:
        DataError: The split is empty.
    """
    records: list[bytes] = []
    for file in split_files(examples, _SPLIT):
        dataset = tf.data.TFRecordDataset(file, compression(file))
        records += dataset.take(count - len(records)).as_numpy_iterator()
    if not records:
        raise DataError("The eval split has no records", ", ".join(item.uri for item in examples))
    return records
