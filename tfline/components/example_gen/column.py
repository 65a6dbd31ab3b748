"""One number a record: what a split rule looks at.

Records are parsed in C++, a batch at a time, for the one feature that is asked for. When that
fails, a slow second look in Python finds the record that is to blame.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.assign import quantile_bins
from tfline.components.example_gen.config import Payload
from tfline.components.example_gen.inspection import RecordFile, open_file, parse_record
from tfline.components.example_gen.reading import record_batches
from tfline.transforms.errors import DataError, did_you_mean

DTYPES = {"bytes_list": tf.string, "float_list": tf.float32, "int64_list": tf.int64}
"""What a list of a feature is parsed as."""
_BUCKETS = 2**63 - 1
MOST_STRATA = 50
"""Of more distinct numbers than this, each is no stratum by itself."""
BINS = 10
"""How many quantile bins stand for numbers of more distinct values."""
_PROBED_RECORDS = 1000
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def record_fingerprints(files: Sequence[RecordFile]) -> NDArray[np.int64]:
    """Returns a fingerprint of the bytes of each record, in order."""
    batches = record_batches(files).map(_fingerprint, num_parallel_calls=tf.data.AUTOTUNE)
    return np.concatenate([batch.numpy() for batch in batches])


def value_fingerprints(
    files: Sequence[RecordFile], payload: Payload, feature: str
) -> NDArray[np.int64]:
    """Returns a fingerprint of the value of `feature` in each record, in order.

    Raises:
        DataError: A record has no value, several, or one of another type than the others.
    """

    def fingerprint(values: tf.Tensor) -> tf.Tensor:
        return _fingerprint(values if values.dtype == tf.string else tf.strings.as_string(values))

    return _read_values(files, payload, feature, in_graph=fingerprint)


def strata(
    files: Sequence[RecordFile], payload: Payload, feature: str, bins: int | None
) -> NDArray[np.int64]:
    """Returns the stratum of each record, in order.

    Args:
        files: The files.
        payload: What their records are.
        feature: Each value of it is a stratum; numbers are put into bins.
        bins: How many quantile bins a number has; None: `BINS` if it has more than `MOST_STRATA`
            distinct values, else each of them is a stratum.

    Raises:
        DataError: A record has no value, several, or one of another type than the others.
    """
    if is_text(files, feature):
        return value_fingerprints(files, payload, feature)
    numbers = _read_values(files, payload, feature)
    distinct, index = np.unique(numbers, return_inverse=True)
    if bins is None and len(distinct) <= MOST_STRATA:
        return index.astype(np.int64)
    return quantile_bins(numbers, bins or BINS)


def is_text(files: Sequence[RecordFile], feature: str) -> bool:
    """Tells whether `feature` holds text in the first record that has it.

    Raises:
        DataError: None of the first records has it.
    """
    return _find_kind(files, feature) == "bytes_list"


def times(files: Sequence[RecordFile], payload: Payload, feature: str) -> NDArray[Any]:
    """Returns the time of each record, in order.

    Args:
        files: The files.
        payload: What their records are.
        feature: A number in any unit, or an ISO 8601 date or time; without an offset it is UTC.

    Returns:
        int64 [records] (microseconds for ISO strings) or float32 [records].

    Raises:
        DataError: A record has no value, several, or one that is no time.
    """
    return _read_values(files, payload, feature, in_numpy=_to_times)


def _fingerprint(strings: tf.Tensor) -> tf.Tensor:
    """Returns FarmHash fingerprints, which are the same on every machine."""
    return tf.strings.to_hash_bucket_fast(strings, _BUCKETS)


def _to_times(values: NDArray[Any]) -> NDArray[Any]:
    """Returns numbers as they are, ISO strings as microseconds since 1970.

    Raises:
        ValueError: A value is no time.
    """
    if values.dtype == np.object_:
        return np.array([_iso_time(value) for value in values], np.int64)
    if np.isnan(values).any():
        raise ValueError("NaN is no time")
    return values


def _iso_time(value: bytes) -> int:
    """Returns the microseconds from 1970 to an ISO 8601 date or time."""
    time = datetime.datetime.fromisoformat(value.decode())
    return ((time if time.tzinfo else time.replace(tzinfo=datetime.UTC)) - _EPOCH) // _MICROSECOND


def _unchanged(values: Any) -> Any:
    """Returns `values`."""
    return values


def _read_values(
    files: Sequence[RecordFile],
    payload: Payload,
    feature: str,
    in_graph: Callable[[tf.Tensor], tf.Tensor] = _unchanged,
    in_numpy: Callable[[NDArray[Any]], NDArray[Any]] = _unchanged,
) -> NDArray[Any]:
    """Returns the one value of `feature` that each record has.

    Args:
        files: The files.
        payload: What their records are.
        feature: The name of a feature; of the context, in a SequenceExample.
        in_graph: Applied to the values of a batch as a tensor.
        in_numpy: Applied then to the values of a batch as an array.
    """
    kind = _find_kind(files, feature)
    ragged = {feature: tf.io.RaggedFeature(DTYPES[kind])}

    def parse(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        parsed = parse_features(batch, ragged, payload)
        return parsed[feature].row_lengths(), in_graph(parsed[feature].values)

    chunks = []
    try:
        for lengths, values in record_batches(files).map(
            parse, num_parallel_calls=tf.data.AUTOTUNE
        ):
            if np.any(lengths.numpy() != 1):
                raise ValueError("A record has no value, or several")
            chunks.append(in_numpy(values.numpy()))
    except (ValueError, tf.errors.InvalidArgumentError) as exc:
        is_time = in_numpy is _to_times
        raise _find_culprit(files, feature, kind, is_time=is_time) or DataError(
            f"Cannot split by `{feature}`: {exc}"
        ) from exc
    return np.concatenate(chunks)


def parse_features(
    batch: tf.Tensor, features: Mapping[str, tf.io.RaggedFeature], payload: Payload
) -> dict[str, tf.RaggedTensor]:
    """Returns features of serialized records, string [batch]; of the context, in a sequence."""
    if payload == "tf_example":
        parsed = tf.io.parse_example(batch, features)
    else:
        parsed, _, _ = tf.io.parse_sequence_example(batch, context_features=features)
    return dict(parsed)


def _find_kind(files: Sequence[RecordFile], feature: str) -> str:
    """Returns the kind of list that holds `feature` in the first record that has it."""
    return feature_kinds(files, [feature], "split", files[0].path)[feature]


def feature_kinds(
    files: Sequence[RecordFile], names: Sequence[str], purpose: str, where: str
) -> dict[str, str]:
    """Returns the kind of list that holds each feature, in the first record that has it.

    Args:
        files: The files.
        names: The features.
        purpose: What they are needed for, in an error: ``split``.
        where: What that error is about.

    Raises:
        DataError: None of the first records of each file has one of them.
    """
    known: set[str] = set()
    kinds: dict[str, str] = {}
    for file in files:
        records = tfrecord.read_records(file.path, open_file)
        for record in itertools.islice(records, _PROBED_RECORDS):
            features = parse_record(record).context.feature
            known.update(features)
            for name in names:
                if name in features and (kind := features[name].WhichOneof("kind")):
                    kinds.setdefault(name, str(kind))
            if len(kinds) == len(set(names)):
                return kinds
    absent = next(name for name in names if name not in kinds)
    raise DataError(
        f"Cannot {purpose} by `{absent}`: no record among the first has this feature.",
        where=where,
        hint=did_you_mean(absent, known),
    )


def _find_culprit(
    files: Sequence[RecordFile], feature: str, kind: str, *, is_time: bool
) -> DataError | None:
    """Returns the error that names the first record by whose `feature` one cannot split."""
    for file in files:
        for number, record in enumerate(tfrecord.read_records(file.path, open_file)):
            if problem := _problem(record, feature, kind, is_time=is_time):
                return DataError(
                    f"Cannot split by `{feature}`: {problem}.",
                    where=f"{file.path}, record {number}",
                    hint="Give every record one value of this feature, or leave such records out.",
                )
    return None


def _problem(record: bytes, feature: str, kind: str, *, is_time: bool) -> str:
    """Returns what is wrong with `feature` in a record; empty if it is good."""
    try:
        features = parse_record(record).context.feature
    except DecodeError:
        return "the record cannot be parsed"
    if feature not in features or not (found := features[feature].WhichOneof("kind")):
        return "the record does not have it"
    if found != kind:
        return f"the record holds it as {found}, others as {kind}"
    values = getattr(features[feature], kind).value
    if len(values) != 1:
        return f"the record has {len(values)} values of it, where one is needed"
    if is_time and kind == "bytes_list":
        try:
            _iso_time(values[0])
        except ValueError:
            return f"{values[0]!r} is no ISO 8601 date or time"
    if is_time and kind == "float_list" and math.isnan(values[0]):
        return "NaN is no time"
    return ""
