"""k-fold cross-validation of a model on the train split, with the Trainer's own code.

Transform's statistics are those of the whole split, the fold that is held out included: they see
its features, never its label.
"""

from __future__ import annotations

import dataclasses
import logging
import statistics
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf
from sklearn.model_selection import KFold, StratifiedKFold

from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.data import TrainingData, make_data
from tfline.components.trainer.devices import repeatable
from tfline.components.trainer.fine_tuning import find_fine_tuning
from tfline.components.trainer.fit import fit
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.report import best_epoch
from tfline.components.trainer.run_fn import prepare_model
from tfline.components.trainer.sources import Source, load_rows
from tfline.components.trainer.splits import Split, survey
from tfline.components.trainer.transform_graph import Batch, TransformGraph
from tfline.components.trainer.weights import check_weights
from tfline.transforms.errors import DataError

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


def cross_validate(
    config: RunConfig, transform_graph: str, files: Sequence[str], folds: int
) -> list[FoldedMetric]:
    """Trains a model `folds` times, each time without one fold, on which it is then evaluated.

    Args:
        config: Which model, and how it is trained.
        transform_graph: A TransformGraph artifact.
        files: Patterns of the files of the train split, which is read into memory.
        folds: How many there are; stratified by class where there are classes.

    Returns:
        The loss and each metric; with early stopping, those of the best epoch.

    Raises:
        DataError: There are too few examples, or too few of a class.
    """
    graph = TransformGraph(transform_graph)
    split = survey("train", files, graph)
    check_weights(split, graph)
    rows = load_rows(split, graph)
    found: dict[str, list[float]] = {}
    with repeatable(config.train.deterministic):
        for number, (train, held_out) in enumerate(fold(rows, graph, folds, config.train.seed), 1):
            _progress.info("fold %d of %d", number, folds)
            keras.utils.set_random_seed(config.train.seed + 1)
            parts = _part(rows, split, train), _part(rows, split, held_out, "eval")
            data = make_data(*parts, graph, config.train)
            for name, value in _evaluated(config, graph, data).items():
                found.setdefault(name, []).append(value)
    names = sorted(found, key=lambda name: name != "loss")  # the loss first
    return [FoldedMetric(name, tuple(found[name])) for name in names]


def fold(
    rows: Batch, graph: TransformGraph, folds: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the indices of the examples to train on, and of those that are held out.

    Raises:
        DataError: There are too few examples, or too few of a class.
    """
    labels = rows[1].numpy()
    stratified = graph.metadata.task in ("binary", "multiclass")
    least = int(np.unique(labels, return_counts=True)[1].min()) if stratified else len(labels)
    if least < folds:
        what = "of a class" if stratified else "in the train split"
        raise DataError(
            f"{folds} folds need {folds} examples {what} at least. Received: {least}",
            hint="Ask for fewer folds.",
        )
    kind = StratifiedKFold if stratified else KFold
    yield from kind(folds, shuffle=True, random_state=seed).split(np.zeros(len(labels)), labels)


def _part(rows: Batch, split: Split, indices: np.ndarray, name: str = "train") -> Source:
    """Returns the examples of `indices` as a split of its own."""
    part = dataclasses.replace(split, name=name, records=len(indices), labelled=len(indices))
    return Source(part, tf.nest.map_structure(lambda x: tf.gather(x, indices), rows))


def _evaluated(config: RunConfig, graph: TransformGraph, data: TrainingData) -> dict[str, float]:
    """Trains a model; returns what it reaches on what is held out."""
    head = with_link(graph.head, config.train.loss)
    model = prepare_model(config, graph, head, data)
    train = config.train.model_copy(update={"tensorboard": False})
    second = find_fine_tuning(model, head, train, data)
    history = fit(model, data, train, log_dir="", state_dir=None, fine_tuning=second)
    epoch = best_epoch(history) if train.early_stopping else -1
    prefix = "val_"
    return {
        name.removeprefix(prefix): values[epoch]
        for name, values in history.items()
        if name.startswith(prefix)
    }
