"""k-fold cross-validation of a model on the train split, with the Trainer's own code.

Transform's statistics are those of the whole split, the fold that is held out included: they see
its features, never its label.
"""

from __future__ import annotations

import dataclasses
import logging
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.data import make_data
from tfline.components.trainer.devices import repeatable
from tfline.components.trainer.folds import (
    RANDOM,
    Division,
    Indices,
    Rule,
    divide,
    inner_split,
)
from tfline.components.trainer.hyperparameters import with_values
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.measuring import Measure, measured
from tfline.components.trainer.models import WATCHING
from tfline.components.trainer.naive.errors import naive_errors
from tfline.components.trainer.raw_values import raw_values
from tfline.components.trainer.run_fn import prepare_model
from tfline.components.trainer.schedules import Plateau
from tfline.components.trainer.sources import Source, load_rows
from tfline.components.trainer.splits import Split, survey
from tfline.components.trainer.training import train_model
from tfline.components.trainer.transform_graph import Batch, TransformGraph
from tfline.components.trainer.weights import check_weights
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import DataError
from tfline.transforms.iso8601 import as_times

_progress = logging.getLogger("tfline.progress")


@dataclasses.dataclass(frozen=True)
class FoldedMetric:
    """A metric on each fold that was held out.

    Attributes:
        name: Of the metric.
        values: One a fold.
        trained: The same on what was trained on.
    """

    name: str
    values: tuple[float, ...]
    trained: tuple[float, ...] = ()

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


class Choose(Protocol):
    """Chooses settings by trainings on a training fold alone: see `tfline cv --nested`."""

    def __call__(self, train: Train) -> Mapping[str, Any]:
        """Returns setting to value.

        Args:
            train: Of values and a number of epochs, the history of a training on a part of the
                training fold, judged by the rest of it.
        """


class Train(Protocol):
    """A training of the Tuner."""

    def __call__(
        self, values: Mapping[str, Any], epochs: int, folder: str
    ) -> dict[str, list[float]]:
        """Returns the history: name of a metric to its value in each epoch."""


def cross_validate(
    config: RunConfig,
    transform_graph: str,
    files: Sequence[str],
    folds: int,
    dividing: Dividing | None = None,
    metrics: Sequence[str] = (),
    threshold: float = 0.5,
    weight: str | None = None,
    share: float = 1.0,
    choose: Choose | None = None,
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
        share: Of each training fold, how much is trained on: of one by time the latest examples,
            else chosen by chance, and among those of any larger share.
        choose: Chooses settings anew in each training fold; None: they are those of `config`.

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
    naive = naive_errors(graph, graph.head, files)
    scale: float | np.ndarray | None = naive.overall
    if naive.overall and naive.series:
        scale = naive.of_each(raw_values(split, graph, naive.series))
    division = _division(split, graph, dividing or Dividing())
    labels, seed = _labels(rows, graph), config.train.seed
    found: dict[str, list[tuple[float, float]]] = {}
    for number, (whole, held_out) in enumerate(divide(labels, division, folds, seed), 1):
        _progress.info("fold %d of %d", number, folds)
        part = _part_of(whole, division, share, seed)
        fold = _Fold(rows, split, graph, labels, division, part)
        settings = config if choose is None else with_values(config, choose(fold.trial(config)))
        measure = Measure(metrics, threshold, weights, scale)
        for name, both in fold.evaluated(settings, held_out, measure).items():
            found.setdefault(name, []).append(both)
    names = sorted(found, key=lambda name: name != "loss")  # the loss first
    return [
        FoldedMetric(name, tuple(held for held, _ in found[name]), tuple(t for _, t in found[name]))
        for name in names
    ]


def _part_of(train: Indices, division: Division, share: float, seed: int) -> Indices:
    """Returns a share of the examples to train on."""
    count = max(1, round(share * len(train)))
    if share == 1:
        return train
    if division.by == "time" and division.values is not None:
        order = np.argsort(division.values[train], kind="stable")
        return np.sort(train[order[-count:]])
    return np.sort(np.random.default_rng(seed).permutation(train)[:count])


@dataclasses.dataclass(frozen=True, eq=False)
class _Fold:
    """What a model is trained on in one fold.

    Attributes:
        rows: All examples of the train split.
        split: That split.
        graph: Its transform graph.
        labels: See `divide`.
        division: What divides them.
        train: Those to train on.
    """

    rows: Batch
    split: Split
    graph: TransformGraph
    labels: np.ndarray
    division: Division
    train: Indices

    def trial(self, config: RunConfig) -> Train:
        """Returns a training on a part of the fold, which the rest of it judges."""

        def train(values: Mapping[str, Any], epochs: int, folder: str) -> dict[str, list[float]]:
            tried = with_values(config, values)
            update = {"epochs": epochs, "steps": None, "tensorboard": False}
            tried = tried.model_copy(update={"train": tried.train.model_copy(update=update)})
            inner, chosen = inner_split(self.labels, self.division, self.train, tried.train.seed)
            with repeatable(tried.train.deterministic):
                return self._trained(tried, inner, chosen, folder)[0]

        return train

    def evaluated(
        self, config: RunConfig, held_out: Indices, measure: Measure
    ) -> dict[str, tuple[float, float]]:
        """Trains a model; returns what it reaches on what is held out, and on what it has seen."""
        train, chosen = self.train, held_out
        if _watches(config):
            train, chosen = inner_split(self.labels, self.division, train, config.train.seed)
        with repeatable(config.train.deterministic):
            _, model, head = self._trained(config, train, chosen)
            reached = [
                measured(
                    config, self.graph, model, head, self._part(part, "eval"), measure.of(part)
                )
                for part in (held_out, self.train)
            ]
        return {name: (value, reached[1][name]) for name, value in reached[0].items()}

    def _trained(
        self, config: RunConfig, train: Indices, judged: Indices, state_dir: str | None = None
    ) -> tuple[dict[str, list[float]], keras.Model, Head]:
        keras.utils.set_random_seed(config.train.seed + 1)
        data = make_data(self._part(train), self._part(judged, "eval"), self.graph, config.train)
        head = with_link(self.graph.head, config.train.loss)
        model = prepare_model(config, self.graph, head, data)
        settings = config.train.model_copy(update={"tensorboard": False})
        history = train_model(model, head, data, settings, state_dir=state_dir).history
        return history, model, head

    def _part(self, indices: Indices, name: str = "train") -> Source:
        """Returns the examples of `indices` as a split of its own."""
        count = len(indices)
        part = dataclasses.replace(self.split, name=name, records=count, labelled=count)
        return Source(part, tf.nest.map_structure(lambda x: tf.gather(x, indices), self.rows))


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
