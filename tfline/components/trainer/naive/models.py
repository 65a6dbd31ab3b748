"""The naive models of a label, as one SavedModel whose outputs are their predictions."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.naive.least_squares import (
    Linear,
    column_features,
    columns_of,
    fit_linear,
)
from tfline.components.trainer.naive.seasons import (
    LONGEST_SEASON,
    Repeated,
    find_repeated,
    last_values,
    repeat,
)
from tfline.components.trainer.splits import read_records
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.tasks.heads.head import ONE_OF_SEVERAL, Head
from tfline.tasks.heads.numbers import RegressionHead

_logger = logging.getLogger(__name__)

FAMILIES = ("binary", "multiclass", "ordinal", "multilabel", "regression", "forecast")
"""The labels that there are naive models of."""

FIT_RECORDS = 50_000
"""So many examples tell a linear model."""

SEASON_RECORDS = 5_000
"""So many series tell what repeats."""


class NaiveModels(tf.Module):
    """Predicts by what a trained model has to beat.

    Args:
        graph: Makes the features.
        head: What is predicted.
        linear: Fitted; its mean is the constant.
        repeated: Name to forecast that repeats.
    """

    def __init__(
        self,
        graph: TransformGraph,
        head: Head,
        linear: Linear,
        repeated: dict[str, Repeated],
    ) -> None:
        super().__init__()
        self._graph = graph
        self._head = head
        self._weights = tf.constant(linear.weights, tf.float32)
        self._bias = tf.constant(linear.bias, tf.float32)
        self._mean = tf.constant(linear.mean, tf.float32)
        self._features = column_features(graph.features)
        self._repeated = repeated

    def predict(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the predictions of each naive model for tf.Examples, string [batch].

        Returns:
            By the names of `OUTPUTS`: probabilities [batch, classes], of class 1 [batch] if there
            are two; or numbers [batch], of several [batch, size].
        """
        keys = dict.fromkeys([*self._graph.columns, *(r.key for r in self._repeated.values())])
        columns = self._graph.parse(examples, [*keys])
        rows = tf.size(examples)
        found = {"constant": self._shaped(tf.tile(self._mean[tf.newaxis], [rows, 1]))}
        if self._features:
            inputs = self._graph.transform({key: columns[key] for key in self._graph.columns})
            x = columns_of(inputs, self._features)
            found["linear"] = self._shaped(tf.matmul(x, self._weights) + self._bias)
        for name, forecast in self._repeated.items():
            values = last_values(columns[forecast.key], forecast.season)
            filled = tf.where(tf.math.is_finite(values), values, self._restored(self._mean)[0])
            found[name] = repeat(filled, forecast.season, self._head.size)
        return found

    def _shaped(self, y: tf.Tensor) -> tf.Tensor:
        """Returns outputs [batch, n] as they are compared with a label."""
        if isinstance(self._head, RegressionHead):
            numbers = self._restored(y)
            return (
                numbers[:, 0]
                if self._head.task == "regression" and self._head.size == 1
                else numbers
            )
        y = tf.clip_by_value(y, 0.0, 1.0)
        if self._head.task == "binary":
            return y[:, 0]
        if self._head.task in ONE_OF_SEVERAL:
            y += 1e-6
            return y / tf.reduce_sum(y, axis=1, keepdims=True)
        return y

    def _restored(self, y: tf.Tensor) -> tf.Tensor:
        if isinstance(self._head, RegressionHead):
            return self._head.scale.restored(y)
        return y


def write_naive(
    folder: str,
    graph: TransformGraph,
    head: Head,
    data: TrainingData,
    files: Any,
    config: TrainConfig,
) -> None:
    """Fits the naive models of a label to the train split, and writes them.

    Records count by their weight, never by their class: the models are measured so, too.

    Args:
        folder: A new folder of a SavedModel. Nothing is written for a label that has none.
        graph: Makes the features.
        head: What is predicted.
        data: What the model was trained on.
        files: Patterns of the files of the train split.
        config: Has the size of a batch.
    """
    if head.task not in FAMILIES:
        return
    linear = fit_linear(_numbers(graph, head, data, config))
    repeated = _repeated(*some_series(graph, head, files)) if head.task == "forecast" else {}
    naive = NaiveModels(graph, head, linear, repeated)
    examples = tf.TensorSpec([None], tf.string, name="examples")
    predict = tf.function(naive.predict, autograph=False, input_signature=[examples])
    tf.saved_model.save(naive, folder, signatures={"serving_default": predict})


def _numbers(
    graph: TransformGraph, head: Head, data: TrainingData, config: TrainConfig
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yields batches of columns [batch, columns], outputs [batch, outputs] and weights [batch]."""
    features = column_features(graph.features)
    steps = math.ceil(FIT_RECORDS / config.batch_size)
    for batch in data.plain.take(min(steps, data.steps_per_epoch)):
        x, y = batch[0], batch[1]
        rows = int(tf.shape(y)[0])
        weights = batch[2].numpy() if len(batch) == 3 else np.ones(rows)
        columns = columns_of(x, features).numpy() if features else np.zeros([rows, 0])
        yield columns.astype(np.float64), _outputs(y, head), weights.astype(np.float64)


def _outputs(y: tf.Tensor, head: Head) -> np.ndarray:
    """Returns what a linear model predicts, float64 [batch, outputs]."""
    values: np.ndarray = y.numpy()
    if head.task in ONE_OF_SEVERAL:
        values = np.eye(len(head.classes))[values]
    elif head.steps > 1:
        values = values[:, -1]
    return values.astype(np.float64).reshape(len(values), -1)


def some_series(
    graph: TransformGraph, head: Head, files: Any
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Returns some of the raw series of the train split, by name, and what follows them."""
    keys = [
        key
        for key, dtype in graph.columns.items()
        if dtype != tf.string and graph.value_count(key).high != 1
    ]
    paths = sorted(file for pattern in files for file in tf.io.gfile.glob(pattern))
    examples = next(iter(read_records(tf.constant(paths)).batch(SEASON_RECORDS)))
    label = graph.label(examples).numpy()
    label = label[:, -1] if head.steps > 1 else label
    columns = graph.parse(examples, keys)
    longest = {key: min(int(columns[key].dense_shape[1]), LONGEST_SEASON) for key in keys}
    series = {key: last_values(columns[key], size).numpy() for key, size in longest.items() if size}
    return series, label


def _repeated(series: Mapping[str, np.ndarray], label: np.ndarray) -> dict[str, Repeated]:
    """Returns the forecasts that repeat, by name; empty if no raw feature is a series."""
    plain, seasonal = find_repeated(series, label)
    found = {"persistence": plain, "seasonal": seasonal}
    return {name: forecast for name, forecast in found.items() if forecast is not None}
