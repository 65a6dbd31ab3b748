"""The tf.Examples of a TFRecord file, read without TensorFlow: for what has to start at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from tfline.components.example_gen.example_proto import example_protos
from tfline.components.example_gen.tfrecord import read_records
from tfline.transforms.errors import DataError


def read_features(path: str | Path) -> Iterator[Mapping[str, Any]]:
    """Yields the features of each record: raw name to `tf.train.Feature`.

    Raises:
        DataError: The file cannot be read, or a record of it is no tf.Example.
    """
    example = example_protos().Example
    for number, record in enumerate(read_records(path)):
        try:
            features: Mapping[str, Any] = example.FromString(record).features.feature
        except DecodeError as exc:
            raise DataError(
                "The record is not a tf.Example",
                f"{path}, record {number}",
                "Write each record as a serialized tf.train.Example.",
            ) from exc
        yield features
