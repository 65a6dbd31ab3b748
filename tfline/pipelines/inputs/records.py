"""The tf.Examples of a TFRecord file, read without TensorFlow: for what has to start at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from tfline.components.example_gen.example_proto import example_protos
from tfline.components.example_gen.tfrecord import read_records
from tfline.transforms.condition import Column, holds, names_of
from tfline.transforms.errors import DataError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy_import("numpy")


_LOOKED_AT = 20
"""So many times the records that are wanted are read at most, to find those that are used."""


def first_features(
    path: str | Path, most: int, where: str | None = None
) -> Iterator[Mapping[str, Any]]:
    """Yields the features of the first records of a file that are used.

    Args:
        path: The file.
        most: How many.
        where: A condition that `check_kinds` has passed; None: all records are used.

    Raises:
        DataError: The file cannot be read, or a record of it is no tf.Example.
    """
    if where is None:
        yield from itertools.islice(read_features(path), most)
        return
    looked_at = list(itertools.islice(read_features(path), most * _LOOKED_AT))
    yield from itertools.islice(itertools.compress(looked_at, _used(looked_at, where)), most)


def first_records(path: str | Path, most: int, where: str) -> Iterator[bytes]:
    """Yields the first records of a file that are used, as they are; see `first_features`."""
    looked_at = list(itertools.islice(read_features(path), most * _LOOKED_AT))
    used = itertools.compress(read_records(path), _used(looked_at, where))
    yield from itertools.islice(used, most)


def _used(records: Sequence[Mapping[str, Any]], where: str) -> Iterable[bool]:
    """Tells of each record whether a condition holds."""
    columns = {name: _column(records, name) for name in names_of(where)}
    return holds(where, columns, len(records)).tolist()  # type: ignore[no-any-return]


def _column(records: Sequence[Mapping[str, Any]], name: str) -> Column:
    """Returns the first value of a feature in each record."""
    found = [scalar(record[name]) if name in record else None for record in records]
    known = np.array([value is not None and value == value for value in found])
    if any(isinstance(value, bytes) for value in found):
        texts = [(value or b"").decode(errors="replace") for value in found]
        return Column(np.array(texts), known)
    return Column(np.array([value or 0 for value in found]), known)


def scalar(feature: Any) -> Any:
    """Returns the first value of a feature; None if it has none."""
    kind = feature.WhichOneof("kind")
    return next(iter(getattr(feature, kind).value), None) if kind else None


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
