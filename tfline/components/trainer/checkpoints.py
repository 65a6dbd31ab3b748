"""The state of a training after each epoch, on disk, so that a killed run can be resumed.

Keras's BackupAndRestore keeps neither the history nor the best weights of early stopping, so that
a resumed run could end with another result. Here one file holds all of it, and is replaced in one
step.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import zipfile
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.callbacks import EarlyStopping, History, Logs
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
    """

    epoch: int = 0
    history: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    variables: tuple[np.ndarray, ...] = ()
    best_weights: tuple[np.ndarray, ...] = ()


def save_state(folder: str, state: TrainingState) -> None:
    """Replaces the state in `folder` by `state`, in one step."""
    content = io.BytesIO()
    header = json.dumps({"epoch": state.epoch, "history": state.history})
    arrays: dict[str, Any] = {
        **{f"variable_{i}": array for i, array in enumerate(state.variables)},
        **{f"best_{i}": array for i, array in enumerate(state.best_weights)},
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
    """Saves the state after each epoch.

    Args:
        folder: Where to.
        history: Comes before this one in the list of callbacks.
        early_stopping: Likewise, if there is one.
    """

    def __init__(self, folder: str, history: History, early_stopping: EarlyStopping | None) -> None:
        super().__init__()
        self._folder = folder
        self._history = history
        self._early_stopping = early_stopping

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Saves the state."""
        best = self._early_stopping.best_weights if self._early_stopping else None
        variables = tuple(np.asarray(variable.value) for variable in _variables(self.model))
        state = TrainingState(epoch + 1, self._history.metrics, variables, tuple(best or ()))
        save_state(self._folder, state)


def _variables(model: keras.Model) -> list[keras.Variable]:
    """Returns the variables of a model and its optimizer, without those of the metrics."""
    metrics = {id(variable) for metric in model.metrics for variable in metric.variables}
    own = [variable for variable in model.variables if id(variable) not in metrics]
    return [*own, *model.optimizer.variables]


def _numbered(arrays: np.lib.npyio.NpzFile, prefix: str) -> tuple[np.ndarray, ...]:
    count = sum(name.startswith(prefix) for name in arrays.files)
    return tuple(arrays[f"{prefix}{i}"] for i in range(count))
