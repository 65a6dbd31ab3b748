"""The state of a training, on disk, so that a killed run can be resumed: after an epoch, or in one.

Keras's BackupAndRestore keeps neither the history nor the best weights of early stopping, so that
a resumed run could end with another result. Here one file holds all of it, and is replaced in one
step.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import time
import zipfile
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.callbacks import EarlyStopping, History, Logs
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.intervals import Interval
from tfline.transforms.errors import ModelError

FILE_NAME = "state.npz"


@dataclasses.dataclass(frozen=True)
class TrainingState:
    """All that the rest of a training depends on.

    Attributes:
        epoch: The number of epochs that are done.
        history: Name of a metric to its value in each of them.
        variables: Of the model (weights, statistics, seeds of its dropout) and its optimizer.
        best_weights: Those of early stopping; empty without.
        step: How many steps of the epoch after these are done, too.
        metrics: What the metrics have gathered in these steps; empty without.
    """

    epoch: int = 0
    history: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    variables: tuple[np.ndarray, ...] = ()
    best_weights: tuple[np.ndarray, ...] = ()
    step: int = 0
    metrics: tuple[np.ndarray, ...] = ()

    @property
    def place(self) -> str:
        """Where the training goes on, in words; empty at its beginning."""
        within = f"step {self.step:,} of epoch {self.epoch + 1:,}"
        after = f"epoch {self.epoch:,}" if self.epoch else ""
        return within if self.step else after


def save_state(folder: str, state: TrainingState) -> None:
    """Replaces the state in `folder` by `state`, in one step."""
    content = io.BytesIO()
    header = json.dumps({"epoch": state.epoch, "history": state.history, "step": state.step})
    arrays: dict[str, Any] = {
        **{f"variable_{i}": array for i, array in enumerate(state.variables)},
        **{f"best_{i}": array for i, array in enumerate(state.best_weights)},
        **{f"metric_{i}": array for i, array in enumerate(state.metrics)},
    }
    np.savez(content, header=np.array(header), **arrays)
    tf.io.gfile.makedirs(folder)
    path = os.path.join(folder, FILE_NAME)
    with tf.io.gfile.GFile(f"{path}.partial", "wb") as file:
        file.write(content.getvalue())
    tf.io.gfile.rename(f"{path}.partial", path, overwrite=True)


def load_state(folder: str | None) -> TrainingState:
    """Returns the state in `folder`, or that before the first epoch.

    Raises:
        ModelError: The file is damaged.
    """
    path = os.path.join(folder or "", FILE_NAME)
    if folder is None or not tf.io.gfile.exists(path):
        return TrainingState()
    with tf.io.gfile.GFile(path, "rb") as file:
        content = io.BytesIO(file.read())
    try:
        arrays = np.load(content)
        header = json.loads(str(arrays["header"]))
        return TrainingState(
            header["epoch"],
            header["history"],
            _numbered(arrays, "variable_"),
            _numbered(arrays, "best_"),
            header["step"],
            _numbered(arrays, "metric_"),
        )
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as exc:
        raise ModelError(
            f"The saved state of the training is damaged: {exc}",
            where=path,
            hint="Delete the file to train from the first epoch.",
        ) from exc


def restore_variables(model: keras.Model, state: TrainingState) -> None:
    """Gives a compiled model and its optimizer the variables of `state`, if it has some.

    Raises:
        ModelError: They are those of another model.
    """
    with model.distribute_strategy.scope():
        model.optimizer.build(model.trainable_variables)
    if not state.variables:
        return
    variables = _variables(model)
    if [tuple(v.shape) for v in variables] != [array.shape for array in state.variables]:
        raise ModelError(
            f"The saved state of the training is that of another model than '{model.name}'",
            hint="Delete the folder of the state to train from the first epoch.",
        )
    for variable, array in zip(variables, state.variables, strict=True):
        variable.assign(array)


class Checkpoint(keras.callbacks.Callback):
    """Saves the state after each epoch, and now and then within one.

    Args:
        folder: Where to.
        history: Comes before this one in the list of callbacks.
        early_stopping: Likewise, if there is one.
        data: Knows how many steps an epoch has, and with which one the first begins.
        interval: How much training lies between two states within an epoch.
    """

    def __init__(
        self,
        folder: str,
        history: History,
        early_stopping: EarlyStopping | None,
        data: TrainingData,
        interval: Interval,
    ) -> None:
        super().__init__()
        self._folder = folder
        self._history = history
        self._early_stopping = early_stopping
        self._data = data
        self._interval = interval
        self._epoch = 0
        self._step = 0
        self._time = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Begins to count."""
        self._epoch = epoch
        self._step = self._data.first_step
        self._time = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Saves the state if that is due; `batch` is the index of the step just done."""
        step = self._data.first_step + batch + 1
        is_last = step >= self._data.steps_in(self._epoch)  # the epoch's end has its own state
        passed = time.monotonic() - self._time
        if not is_last and self._interval.is_over(step - self._step, passed):
            self._save(self._epoch, step)
            self._step, self._time = step, time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Saves the state."""
        self._save(epoch + 1, 0)

    def _save(self, epoch: int, step: int) -> None:
        best = self._early_stopping.best_weights if self._early_stopping else None
        state = TrainingState(
            epoch,
            self._history.metrics,
            _values(_variables(self.model)),
            tuple(best or ()),
            step,
            _values(_metric_variables(self.model)) if step else (),
        )
        save_state(self._folder, state)


class GoOn(keras.callbacks.Callback):
    """Goes on with what the metrics had gathered when an epoch was interrupted.

    Args:
        state: Of an epoch that is not finished.
    """

    def __init__(self, state: TrainingState) -> None:
        super().__init__()
        self._state = state

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Puts the metrics back: Keras has just emptied them."""
        variables = _metric_variables(self.model)
        for variable, array in zip(variables, self._state.metrics, strict=True):
            variable.assign(array)


def _metric_variables(model: keras.Model) -> list[keras.Variable]:
    return [variable for metric in model.metrics for variable in metric.variables]


def _values(variables: Sequence[keras.Variable]) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(variable.value) for variable in variables)


def _variables(model: keras.Model) -> list[keras.Variable]:
    """Returns the variables of a model and its optimizer, without those of the metrics."""
    metrics = {id(variable) for variable in _metric_variables(model)}
    own = [variable for variable in model.variables if id(variable) not in metrics]
    return [*own, *model.optimizer.variables]


def _numbered(arrays: np.lib.npyio.NpzFile, prefix: str) -> tuple[np.ndarray, ...]:
    count = sum(name.startswith(prefix) for name in arrays.files)
    return tuple(arrays[f"{prefix}{i}"] for i in range(count))
