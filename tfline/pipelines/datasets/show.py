"""Records of a TFRecord file as text for people. TensorFlow is not imported."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from tfline.components.example_gen import sniff, tfrecord
from tfline.components.example_gen.example_proto import example_protos
from tfline.pipelines.datasets.logged import describe_log, prediction_log
from tfline.pipelines.datasets.profile import Profile
from tfline.transforms.errors import DataError

_SHOWN_VALUES = 8
_SHOWN_CHARACTERS = 60
_SHOWN_BYTES = 16
_TYPES = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


def show(path: Path, count: int = 5) -> Iterator[str]:
    """Yields the lines that describe the first records of a file.

    Args:
        path: A TFRecord file, compressed with GZIP or not.
        count: How many records to show.

    Yields:
        A heading a record, then ``name: type[length] values`` for each of its features.

    Raises:
        DataError: The file is missing, empty, damaged, or no TFRecord file.
    """
    records = tfrecord.read_records(path)
    for number, record in enumerate(itertools.islice(records, count)):
        yield from describe_record(record, number)


def show_statistics(path: Path) -> Iterator[str]:
    """Yields the lines that say what each feature of all records of a file holds.

    Args:
        path: A TFRecord file, compressed with GZIP or not.

    Raises:
        DataError: The file is missing, empty, damaged, or a record of it is no tf.Example.
    """
    profile = Profile()
    for number, record in enumerate(tfrecord.read_records(path)):
        try:
            parsed = example_protos().SequenceExample.FromString(record)
        except DecodeError as exc:
            raise DataError(
                "The record is not a tf.Example", where=f"{path}, record {number}"
            ) from exc
        row = {name: _plain([feature]) for name, feature in sorted(parsed.context.feature.items())}
        for name, steps in sorted(parsed.feature_lists.feature_list.items()):
            row[name] = _plain(steps.feature)
        profile.add(row, record)
    yield f"{path}: {profile.records:,} records"
    yield from profile.lines()


def _plain(features: Sequence[Any]) -> list[Any]:
    """Returns the values of Feature messages, one after the other."""
    return [
        value
        for feature in features
        if (kind := feature.WhichOneof("kind"))
        for value in getattr(feature, kind).value
    ]


def describe_record(record: bytes, number: int) -> list[str]:
    """Returns the lines that describe one record.

    Args:
        record: A serialized tf.Example, tf.SequenceExample or PredictionLog (what a server has
            written of a request), or any other bytes.
        number: Its position in the file.
    """
    if (log := prediction_log(record)) is not None:
        kind, lines = describe_log(log, _show_example, _show_values)
        return [_heading(number, kind, record), *lines]
    try:
        # On the wire a tf.Example is a SequenceExample without feature lists.
        parsed = example_protos().SequenceExample.FromString(record)
    except DecodeError:
        return [_heading(number, "not a tf.Example", record), f"  {_bytes(record)}"]
    context, lists = parsed.context.feature, parsed.feature_lists.feature_list
    if not lists:
        return [_heading(number, "tf.Example", record), *_features(context, "  ")]
    return [
        _heading(number, "tf.SequenceExample", record),
        *(f"  context {name}: {_feature(context[name])}" for name in sorted(context)),
        *(f"  list {name}: {_feature_list(lists[name].feature)}" for name in sorted(lists)),
    ]


def _features(features: Any, indent: str) -> list[str]:
    """Returns a line for each feature of a tf.Example."""
    return [f"{indent}{name}: {_feature(features[name])}" for name in sorted(features)]


def _show_example(record: bytes) -> list[str]:
    """Returns a line for each feature of a serialized tf.Example in a log."""
    try:
        parsed = example_protos().Example.FromString(record)
    except DecodeError:
        return [f"    {_bytes(record)}"]
    return _features(parsed.features.feature, "    ")


def _show_values(values: Sequence[Any]) -> str:
    return f"[{len(values)}] {_values(values)}".rstrip()


def _heading(number: int, kind: str, record: bytes) -> str:
    """Returns the first line of a record."""
    return f"record {number}: {kind}, {len(record):,} bytes"


def _feature(feature: Any) -> str:
    """Returns a Feature as ``type[length] values``."""
    kind = feature.WhichOneof("kind")
    if kind is None:
        return "no value"
    values = getattr(feature, kind).value
    return f"{_TYPES[kind]}[{len(values)}] {_values(values)}".rstrip()


def _feature_list(features: Sequence[Any]) -> str:
    """Returns the steps of a sequence, each in brackets."""
    shown = ", ".join(f"[{_feature(step)}]" for step in features[:_SHOWN_VALUES])
    more = ", ..." if len(features) > _SHOWN_VALUES else ""
    return f"{len(features)} steps {shown}{more}".rstrip()


def _values(values: Sequence[Any]) -> str:
    """Returns the first values, and how many of all are NaN."""
    shown = ", ".join(_value(value) for value in values[:_SHOWN_VALUES])
    more = ", ..." if len(values) > _SHOWN_VALUES else ""
    nans = sum(isinstance(value, float) and math.isnan(value) for value in values)
    return f"{shown}{more}{f' ({nans} NaN)' if nans else ''}"


def _value(value: Any) -> str:
    """Returns one value; floats with the seven digits that 32 bits hold."""
    if isinstance(value, bytes):
        return _bytes(value)
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else f"{value:.7g}"
    return str(value)


def _bytes(value: bytes) -> str:
    """Returns bytes as the image they are, as text, or as hexadecimal digits; long ones cut."""
    if image := sniff.image_format(value[: sniff.HEAD_BYTES]):
        return f"{image} image, {len(value):,} bytes"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    if text.isprintable() and (text or not value):
        cut = text[:_SHOWN_CHARACTERS]
        return f"{cut!r}" if cut == text else f"{cut!r}... ({len(value):,} bytes)"
    digits = value[:_SHOWN_BYTES].hex(" ")
    return f"{digits}... ({len(value):,} bytes)" if len(value) > _SHOWN_BYTES else digits
