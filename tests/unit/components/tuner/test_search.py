"""The search finds the best, stops where it should, and goes on after a kill."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tfline.components.tuner.config import TuneConfig
from tfline.components.tuner.search import search
from tfline.transforms.errors import SpecError

OVER = {
    "train.learning_rate": {"min": 1e-4, "max": 1.0, "scale": "log"},
    "train.batch_size": {"min": 1, "max": 64},
    "model.hidden_units": [[64], [32, 16]],
}
EPOCHS = 6


class Recorded:
    """A training that takes no time: the closer the rate to 0.01, the better.

    Attributes:
        calls: Values, epochs, and whether there was a state to go on with.
        dies_at: The number of the call that is interrupted.
    """

    def __init__(self, dies_at: int | None = None) -> None:
        self.calls: list[tuple[dict[str, Any], int, bool]] = []
        self.dies_at = dies_at

    def __call__(
        self, values: Mapping[str, Any], epochs: int, folder: str
    ) -> dict[str, list[float]]:
        self.calls.append((dict(values), epochs, os.path.exists(folder)))
        os.makedirs(folder, exist_ok=True)
        if len(self.calls) == self.dies_at:
            raise KeyboardInterrupt
        distance = abs(values["train.learning_rate"] - 0.01)
        layers = len(values["model.hidden_units"])
        return {"loss": [0.0], "val_loss": [9.0, distance + layers + 1 / epochs]}


def config(**settings: Any) -> TuneConfig:
    return TuneConfig.model_validate({"over": OVER, **settings})


@pytest.mark.parametrize("kind", ["random", "bayesian", "hyperband"])
def test_best_of_the_trials_comes_first(tmp_path: Path, kind: str) -> None:
    train = Recorded()
    found = search(config(search=kind, trials=8), EPOCHS, str(tmp_path), train)
    assert found[0].score == min(trial.score for trial in found)
    assert found[0].epochs == EPOCHS
    assert len(found[0].values["model.hidden_units"]) == 1
    assert {len(values["model.hidden_units"]) for values, _, _ in train.calls} == {1, 2}
    for values, _, _ in train.calls:
        assert 1e-4 <= values["train.learning_rate"] <= 1.0
        assert isinstance(values["train.batch_size"], int)


GRID = {
    "train.learning_rate": {"min": 0.001, "max": 0.1, "scale": "log", "points": 3},
    "model.hidden_units": [[64], [32, 16]],
}


def test_grid_tries_every_combination_once_though_it_was_killed(tmp_path: Path) -> None:
    settings = TuneConfig.model_validate({"over": GRID, "search": "grid"})
    killed, rest = Recorded(dies_at=4), Recorded()
    with pytest.raises(KeyboardInterrupt):
        search(settings, EPOCHS, str(tmp_path), killed)
    found = search(settings, EPOCHS, str(tmp_path), rest)
    expected = settings.combinations()
    assert [values for values, _, _ in [*killed.calls[:-1], *rest.calls]] == expected
    assert sorted(map(str, expected)) == sorted(str(trial.values) for trial in found)
    assert len(expected) == 6
    assert found[0].values["train.learning_rate"] == pytest.approx(0.01)


def test_hyperband_goes_on_with_the_better_ones(tmp_path: Path) -> None:
    train = Recorded()
    search(config(search="hyperband"), EPOCHS, str(tmp_path), train)
    first = [values for values, epochs, resumed in train.calls if epochs < EPOCHS and not resumed]
    longer = [values for values, epochs, resumed in train.calls if epochs == EPOCHS and resumed]
    assert 0 < len(longer) < len(first)
    assert all(values in first for values in longer)


@pytest.mark.parametrize("kind", ["random", "hyperband"])
def test_killed_search_goes_on_where_it_was(tmp_path: Path, kind: str) -> None:
    settings = config(search=kind, trials=5)
    whole = search(settings, EPOCHS, str(tmp_path / "whole"), Recorded())
    killed, rest = Recorded(dies_at=3), Recorded()
    with pytest.raises(KeyboardInterrupt):
        search(settings, EPOCHS, str(tmp_path / "killed"), killed)
    assert search(settings, EPOCHS, str(tmp_path / "killed"), rest) == whole
    assert len(rest.calls) == len(whole) - 2
    assert rest.calls[0][0] == killed.calls[-1][0]


def test_large_objective_is_sought(tmp_path: Path) -> None:
    found = search(config(objective="val_loss", goal="max"), EPOCHS, str(tmp_path), Recorded())
    assert found[0].score == max(trial.score for trial in found) == 9.0


def test_objective_that_is_not_in_the_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="'val_los' is not in the history") as error:
        search(config(objective="val_los", goal="min"), EPOCHS, str(tmp_path), Recorded())
    assert "Did you mean 'val_loss'" in error.value.hint
