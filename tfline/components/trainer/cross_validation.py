"""k-fold cross-validation of a model on the train split, with the Trainer's own code.

Transform's statistics are those of the whole split, the fold that is held out included: they see
its features, never its label.
"""

from __future__ import annotations

import dataclasses
import logging
import statistics
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.data import TrainingData, evaluation_dataset, make_data
from tfline.components.trainer.devices import repeatable
from tfline.components.trainer.folds import RANDOM, Division, Rule, divide, inner_split
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.models import WATCHING
from tfline.components.trainer.naive.models import naive_error
from tfline.components.trainer.raw_values import raw_values
from tfline.components.trainer.run_fn import prepare_model
from tfline.components.trainer.schedules import Plateau
from tfline.components.trainer.sources import Source, load_rows
from tfline.components.trainer.splits import Split, survey
from tfline.components.trainer.training import train_model
from tfline.components.trainer.transform_graph import Batch, TransformGraph
from tfline.components.trainer.weights import check_weights
from tfline.metrics.statistic import Decision
from tfline.metrics.table import METRICS
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead
from tfline.transforms.errors import DataError
from tfline.transforms.iso8601 import as_times

_progress = logging.getLogger("tfline.progress")


@dataclasses.dataclass(frozen=True)
class FoldedMetric:
    """A metric on each fold that was held out.

    Attributes:
        name: Of the metric.
        values: One a fold.
    """

    name: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean over the folds."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """The standard deviation between the folds (of a sample: over k - 1)."""
        return statistics.stdev(self.values)


@dataclasses.dataclass(frozen=True)
class Dividing:
    """How the examples of a train split are divided into folds; see `folds.Division`.

    Attributes:
        by: ``random``, ``group`` or ``time``.
        feature: The raw feature that holds the group or the time.
        until: The raw feature that says when a record ends.
        embargo: Between training and what is held out, in the unit of the time.
    """

    by: Rule = "random"
    feature: str | None = None
    until: str | None = None
    embargo: float = 0.0


def cross_validate(
    config: RunConfig,
    transform_graph: str,
    files: Sequence[str],
    folds: int,
    dividing: Dividing | None = None,
    metrics: Sequence[str] = (),
    threshold: float = 0.5,
    weight: str | None = None,
) -> list[FoldedMetric]:
    """Trains a model `folds` times, each time without one fold, on which it is then evaluated.

    With early stopping, which boosted trees have too, or a rate that falls with the val_loss, a
    part of the training fold decides on the end: what is held out is seen once, after it.

    Args:
        config: Which model, and how it is trained.
        transform_graph: A TransformGraph artifact.
        files: Patterns of the files of the train split, which is read into memory.
        folds: How many there are.
        dividing: What divides the examples; None: chance, by class where there are classes.
        metrics: Names of `METRICS`; empty, and for a text, a box or a mask: those of the training.
        threshold: From which probability on a record is of a class.
        weight: The raw feature that says how much a record counts in the metrics; None: all the
            same.

    Returns:
        The loss and each metric.

    Raises:
        DataError: There are too few examples, groups or times, or too few of a class; or a weight
            is missing, or below 0.
    """
    graph = TransformGraph(transform_graph)
    split = survey("train", files, graph)
    check_weights(split, graph)
    rows = load_rows(split, graph)
    weights = None if weight is None else _weights(split, graph, weight)
    scale = naive_error(graph, graph.head, files)
    division = _division(split, graph, dividing or Dividing())
    labels, seed = _labels(rows, graph), config.train.seed
    found: dict[str, list[float]] = {}
    with repeatable(config.train.deterministic):
        for number, (train, held_out) in enumerate(divide(labels, division, folds, seed), 1):
            _progress.info("fold %d of %d", number, folds)
            keras.utils.set_random_seed(seed + 1)
            held = _part(rows, split, held_out, "eval")
            chosen = held
            if _watches(config):
                train, inner = inner_split(labels, division, train, seed)
                chosen = _part(rows, split, inner, "eval")
            data = make_data(_part(rows, split, train), chosen, graph, config.train)
            measure = Measure(
                metrics, threshold, None if weights is None else weights[held_out], scale
            )
            for name, value in _evaluated(config, graph, data, held, measure).items():
                found.setdefault(name, []).append(value)
    names = sorted(found, key=lambda name: name != "loss")  # the loss first
    return [FoldedMetric(name, tuple(found[name])) for name in names]


def _watches(config: RunConfig) -> bool:
    """Tells whether what is evaluated after each round changes the training."""
    train = config.train
    by_epoch = train.early_stopping or isinstance(train.schedule, Plateau)
    return bool(by_epoch) or config.model.name in WATCHING


def _labels(rows: Batch, graph: TransformGraph) -> np.ndarray:
    """Returns the class of each example; of another label what is no class."""
    labels: np.ndarray = rows[1].numpy()
    return labels if graph.task.one_class else np.zeros(len(labels))


def _division(split: Split, graph: TransformGraph, dividing: Dividing) -> Division:
    if dividing.feature is None:
        return RANDOM
    values = raw_values(split, graph, dividing.feature)
    ends = None if dividing.until is None else raw_values(split, graph, dividing.until)
    if dividing.by == "time":
        values, ends = as_times(values), None if ends is None else as_times(ends)
    return Division(dividing.by, values, ends, dividing.embargo)


def _weights(split: Split, graph: TransformGraph, key: str) -> np.ndarray:
    """Returns how much each example counts, float64 [n]."""
    weights: np.ndarray = raw_values(split, graph, key).astype(np.float64)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise DataError(
            f"The weight '{key}' is below 0, NaN or infinite in some records",
            where=f"feature {key}",
            hint="Give each record a weight of 0 or more.",
        )
    return weights


def _part(rows: Batch, split: Split, indices: np.ndarray, name: str = "train") -> Source:
    """Returns the examples of `indices` as a split of its own."""
    part = dataclasses.replace(split, name=name, records=len(indices), labelled=len(indices))
    return Source(part, tf.nest.map_structure(lambda x: tf.gather(x, indices), rows))


@dataclasses.dataclass(frozen=True, eq=False)
class Measure:
    """What is measured of a fold that is held out.

    Attributes:
        metrics: Names of `METRICS`; empty: those of the training.
        threshold: From which probability on a record is of a class.
        weights: How much each of its records counts, float64 [n]; None: all the same.
        naive_error: What errors of a forecast are compared with; None: not known.
    """

    metrics: Sequence[str]
    threshold: float
    weights: np.ndarray | None
    naive_error: float | None


def _evaluated(
    config: RunConfig, graph: TransformGraph, data: TrainingData, held_out: Source, measure: Measure
) -> dict[str, float]:
    """Trains a model; returns what it reaches on what is held out."""
    head = with_link(graph.head, config.train.loss)
    model = prepare_model(config, graph, head, data)
    train = config.train.model_copy(update={"tensorboard": False})
    train_model(model, head, data, train)
    batches = evaluation_dataset(held_out, graph, train)
    reached: dict[str, float] = model.evaluate(batches, return_dict=True, verbose=0)
    if not measure.metrics or not graph.task.has_mean:
        return reached
    labels, predictions = _predicted(model, head, batches)
    decision = Decision(len(head.classes), measure.threshold, measure.naive_error)
    column = None if measure.weights is None else measure.weights[:, None]
    measured = {}
    for name in measure.metrics:
        metric = METRICS[name]
        weights = column if metric.statistic.is_weighted else None
        kept = metric.statistic.of(labels, predictions, decision, weights)
        value = metric.compute(head.task, kept)[0]
        if np.ndim(value) == 0:  # others have a value for each class
            measured[name] = float(value)
    return {"loss": reached["loss"], **measured}


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
