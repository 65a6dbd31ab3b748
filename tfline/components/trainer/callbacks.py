"""What happens between the steps of `fit`: seeds, progress, and the reasons to stop."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.schedules import Plateau
from tfline.metrics.direction import Goal
from tfline.transforms.errors import ModelError, SpecError, did_you_mean

_progress = logging.getLogger("tfline.progress")

PROGRESS_SECONDS = 0.5
"""The least time between two lines of progress."""

Logs = Mapping[str, float]


def current_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """Returns the learning rate of the next update, one number on any number of devices."""
    return float(tf.convert_to_tensor(optimizer.learning_rate))


class EpochNumber(keras.callbacks.Callback):
    """Tells the data which epoch begins: its order follows from that.

    Args:
        epoch: Read by the dataset.
    """

    def __init__(self, epoch: tf.Variable) -> None:
        super().__init__()
        self._epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Sets the number."""
        self._epoch.assign(epoch)


class LearningRate(keras.callbacks.Callback):
    """Shows the learning rate beside the metrics, and lets a plateau change it.

    Args:
        history: The val_loss of each epoch, from which a plateau follows.
        peak: The learning rate of the first epoch.
        plateau: When it falls; None: the optimizer knows itself.
    """

    def __init__(self, history: History, peak: float, plateau: Plateau | None) -> None:
        super().__init__()
        self._history = history
        self._peak = peak
        self._plateau = plateau

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Sets the rate of the epoch, if there is a plateau to look for."""
        if self._plateau is not None:
            factor = self._plateau.factor_after(self._history.metrics.get("val_loss", []))
            self.model.optimizer.learning_rate = self._peak * factor

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Adds the rate at the end of the epoch to its metrics."""
        if logs is not None:
            logs["learning_rate"] = current_rate(self.model.optimizer)


class History(keras.callbacks.Callback):
    """Keeps the metrics of each epoch, those before a resumption included.

    Args:
        metrics: Name to one value an epoch, of the epochs that are done; is added to.
    """

    def __init__(self, metrics: dict[str, list[float]]) -> None:
        super().__init__()
        self.metrics = metrics

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds the metrics of the epoch."""
        for name, value in (logs or {}).items():
            self.metrics.setdefault(name, []).append(value)


def best_epoch(values: Sequence[float], goal: Goal, min_delta: float = 0.0) -> int:
    """Returns the epoch that is the last to be better than all before it.

    Args:
        values: What is looked at, one a epoch.
        goal: Whether it is to be small or large.
        min_delta: How much better it has to be.
    """
    best, found = math.inf, 0
    for epoch, value in enumerate(values):
        error = value if goal == "min" else -value
        if error < best - min_delta:
            best, found = error, epoch
    return found


class EarlyStopping(keras.callbacks.Callback):
    """Stops when what it looks at no longer gets better, and brings back the best weights.

    Unlike Keras's, it reads its state from the history, so that a resumed run stops where the
    uninterrupted one would have.

    Args:
        history: Comes before this one in the list of callbacks.
        patience: How many epochs are borne in which it is no better.
        best_weights: Of the best epoch before a resumption.
        monitor: What it looks at.
        goal: Whether that is to be small or large.
        min_delta: How much better it has to be.
    """

    def __init__(
        self,
        history: History,
        patience: int,
        best_weights: list[np.ndarray] | None = None,
        monitor: str = "val_loss",
        goal: Goal = "min",
        min_delta: float = 0.0,
    ) -> None:
        super().__init__()
        self._history = history
        self._patience = patience
        self._monitor = monitor
        self._goal = goal
        self._min_delta = min_delta
        self.best_weights = best_weights

    @property
    def is_over(self) -> bool:
        """Whether the patience is at its end."""
        values = self._history.metrics.get(self._monitor, [])
        return bool(values) and len(values) - 1 - self._best(values) >= self._patience

    def _best(self, values: Sequence[float]) -> int:
        return best_epoch(values, self._goal, self._min_delta)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keeps the weights if they are the best so far.

        Raises:
            SpecError: There is no such metric.
        """
        if self._monitor not in self._history.metrics:
            raise SpecError(
                f"There is no '{self._monitor}' in the history of the training",
                "train.monitor",
                did_you_mean(self._monitor, self._history.metrics),
            )
        values = self._history.metrics[self._monitor]
        if self._best(values) == len(values) - 1:
            self.best_weights = self.model.get_weights()
        if self.is_over:
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Brings back the best weights."""
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class AveragedWeights(keras.callbacks.Callback):
    """Evaluates the averages of the weights, where the optimizer keeps some: they are exported.

    Keras's SwapEMAWeights swaps by adding and subtracting, which changes the last digits.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[np.ndarray] = []

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Puts the averages in the place of the weights."""
        optimizer = self.model.optimizer
        if getattr(getattr(optimizer, "inner_optimizer", optimizer), "use_ema", False):
            weights = self.model.trainable_variables
            self._kept = [np.asarray(weight.value) for weight in weights]
            optimizer.finalize_variable_values(weights)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Brings back the weights."""
        if self._kept:
            for weight, kept in zip(self.model.trainable_variables, self._kept, strict=True):
                weight.assign(kept)
            self._kept = []


class LastStep(keras.callbacks.Callback):
    """Ends an epoch that has fewer steps than the others.

    Args:
        data: Knows how many steps there are.
    """

    def __init__(self, data: TrainingData) -> None:
        super().__init__()
        self._data = data
        self._is_last_epoch = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Notes whether the epoch is the last."""
        self._is_last_epoch = epoch == self._data.epochs - 1

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Stops at the last step; `batch` is the index of the step just done."""
        step = self._data.first_step + batch + 1
        if self._is_last_epoch and step >= self._data.last_steps:
            self.model.stop_training = True


class StopAtDivergence(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a number: what follows would be wasted."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Checks the mean loss of the epoch so far.

        Raises:
            ModelError: It is infinite or NaN.
        """
        self._check("loss", logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Checks the loss on the eval split.

        Raises:
            ModelError: It is infinite or NaN.
        """
        self._check("val_loss", logs or {})

    def _check(self, name: str, logs: Logs) -> None:
        loss = logs.get(name, 0.0)
        if not math.isfinite(loss):
            rate = current_rate(self.model.optimizer)
            raise ModelError(
                f"The training diverged: the {name} is {loss}",
                where=f"model {self.model.name}, learning_rate {rate:g}",
                hint=f"Try `train: {{learning_rate: {rate / 10:g}}}`; or see whether a feature is "
                "infinite or not a number after its transform.",
            )


class Progress(keras.callbacks.Callback):
    """Logs one line now and then.

    Args:
        data: Knows how many epochs and steps there are.
    """

    def __init__(self, data: TrainingData) -> None:
        super().__init__()
        self._data = data
        self._epoch = 0
        self._last = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Notes the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Logs the loss, if the last line is old enough."""
        now = time.monotonic()
        if now - self._last >= PROGRESS_SECONDS:
            self._last = now
            step = self._data.first_step + batch + 1
            step = min(step, self._data.steps_per_epoch)  # calls are of several steps
            self._log(f"step {step}/{self._data.steps_per_epoch}, ", (logs or {}))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Logs the metrics of the epoch."""
        self._log("", logs or {})

    def _log(self, step: str, logs: Logs) -> None:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in logs.items())
        _progress.info("epoch %d/%d, %s%s", self._epoch + 1, self._data.epochs, step, metrics)
