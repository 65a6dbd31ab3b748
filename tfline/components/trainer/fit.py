"""The training itself: Keras's `fit` between a saved state and the next."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence

import keras

from tfline.components.trainer.callbacks import (
    AveragedWeights,
    EarlyStopping,
    EpochNumber,
    History,
    LastStep,
    LearningRate,
    Progress,
    StopAtDivergence,
)
from tfline.components.trainer.checkpoints import (
    Checkpoint,
    GoOn,
    TrainingState,
    load_state,
    restore_variables,
)
from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.fine_tuning import FineTuning
from tfline.components.trainer.intervals import Interval
from tfline.components.trainer.schedules import Plateau
from tfline.transforms.errors import ModelError

_progress = logging.getLogger("tfline.progress")

STEPS_PER_EXECUTION = 16
"""Steps that TensorFlow runs before it returns to Python: a small model gains a quarter."""

REPORTS_PER_EPOCH = 20
"""How often an epoch returns to Python at least, to log its progress."""


def steps_per_execution(data: TrainingData) -> int:
    """Returns how many steps to run in one call into TensorFlow.

    A last epoch that is cut short can only end between two calls.
    """
    most = max(1, min(data.steps_per_epoch // REPORTS_PER_EPOCH, STEPS_PER_EXECUTION))
    if data.last_steps == data.steps_per_epoch:
        return most
    return next(n for n in range(most, 0, -1) if data.last_steps % n == 0)


def fit(
    model: keras.Model,
    data: TrainingData,
    config: TrainConfig,
    log_dir: str | None,
    state_dir: str | None,
    phases: Sequence[FineTuning] = (),
) -> dict[str, list[float]]:
    """Trains a compiled model.

    Args:
        model: Changed in place.
        data: What it is trained on.
        config: How it is trained.
        log_dir: For the logs of TensorBoard; None: none are written.
        state_dir: Where the state is saved, and read from at first; None: nowhere.
        phases: Those after the first, in their order.

    Returns:
        The history: name of a metric to its value in each epoch.

    Raises:
        ModelError: The training diverged, the saved state cannot be used, or TensorBoard is not
            installed.
        SpecError: The user's own callback is none.
    """
    state = load_state(state_dir)
    if state.place:
        _progress.info("going on after %s", state.place)
    if state.step:  # the rest of an epoch by itself; what follows begins with its saved end
        _fit_from(state, model, data.rest(state.step), config, log_dir, state_dir, phases)
        state = load_state(state_dir)
    return _fit_from(state, model, data, config, log_dir, state_dir, phases)


def _fit_from(
    state: TrainingState,
    model: keras.Model,
    data: TrainingData,
    config: TrainConfig,
    log_dir: str | None,
    state_dir: str | None,
    phases: Sequence[FineTuning],
) -> dict[str, list[float]]:
    """Trains from a state on: to the end, or to that of the epoch of which `data` is the rest."""
    begun = [phase for phase in phases if (state.epoch, state.step) > (phase.first_epoch, 0)]
    for phase in begun:
        phase.begin()  # just before it, the state is still that of the optimizer of the last one
    if state.step:
        model.evaluate(data.evaluation.take(1), verbose=0)  # makes the variables of the metrics
    restore_variables(model, state)
    history = History(state.history)
    plateau = config.schedule if isinstance(config.schedule, Plateau) else None
    early_stopping = _early_stopping(config, history, state)
    callbacks = _callbacks(data, config, history, early_stopping, log_dir, state_dir)
    if state.step:
        callbacks.insert(0, GoOn(state))
    is_over = early_stopping is not None and early_stopping.is_over
    last = state.epoch if is_over else data.epochs
    if state.step:
        last = state.epoch + 1

    def fit_until(epoch: int, peak_rate: float) -> None:
        model.fit(
            data.train,
            validation_data=data.evaluation,
            initial_epoch=len(history.metrics.get("loss", ())),
            epochs=epoch,
            callbacks=[LearningRate(history, peak_rate, plateau), *callbacks],
            shuffle=False,  # the dataset is shuffled
            verbose=0,
        )

    rate = begun[-1].peak_rate if begun else config.peak_rate
    for phase in phases[len(begun) :]:
        if state.epoch < phase.first_epoch:
            fit_until(min(phase.first_epoch, last), rate)
            if state.step:
                return history.metrics
        phase.begin()
        rate = phase.peak_rate
    fit_until(last, rate)
    return history.metrics


def _early_stopping(
    config: TrainConfig, history: History, state: TrainingState
) -> EarlyStopping | None:
    """Returns what stops the training early, if the spec asks for it."""
    if not config.early_stopping:
        return None
    return EarlyStopping(
        history,
        config.early_stopping,
        list(state.best_weights) or None,
        config.monitor,
        config.goal or "min",
        config.min_delta,
    )


def _callbacks(
    data: TrainingData,
    config: TrainConfig,
    history: History,
    early_stopping: EarlyStopping | None,
    log_dir: str | None,
    state_dir: str | None,
) -> list[keras.callbacks.Callback]:
    """Returns what happens between the steps and epochs, in that order."""
    callbacks = [
        EpochNumber(data.epoch),
        LastStep(data),
        StopAtDivergence(),
        Progress(data),
        AveragedWeights(),
        history,
    ]
    if early_stopping is not None:
        callbacks.append(early_stopping)
    if state_dir is not None:
        interval = Interval.of(config.checkpoints)
        callbacks.append(Checkpoint(state_dir, history, early_stopping, data, interval))
    if config.tensorboard and log_dir is not None:
        callbacks.append(_tensorboard(log_dir))
    return [*callbacks, *(own.make(keras.callbacks.Callback) for own in config.callbacks)]


def _tensorboard(log_dir: str) -> keras.callbacks.Callback:
    if importlib.util.find_spec("tensorboard") is None:
        raise ModelError(
            "TensorBoard is not installed, and TensorFlow needs it to write its logs",
            where="train.tensorboard",
            hint="`pip install tensorboard`, or leave `tensorboard` out.",
        )
    return keras.callbacks.TensorBoard(log_dir, write_graph=False)
