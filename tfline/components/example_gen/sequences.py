"""tf.SequenceExamples as tf.Examples: a feature list becomes a feature with all steps' values.

Transforms of sequences and of token lists take such features as they are, and so do the serving
signatures, which parse tf.Examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import Value, encode_example, example_protos
from tfline.transforms.errors import DataError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")


def read_sequences(paths: Sequence[Path]) -> Iterator[dict[str, Value]]:
    """Yields the features of SequenceExamples: those of the context, and the feature lists.

    Args:
        paths: TFRecord files, compressed with gzip or not.

    Yields:
        The values by feature; None for a feature without a value.

    Raises:
        DataError: A file is missing or damaged, a record is no SequenceExample, or a feature list
            has the name of a feature of the context.
    """
    for path in paths:
        for number, record in enumerate(tfrecord.read_records(path)):
            yield _features(record, f"{path}, record {number}")


def flatten_files(folder: str) -> None:
    """Puts tf.Examples in place of the SequenceExamples in a folder of verified TFRecord files.

    Args:
        folder: Its compressed files end in ``.gz``.

    Raises:
        DataError: A record is no SequenceExample, or a feature list has the name of a feature of
            the context.
    """
    for path in sorted(tf.io.gfile.glob(f"{folder}/*")):
        compression = "GZIP" if path.endswith(".gz") else ""
        records = tf.data.TFRecordDataset(path, compression).as_numpy_iterator()
        staged = f"{path}.part"
        with tf.io.TFRecordWriter(staged, compression) as writer:
            for number, record in enumerate(records):
                writer.write(encode_example(_features(record, f"{path}, record {number}")))
        tf.io.gfile.rename(staged, path, overwrite=True)


def _features(record: bytes, where: str) -> dict[str, Value]:
    try:
        sequence = example_protos().SequenceExample.FromString(record)
    except DecodeError as exc:
        raise DataError("The record is no tf.SequenceExample.", where=where) from exc
    lists = sequence.feature_lists.feature_list
    both = sorted(set(lists) & set(sequence.context.feature))
    if both:
        raise DataError(
            f"'{both[0]}' is a feature list and a feature of the context, too.",
            where=where,
            hint="Give one of them another name.",
        )
    context = {name: _values([feature]) for name, feature in sequence.context.feature.items()}
    return context | {name: _values(steps.feature) for name, steps in lists.items()}


def _values(features: Sequence[Any]) -> Value:
    """Returns the values of Feature messages, one after the other; None if there is none."""
    values = [
        value
        for feature in features
        if (kind := feature.WhichOneof("kind"))
        for value in getattr(feature, kind).value
    ]
    return values or None
