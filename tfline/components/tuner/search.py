"""The search: KerasTuner proposes values, a training judges them, until the trials are done.

KerasTuner's oracles are asked directly; its tuners would build, fit and save models in a way of
their own. The oracle keeps its state in a folder, so that a search that is killed goes on there.
"""

from __future__ import annotations

import dataclasses
import itertools
import logging
import os
import shutil
from collections.abc import Mapping
from typing import Any, Protocol

import keras_tuner
from keras_tuner.src.engine.oracle import Oracle
from keras_tuner.src.tuners.bayesian import BayesianOptimizationOracle
from keras_tuner.src.tuners.hyperband import HyperbandOracle
from keras_tuner.src.tuners.randomsearch import RandomSearchOracle

from tfline.components.tuner.config import Range, TuneConfig
from tfline.transforms.errors import SpecError, did_you_mean

_progress = logging.getLogger("tfline.progress")

_OWN = "tuner/"
"""How the names of Hyperband's own values begin."""

_ME = "tfline"
"""The only worker of the search."""


class Train(Protocol):
    """A training with some values."""

    def __call__(
        self, values: Mapping[str, Any], epochs: int, folder: str
    ) -> dict[str, list[float]]:
        """Trains up to so many epochs, from the state in `folder` if there is one.

        Returns:
            The history: name of a metric to its value in each epoch.
        """


@dataclasses.dataclass(frozen=True)
class Found:
    """A finished trial.

    Attributes:
        values: Setting to value.
        score: What the objective came to.
        epochs: How many there were.
    """

    values: dict[str, Any]
    score: float
    epochs: int


def search(config: TuneConfig, epochs: int, folder: str, train: Train) -> list[Found]:
    """Runs all trials that are still to be run.

    Args:
        config: What is searched, and how.
        epochs: Of a trial.
        folder: The state of the search; goes on with what is there.
        train: Judges values.

    Returns:
        The trials, the best first.

    Raises:
        SpecError: The objective is not in the history of a training.
    """
    oracle = make_oracle(config, epochs)
    oracle.verbose = 0
    oracle._set_project_dir(folder, "oracle")  # noqa: SLF001 - as KerasTuner's own tuners do
    if os.path.exists(oracle._get_oracle_fname()):  # noqa: SLF001
        oracle.reload()
    while (trial := oracle.create_trial(_ME)).status != "STOPPED":
        raw = trial.hyperparameters.values
        values, until = decode(config, raw), int(raw.get(f"{_OWN}epochs", epochs))
        _say(oracle, values)
        state = os.path.join(folder, trial.trial_id)
        promoted = raw.get(f"{_OWN}trial_id")
        if promoted and not os.path.exists(state):  # Hyperband goes on with an earlier trial
            shutil.copytree(os.path.join(folder, promoted), state)
        history = train(values, until, state)
        oracle.update_trial(trial.trial_id, {config.objective: _score(config, history)}, until)
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    return ranked(config, epochs, oracle)


class _Grid(Oracle):
    """Tries every combination. KerasTuner's own grid forgets its order when it is loaded again."""

    def __init__(self, config: TuneConfig, **arguments: Any) -> None:
        choices = (range(len(values)) for values in config.listed.values())
        self._grid = list(itertools.product(*choices))
        super().__init__(max_trials=len(self._grid), **arguments)

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Returns the status and the values of a new trial."""
        del trial_id
        if len(self.start_order) == len(self._grid):
            return {"status": "STOPPED", "values": None}
        names = [parameter.name for parameter in self.hyperparameters.space]
        values = self._grid[len(self.start_order)]
        return {"status": "RUNNING", "values": dict(zip(names, values, strict=True))}


def make_oracle(config: TuneConfig, epochs: int) -> Oracle:
    """Returns what proposes the values of each trial."""
    space = keras_tuner.HyperParameters()
    searched = config.listed if config.search == "grid" else config.over
    for key, values in searched.items():
        if not isinstance(values, Range):
            space.Choice(key, list(range(len(values))))  # values may be lists: their numbers
        elif values.is_integer:
            space.Int(key, int(values.min), int(values.max), sampling=values.scale)
        else:
            space.Float(key, float(values.min), float(values.max), sampling=values.scale)
    arguments = {
        "objective": keras_tuner.Objective(config.objective, config.direction),
        "hyperparameters": space,
        "seed": config.seed,
    }
    if config.search == "grid":
        return _Grid(config, **arguments)
    if config.search == "hyperband":
        return HyperbandOracle(max_epochs=epochs, **arguments)
    if config.search == "bayesian":
        return BayesianOptimizationOracle(max_trials=config.trials, **arguments)
    return RandomSearchOracle(max_trials=config.trials, **arguments)


def decode(config: TuneConfig, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a trial: those that the numbers of choices stand for."""
    decoded = {}
    searched = config.listed if config.search == "grid" else config.over
    for key, values in searched.items():
        decoded[key] = raw[key] if isinstance(values, Range) else values[int(raw[key])]
    return decoded


def ranked(config: TuneConfig, epochs: int, oracle: Oracle) -> list[Found]:
    """Returns the finished trials, the best first; among equals the one of more epochs."""
    done = [trial for trial in oracle.trials.values() if trial.status == "COMPLETED"]
    sign = 1 if config.direction == "min" else -1
    found = [
        Found(
            decode(config, trial.hyperparameters.values),
            float(trial.score),
            int(trial.hyperparameters.values.get(f"{_OWN}epochs", epochs)),
        )
        for trial in done
    ]
    return sorted(found, key=lambda trial: (sign * trial.score, -trial.epochs))


def _score(config: TuneConfig, history: Mapping[str, list[float]]) -> float:
    """Returns the best value of the objective in the epochs of a training."""
    if config.objective not in history:
        raise SpecError(
            f"The objective '{config.objective}' is not in the history of a training",
            "tune.objective",
            did_you_mean(config.objective, history),
        )
    return float(
        min(history[config.objective])
        if config.direction == "min"
        else max(history[config.objective])
    )


def _say(oracle: Oracle, values: Mapping[str, Any]) -> None:
    total = f" of {oracle.max_trials}" if isinstance(oracle.max_trials, int) else ""
    words = ", ".join(
        f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in values.items()
    )
    _progress.info("trial %d%s: %s", len(oracle.trials), total, words)
