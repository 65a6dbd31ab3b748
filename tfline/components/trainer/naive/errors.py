"""What the errors of a forecast are compared with: how far a series moves in one step."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import tensorflow as tf

from tfline.components.artifacts.naive import NaiveErrors, series_name
from tfline.components.trainer.naive.models import some_series
from tfline.components.trainer.naive.seasons import forecast_key, last_values
from tfline.components.trainer.splits import read_records
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import DataError

_BATCH = 4096


def naive_errors(graph: TransformGraph, head: Head, files: Any) -> NaiveErrors:
    """Returns the mean absolute errors of the naive forecast one step ahead in the train split.

    Args:
        graph: Reads the label.
        head: What is predicted.
        files: Patterns of the files of the train split. Some records tell of one series; all are
            read if there are several.

    Raises:
        DataError: A record does not say of which series it is.
    """
    if head.task != "forecast":
        return NaiveErrors()
    series, labels = some_series(graph, head, files)
    key = forecast_key(series, labels, graph.metadata.label)
    name = graph.metadata.series
    if key is None:
        return NaiveErrors(series=name)
    if name is None:
        change = np.abs(series[key][:, -1] - labels[:, 0])
        return NaiveErrors(float(np.nanmean(change)) or None)
    sums: dict[str, float] = collections.defaultdict(float)
    counts: dict[str, int] = collections.defaultdict(int)
    paths = tf.constant(sorted(file for pattern in files for file in tf.io.gfile.glob(pattern)))
    for examples in read_records(paths).batch(_BATCH):
        names = np.array([_name(record, name) for record in examples.numpy()])
        first = graph.label(examples).numpy()
        first = first[:, -1, 0] if head.steps > 1 else first[:, 0]
        last = last_values(graph.parse(examples, [key])[key], 1).numpy()[:, 0]
        change = np.abs(last - first)
        for one in np.unique(names):
            found = change[(names == one) & np.isfinite(change)]
            sums[one] += float(found.sum())
            counts[one] += len(found)
    overall = sum(sums.values()) / max(sum(counts.values()), 1)
    of_series = {one: sums[one] / counts[one] for one in sums if sums[one] > 0}
    return NaiveErrors(overall or None, name, of_series)


def _name(record: bytes, key: str) -> str:
    """Returns the name of the series of a record."""
    feature = tf.train.Example.FromString(record).features.feature[key]
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value if kind else ()
    if not values:
        raise DataError(
            f"A record of the train split has no `{key}`",
            where=f"feature {key}",
            hint="Give each record the name of its series, or leave `series` out of the label.",
        )
    return series_name(values[0])
