"""A forest is grown, some trees at a time, so that a kill loses few of them."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
import ydf

from tfline.components.trainer.models.trees.columns import LABEL, WEIGHT, Table
from tfline.transforms.errors import ModelError, SpecError

_progress = logging.getLogger("tfline.progress")

STATE = "forest.zip"
"""The file of an unfinished forest."""

_PARTS = 20
"""In so many parts a forest is grown; after each it is kept, and progress is told."""

LEARNERS = {
    "boosted_trees": ydf.GradientBoostedTreesLearner,
    "random_forest": ydf.RandomForestLearner,
}
"""YDF's learner of each model."""


class Grower:
    """Grows forests by one of YDF's learners.

    Args:
        kind: A name of `LEARNERS`.
        options: Arguments of the learner.
        features: Its columns, with their constraints.
        task: What is predicted.

    Attributes:
        options: Those that are given.
        resumed: After how many trees an interrupted training went on; 0: it was not.

    Raises:
        SpecError: The learner refuses an argument.
    """

    def __init__(
        self, kind: str, options: Mapping[str, Any], features: Sequence[ydf.Column], task: ydf.Task
    ) -> None:
        self._kind = kind
        self.options = {key: value for key, value in options.items() if value is not None}
        self._features = [*features]
        self._task = task
        self.resumed = 0
        self.learner(self.options["num_trees"])

    @property
    def is_boosted(self) -> bool:
        """Whether each tree mends what those before it leave over: only those go on growing."""
        return self._kind == "boosted_trees"

    def learner(self, trees: int, **arguments: Any) -> ydf.GenericLearner:
        """Returns a learner of so many trees.

        Raises:
            SpecError: It refuses an argument.
        """
        given = {**self.options, **arguments, "num_trees": trees}
        try:
            return LEARNERS[self._kind](
                label=LABEL, task=self._task, features=self._features, **given
            )
        except ValueError as exc:
            raise SpecError(f"YDF refuses the arguments of {self._kind}: {exc}", "model") from exc

    def grow(
        self,
        data_spec: Any,
        train: Table,
        evaluation: Table,
        seed: int,
        loss: str | None,
        state_dir: str | None,
    ) -> Any:
        """Returns a grown forest.

        Args:
            data_spec: What YDF has to know of the columns.
            train: The train split, with label and perhaps weight.
            evaluation: The eval split.
            seed: Of whatever is drawn at random.
            loss: YDF's name of the loss; None: that of the task.
            state_dir: Where an unfinished forest is kept; None: nowhere.

        Raises:
            ModelError: YDF failed.
        """
        fixed: dict[str, Any] = {"data_spec": data_spec}
        if WEIGHT in train:
            fixed["weights"] = WEIGHT
        if loss is not None:
            fixed["loss"] = loss
        total = self.options["num_trees"]
        level = ydf.verbose(0)
        try:
            if not self.is_boosted:
                _progress.info("%d trees", total)
                return self.learner(total, random_seed=seed, **fixed).train(train)
            return self._grow_in_parts(fixed, train, evaluation, seed, state_dir)
        except ValueError as exc:
            raise ModelError(f"YDF could not grow the forest: {exc}", where=self._kind) from exc
        finally:
            ydf.verbose(level)

    def _grow_in_parts(
        self,
        fixed: Mapping[str, Any],
        train: Table,
        evaluation: Table,
        seed: int,
        state_dir: str | None,
    ) -> Any:
        """Returns a forest that was grown part by part.

        The parts are the same whether the training is killed between them or not, and so is the
        forest. Each part draws by a seed of its own.
        """
        total = self.options["num_trees"]
        step = max(1, total // _PARTS)
        with tempfile.TemporaryDirectory() as scratch:
            self.resumed = load_forest(state_dir, scratch)
            for trees in range(self.resumed + step, total + step, step):
                trees = min(trees, total)
                model = self.learner(
                    trees,
                    random_seed=seed + trees,
                    working_dir=scratch,
                    resume_training=True,
                    **fixed,
                ).train(train, valid=evaluation)
                grown = model.training_logs()[-1]
                _progress.info(
                    "tree %d/%d, loss %.4g, val_loss %.4g",
                    grown.iteration,
                    total,
                    grown.training_evaluation.loss,
                    grown.evaluation.loss,
                )
                if grown.iteration < trees:  # stopped: it got no better
                    break
                if state_dir is not None and trees < total:
                    save_forest(scratch, state_dir, trees)
        return model


def save_forest(folder: str, state_dir: str, trees: int) -> None:
    """Keeps an unfinished forest of so many trees, in one step."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.comment = str(trees).encode()
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    tf.io.gfile.makedirs(state_dir)
    target = os.path.join(state_dir, STATE)
    with tf.io.gfile.GFile(f"{target}.partial", "wb") as file:
        file.write(content.getvalue())
    tf.io.gfile.rename(f"{target}.partial", target, overwrite=True)


def load_forest(state_dir: str | None, folder: str) -> int:
    """Brings back an unfinished forest.

    Returns:
        How many trees it has; 0: there is none.

    Raises:
        ModelError: The file is damaged.
    """
    path = os.path.join(state_dir or "", STATE)
    if state_dir is None or not tf.io.gfile.exists(path):
        return 0
    with tf.io.gfile.GFile(path, "rb") as file:
        content = io.BytesIO(file.read())
    try:
        with zipfile.ZipFile(content) as archive:
            archive.extractall(folder)
            trees = int(archive.comment)
    except (ValueError, OSError, zipfile.BadZipFile) as exc:
        raise ModelError(
            f"The saved state of the training is damaged: {exc}",
            where=path,
            hint="Delete the file to grow the forest from its first tree.",
        ) from exc
    _progress.info("goes on after tree %d", trees)
    return trees
