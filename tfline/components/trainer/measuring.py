"""What a trained model reaches on some records, by the metrics of the gate."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.data import evaluation_dataset
from tfline.components.trainer.folds import Indices
from tfline.components.trainer.sources import Source
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.metrics.statistic import Decision
from tfline.metrics.table import METRICS
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead


@dataclasses.dataclass(frozen=True, eq=False)
class Measure:
    """What is measured of a trained model.

    Attributes:
        metrics: Names of `METRICS`; empty: those of the training.
        threshold: From which probability on a record is of a class.
        weights: How much each record counts, float64 [n]; None: all the same.
        naive_error: What errors of a forecast are compared with, of each record's series, float64
            [n], or of all; None: not known.
    """

    metrics: Sequence[str]
    threshold: float
    weights: np.ndarray | None
    naive_error: float | np.ndarray | None

    def of(self, records: Indices) -> Measure:
        """Returns what is measured of some of the records."""
        weights = None if self.weights is None else self.weights[records]
        naive = self.naive_error
        naive = naive[records] if isinstance(naive, np.ndarray) else naive
        return dataclasses.replace(self, weights=weights, naive_error=naive)


def measured(
    config: RunConfig,
    graph: TransformGraph,
    model: keras.Model,
    head: Head,
    records: Source,
    measure: Measure,
) -> dict[str, float]:
    """Returns what a trained model reaches on some records.

    Args:
        config: How it was trained.
        graph: What its features are made by.
        model: Trained and compiled.
        head: What it predicts.
        records: What it is measured on.
        measure: What is measured.
    """
    batches = evaluation_dataset(records, graph, config.train)
    reached: dict[str, float] = model.evaluate(batches, return_dict=True, verbose=0)
    if not measure.metrics or not graph.task.has_mean:
        return reached
    labels, predictions = _predicted(model, head, batches)
    decision = Decision(len(head.classes), measure.threshold, measure.naive_error)
    column = None if measure.weights is None else measure.weights[:, None]
    values = {}
    for name in measure.metrics:
        metric = METRICS[name]
        weights = column if metric.statistic.is_weighted else None
        kept = metric.statistic.of(labels, predictions, decision, weights)
        value = metric.compute(head.task, kept)[0]
        if np.ndim(value) == 0:  # others have a value for each class
            values[name] = float(value)
    return {"loss": reached["loss"], **values}


def _predicted(
    model: keras.Model, head: Head, batches: tf.data.Dataset
) -> tuple[np.ndarray, np.ndarray]:
    """Returns labels and predictions as `tfline.metrics.statistic` has them."""
    found = []
    for batch in batches:
        y = model(batch[0], training=False)
        label = batch[1]
        if isinstance(head, RegressionHead):
            label, y = head.scale.restored(label), head.predicted(y)
            if head.steps > 1:
                label, y = label[:, -1], y[:, -1]
        found.append((label.numpy(), y.numpy()))
    labels, predictions = (np.concatenate(part) for part in zip(*found, strict=True))
    is_flat = head.task == "binary" or (head.task == "regression" and head.size == 1)
    return labels, predictions[:, 0] if is_flat else predictions
