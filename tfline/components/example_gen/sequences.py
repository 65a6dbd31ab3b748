"""tf.SequenceExamples as tf.Examples: a feature list becomes a feature with all steps' values.

Transforms of sequences and of token lists take such features as they are, and so do the serving
signatures, which parse tf.Examples. A step without a value keeps its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import (
    Scalar,
    Value,
    encode_example,
    example_protos,
)
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
        DataError: A record is no SequenceExample, a feature list has the name of a feature of
            the context, or a step lacks a value that nothing can stand for.
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
    context = {
        name: _values([feature], f"{where}, feature {name}")
        for name, feature in sequence.context.feature.items()
    }
    return context | {
        name: _values(steps.feature, f"{where}, feature list {name}")
        for name, steps in lists.items()
    }


def _values(features: Sequence[Any], where: str) -> Value:
    """Returns the values of Feature messages, one after the other; None if there is none.

    A step without a value keeps its place, so that the lists of a record stay in step: NaN among
    floats, an empty text among bytes, once for each value that a step has.

    Raises:
        DataError: There is nothing that can stand for a missing value.
    """
    steps = [_step(feature) for feature in features]
    filled = [(kind, values) for kind, values in steps if values]
    if not filled:
        return None
    if len({kind for kind, _ in filled}) > 1:
        raise DataError(
            "Its steps hold values of different types.",
            where=where,
            hint="Write all steps of a feature list as floats, as integers or as bytes.",
        )
    if len(filled) < len(steps):
        width, gap = {len(values) for _, values in filled}, _GAPS.get(filled[0][0])
        if gap is None or len(width) > 1:
            problem = "integers" if gap is None else "steps of different lengths"
            raise DataError(
                f"A step has no value, and nothing can stand for it among {problem}.",
                where=where,
                hint="Write floats, for which NaN is a missing value, or give each step a value.",
            )
        missing: list[Scalar] = [gap] * width.pop()
        steps = [(kind, values or missing) for kind, values in steps]
    return [value for _, values in steps for value in values]


_GAPS: dict[str, float | bytes] = {"float_list": math.nan, "bytes_list": b""}
"""What stands for a missing value."""


def _step(feature: Any) -> tuple[str, list[Scalar]]:
    """Returns the kind of a Feature message, empty if it has none, and its values."""
    kind = feature.WhichOneof("kind")
    return (kind, list(getattr(feature, kind).value)) if kind else ("", [])
