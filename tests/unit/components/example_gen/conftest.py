"""Small TFRecord files for the tests of ExampleGen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import Value, encode_example, example_protos

WriteRecords = Callable[..., Path]


@pytest.fixture
def write_examples(tmp_path: Path) -> WriteRecords:
    """Returns a function that writes features as a TFRecord file of tf.Examples."""

    def write(name: str, rows: Sequence[Mapping[str, Value]], *, compress: bool = False) -> Path:
        path = tmp_path / name
        tfrecord.write_records(path, map(encode_example, rows), compress=compress)
        return path

    return write


@pytest.fixture
def sequence_records() -> list[bytes]:
    """Returns 10 SequenceExamples with a number in the context and two steps."""
    records = []
    for number in range(10):
        sequence = example_protos().SequenceExample()
        sequence.context.feature["id"].int64_list.value.append(number)
        for step in (b"a", b"b"):
            words = sequence.feature_lists.feature_list["words"]
            words.feature.add().bytes_list.value.append(step)
        records.append(sequence.SerializeToString(deterministic=True))
    return records
