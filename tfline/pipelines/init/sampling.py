"""A sample of records that is bounded however many there are: in number and in bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from tfline.components.example_gen.example_proto import Value, example_protos
from tfline.components.example_gen.tfrecord import read_records
from tfline.pipelines.init.columns import Column, Sample, as_values
from tfline.transforms.errors import DataError

MOST_RECORDS = 20_000
MOST_BYTES = 100_000_000

Item = TypeVar("Item")


class Thinned(Generic[Item]):
    """Every n-th of the items that are added; n doubles whenever there are too many.

    Attributes:
        seen: How many items were added.
        kept: Those that are kept, in their order.
    """

    def __init__(self, most: int = MOST_RECORDS, most_bytes: int = MOST_BYTES) -> None:
        self.seen = 0
        self.kept: list[Item] = []
        self._sizes: list[int] = []
        self._every = 1
        self._most, self._most_bytes = most, most_bytes
        self._bytes = 0

    def add(self, item: Item, size: int = 0) -> None:
        """Adds an item of so many bytes."""
        if self.seen % self._every == 0:
            self.kept.append(item)
            self._sizes.append(size)
            self._bytes += size
        self.seen += 1
        while len(self.kept) > self._most or (
            self._bytes > self._most_bytes and len(self.kept) > 1
        ):
            self.kept, self._sizes = self.kept[::2], self._sizes[::2]
            self._bytes = sum(self._sizes)
            self._every *= 2


def sample_rows(rows: Iterable[Mapping[str, Value]], most: int = MOST_RECORDS) -> Sample:
    """Returns a sample of the rows of a table."""
    thinned: Thinned[Mapping[str, Value]] = Thinned(most)
    for row in rows:
        thinned.add(row, sum(len(cell) for cell in row.values() if isinstance(cell, str | bytes)))
    return _sample(thinned.kept, thinned.seen)


def sample_records(files: Sequence[str], most: int = MOST_RECORDS) -> Sample:
    """Returns a sample of the tf.Examples of TFRecord files.

    Raises:
        DataError: A file cannot be read, or a record is no tf.Example.
    """
    thinned: Thinned[tuple[str, bytes]] = Thinned(most)
    for file in files:
        for record in read_records(file):
            thinned.add((file, record), len(record))
    return _sample(list(_parsed(thinned.kept)), thinned.seen)


def _parsed(records: Iterable[tuple[str, bytes]]) -> Iterator[dict[str, Value]]:
    from google.protobuf.message import DecodeError

    example = example_protos().Example
    for file, record in records:
        try:
            features = example.FromString(record).features.feature
        except DecodeError as exc:
            raise DataError(
                "A record is no tf.Example", file,
                "tf.SequenceExamples are made tf.Examples by `tfline data convert`.",
            ) from exc  # fmt: skip
        yield {name: _values(features[name]) for name in sorted(features)}


def _values(feature: Any) -> list[Any]:
    kind = feature.WhichOneof("kind")
    return list(getattr(feature, kind).value) if kind else []


def _sample(rows: Sequence[Mapping[str, Value]], records: int) -> Sample:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: Column(name, [as_values(row.get(name)) for row in rows]) for name in names}
    return Sample(records, columns)
