"""Intervals in an exported model: calibrated on the eval split, and part of every answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.conformal.bounds import Bounds, Outputs, find_bounds
from tfline.components.trainer.conformal.config import IntervalsConfig
from tfline.components.trainer.conformal.quantile import quantiles_by_group
from tfline.components.trainer.splits import read_records
from tfline.components.trainer.transform_graph import Columns, TransformGraph
from tfline.metrics.arrays import Array, Floats
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead
from tfline.transforms.errors import DataError, ModelError

_RECORDS = 1024


class Intervals:
    """What is possible beside an answer.

    Args:
        bounds: The kind of score.
        quantiles: float64 [1 + groups, numbers], those of all records first.
        by: The raw feature that tells the group; None: there are none.
        groups: Its values.
    """

    def __init__(
        self, bounds: Bounds, quantiles: Floats, by: str | None, groups: Sequence[str | int]
    ) -> None:
        self._bounds = bounds
        self.quantiles = quantiles.astype(np.float32)
        self._by = by
        self.groups = list(groups)

    def beside(self, answer: Outputs, columns: Columns) -> Outputs:
        """Returns what is possible beside answers; see `Bounds.within`.

        Args:
            answer: As the task gives it, [batch, ...].
            columns: The raw features.
        """
        quantiles = tf.constant(self.quantiles)
        if self._by is None or not self.groups:
            return self._bounds.within(answer, quantiles[:1])
        values = first_values(columns[self._by])  # [batch]
        known = tf.constant(self.groups, values.dtype)  # [groups]
        same = tf.cast(tf.equal(values[:, tf.newaxis], known), tf.int32)
        places = tf.reduce_sum(same * tf.range(1, len(self.groups) + 1), axis=1)  # 0: none of them
        return self._bounds.within(answer, tf.gather(quantiles, places))


def check_group(config: IntervalsConfig, graph: TransformGraph) -> None:
    """Sees, before the training, that records can be grouped.

    Raises:
        ModelError: The feature is no text and no integer.
    """
    if config.by is not None and graph.columns[config.by].is_floating:
        raise ModelError(
            f"'{config.by}' is a decimal number, of which there are too many values",
            where="intervals.by",
            hint="Name a text or an integer, or leave `by` out.",
        )


def calibrate(
    model: keras.Model,
    graph: TransformGraph,
    head: Head,
    config: IntervalsConfig,
    files: Sequence[str],
) -> Intervals:
    """Measures how far a trained model is off on records that it was not trained on.

    Args:
        model: Trained.
        graph: Makes its features.
        head: What it predicts.
        config: What is asked for.
        files: Patterns of the files of the eval split.

    Raises:
        DataError: There are too few records.
    """
    bounds = find_bounds(head)
    parts = _measured(_measure(model, graph, head, bounds, config.by), files)
    scores, weights = np.concatenate(parts[0]), np.concatenate(parts[1])
    groups = np.concatenate(parts[2]) if config.by is not None else None
    quantiles, values = quantiles_by_group(scores.astype(np.float64), weights, config.level, groups)
    if not np.isfinite(quantiles).all():
        least = int(np.ceil(config.level / (1 - config.level)))
        raise DataError(
            f"Intervals of {config.level:g} need at least {least:,} eval records with a label. "
            f"Received: {len(scores):,}",
            where="intervals",
            hint="Give the eval split more records, or choose a lower level.",
        )
    return Intervals(bounds, quantiles, config.by, values)


Measure = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]]


def _measure(
    model: keras.Model, graph: TransformGraph, head: Head, bounds: Bounds, by: str | None
) -> Measure:
    """Returns what makes scores, weights, groups and whether there is a label, of tf.Examples."""
    levels = head.link.levels if isinstance(head, RegressionHead) else ()

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])
    def measure(examples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        columns = graph.parse(examples, [*graph.columns])
        y = head.restore(model(graph.transform(columns), training=False))
        answer = graph.task.answer(y, graph.metadata, None, levels)
        label = graph.label(examples)
        label = label[:, -1] if graph.metadata.steps > 1 else label
        known = graph.known(examples)[0]
        usable = tf.where(known, label, 0) if label.dtype.is_integer else label
        weight = tf.ones_like(known, tf.float32)
        if graph.metadata.weight is not None:
            weight = graph.weight(examples)
        group = tf.zeros_like(weight) if by is None else first_values(columns[by])
        return bounds.scores(answer, usable), weight, group, known

    made: Measure = measure
    return made


def _measured(
    measure: Measure, files: Sequence[str]
) -> tuple[list[Array], list[Array], list[Array]]:
    """Returns scores, weights and groups of all records with a label, in parts."""
    paths = sorted(file for pattern in files for file in tf.io.gfile.glob(pattern))
    found: tuple[list[Array], list[Array], list[Array]] = ([], [], [])
    for examples in read_records(tf.constant(paths)).batch(_RECORDS):
        *parts, known = (part.numpy() for part in measure(examples))
        for kept, part in zip(found, parts, strict=True):
            kept.append(part[known])
    return found


def first_values(column: tf.SparseTensor) -> tf.Tensor:
    """Returns the first value of each record, [batch]; empty or 0 where there is none."""
    wide = tf.sparse.reset_shape(
        column, tf.stack([column.dense_shape[0], tf.maximum(column.dense_shape[1], 1)])
    )
    return tf.sparse.to_dense(wide)[:, 0]
