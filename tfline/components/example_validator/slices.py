"""The slices of the split that is judged, counted before anything is trained.

Too many slices stop an evaluation, and a slice with few records of a class cannot be told anything
about: both are seen in the data, hours before a model is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf
from tensorflow_metadata.proto.v0 import statistics_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import FeatureNameStatistics as FeatureStats

from tfline.components.artifacts.splits import compression
from tfline.components.artifacts.statistics import feature_key
from tfline.components.example_validator.anomaly import Anomaly
from tfline.components.example_validator.config import Slicing
from tfline.metrics.slice_by import Cross
from tfline.metrics.slices import MAX_VALUES, Column, SliceKey, group_rows, too_many_slices
from tfline.transforms.errors import SpecError

_RECORDS = 1 << 16
"""Records that are looked at together."""

_SHOWN = 5
"""Slices that are named."""

_TYPES = {FeatureStats.INT: tf.int64, FeatureStats.FLOAT: tf.float32}

_Columns = Mapping[str, Column]


class _Counts:
    """How many records of each class are in each slice of a cross.

    Attributes:
        cross: What is sliced by.
        classes: The records of each value of the label, by slice; of None, those without one.
    """

    def __init__(self, cross: Cross) -> None:
        self.cross = cross
        self.classes: dict[SliceKey, Counter[object]] = {}

    @property
    def name(self) -> str:
        return " x ".join(by.name for by in self.cross)

    def add(self, columns: _Columns, labels: Column | None, records: int) -> None:
        """Counts a block of records.

        Raises:
            SpecError: There are more slices than anyone could read.
            DataError: Buckets or a formula are made of text.
        """
        of_record = np.full(records, None, object)
        if labels is not None:
            of_record[labels.rows] = labels.values
        for key, rows in group_rows(self.cross, columns, records):
            self.classes.setdefault(key, Counter()).update(of_record[rows])
        if len(self.classes) > MAX_VALUES:
            counted = sum(classes.total() for classes in self.classes.values())
            raise too_many_slices(self.cross, len(self.classes), counted)


def slice_anomalies(
    split: str,
    files: Sequence[str],
    dataset: statistics_pb2.DatasetFeatureStatistics,
    slicing: Slicing,
) -> list[Anomaly]:
    """Returns what is wrong with the slices of a split.

    Args:
        split: Its name.
        files: Its TFRecord files, plain or gzip.
        dataset: Its statistics, which know the type of each raw feature.
        slicing: What it is sliced by.

    Raises:
        DataError: Buckets or a formula are made of text.
    """
    counts = [_Counts(cross) for cross in slicing.slices]
    keys = {key for cross in slicing.slices for by in cross for key in by.keys}
    types = {
        feature_key(stats): _TYPES.get(stats.type, tf.string)
        for stats in dataset.features
        if feature_key(stats) in {*keys, slicing.label}
    }
    for missing in keys - types.keys():  # no record has it: an anomaly of its own
        types[missing] = tf.string
    found: dict[str, Anomaly] = {}
    for columns, records in _blocks(files, types):
        for of_cross in counts:
            if of_cross.name in found:
                continue
            try:
                of_cross.add(columns, columns.get(slicing.label), records)
            except SpecError as exc:
                found[of_cross.name] = Anomaly(split, "", exc.message, hint=exc.hint)
    for of_cross in counts:
        if of_cross.name not in found and (text := _few(of_cross, slicing)):
            found[of_cross.name] = Anomaly(split, "", text, "warning")
    return list(found.values())


def _blocks(files: Sequence[str], types: Mapping[str, tf.DType]) -> Iterator[tuple[_Columns, int]]:
    """Yields the raw features of many records, with the number of records."""
    parsers = {key: tf.io.VarLenFeature(dtype) for key, dtype in types.items()}
    for file in files:
        for serialized in tf.data.TFRecordDataset(file, compression(file)).batch(_RECORDS):
            parsed = tf.io.parse_example(serialized, parsers)
            columns = {
                key: Column(values.indices[:, 0].numpy(), values.values.numpy())
                for key, values in parsed.items()
            }
            yield columns, len(serialized)


def _few(counts: _Counts, slicing: Slicing) -> str:
    """Returns which slices have few records of one of two classes, in words; empty if none has."""
    total = sum(counts.classes.values(), Counter())
    known = [value for value in total if value is not None]
    if len(known) != 2:
        return ""
    few = {}
    for key, classes in counts.classes.items():
        rare = min(known, key=lambda value: classes[value])
        if classes.total() >= slicing.min_slice_size and classes[rare] < slicing.min_class_size:
            few[key] = f"{_value(key)} ({classes[rare]:,} of class {_plain(rare)})"
    if not few:
        return ""
    named = ", ".join(list(few.values())[:_SHOWN])
    more = f" and {len(few) - _SHOWN:,} more" if len(few) > _SHOWN else ""
    return (
        f"{len(few):,} of {len(counts.classes):,} slices by {counts.name} have fewer than "
        f"{slicing.min_class_size:,} records of a class, so that recall, AUC and the like cannot "
        f"be told there: {named}{more}"
    )


def _value(key: SliceKey) -> str:
    return ", ".join(str(value) for _, value in key)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return repr(value.decode("utf-8", errors="replace"))
    return str(value)
