"""What the Tuner is told."""

from __future__ import annotations

import pydantic
import pytest

from tfline.components.trainer.config import ModelConfig, RunConfig
from tfline.components.trainer.hyperparameters import with_values
from tfline.components.tuner.config import Range, TuneConfig
from tfline.transforms.errors import SpecError

OVER = {
    "train.learning_rate": {"min": 1e-4, "max": 0.1, "scale": "log"},
    "model.hidden_units": [[8], [8, 4]],
}


def test_ranges_and_choices_are_read_and_survive_json() -> None:
    config = TuneConfig.model_validate({"over": OVER})
    assert config.over["train.learning_rate"] == Range(min=1e-4, max=0.1, scale="log")
    assert config.over["model.hidden_units"] == ([8], [8, 4])
    assert TuneConfig.model_validate_json(config.model_dump_json()) == config
    assert Range(min=1, max=4).is_integer
    assert not Range(min=1, max=4.5).is_integer


@pytest.mark.parametrize(
    ("settings", "direction"),
    [
        ({}, "min"),
        ({"objective": "val_auc"}, "max"),
        ({"objective": "val_mae"}, "min"),
        ({"objective": "val_mae", "goal": "max"}, "max"),
        ({"objective": "x", "goal": "min"}, "min"),
    ],
)
def test_goal_follows_from_the_objective(settings: dict[str, str], direction: str) -> None:
    assert TuneConfig.model_validate({"over": OVER, **settings}).direction == direction


def test_objective_of_unknown_nature_needs_a_goal() -> None:
    with pytest.raises(pydantic.ValidationError, match="Add `goal: min` or `goal: max`"):
        TuneConfig.model_validate({"over": OVER, "objective": "val_profit"})


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({}, "at least 1 item"),
        ({"train.learning_rate": {"min": 2.0, "max": 1.0}}, "Expected min < max"),
        ({"train.learning_rate": {"min": 0, "max": 1.0, "scale": "log"}}, "is above 0"),
        ({"model.dropout": [0.1]}, "at least 2 items"),
        ({"train.epochs": [1, 2]}, "same for all trials"),
    ],
    ids=str,
)
def test_wrong_values_are_refused(over: dict[str, object], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        TuneConfig.model_validate({"over": over})


@pytest.mark.parametrize(
    ("values", "grid"),
    [
        ({"min": 1, "max": 4}, (1, 2, 3, 4)),
        ({"min": 1, "max": 100, "scale": "log", "points": 3}, (1, 10, 100)),
        ({"min": 1, "max": 3, "points": 9}, (1, 2, 3)),
        ({"min": 0.0, "max": 1.0, "points": 3}, (0.0, 0.5, 1.0)),
    ],
)
def test_range_has_a_grid(values: dict[str, object], grid: tuple[float, ...]) -> None:
    found = Range.model_validate(values).grid
    assert found == pytest.approx(grid)
    assert list(map(type, found)) == list(map(type, grid))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"search": "grid", "over": {"model.l2": {"min": 0.1, "max": 1.0}}}, "Add `points: 5`"),
        ({"search": "grid", "over": {"model.units": [1, 2]}, "trials": 2}, "each of its 2 comb"),
        ({"over": {"model.l2": {"min": 0.1, "max": 1.0, "points": 2}}}, "of `search: grid`"),
    ],
)
def test_grid_that_cannot_be_walked_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        TuneConfig.model_validate(settings)


MLP = RunConfig(pipeline="p", model=ModelConfig(name="mlp"), training_fingerprint="f")


def test_values_change_the_model_and_its_training() -> None:
    values = {
        "train.learning_rate": 0.5,
        "train.optimizer": {"sgd": {"nesterov": True}},
        "model.hidden_units": [3],
    }
    changed = with_values(MLP, values)
    assert changed.train.learning_rate == 0.5
    assert changed.train.optimizer.name == "sgd"
    assert changed.model.arguments == {"hidden_units": (3,)}
    deeper = with_values(changed, {"train.optimizer.momentum": 0.5})
    assert deeper.train.optimizer.model_dump()["momentum"] == 0.5


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"evaluate.threshold": 1}, "no setting to be tuned"),
        ({"model": "mlp"}, "no setting to be tuned"),
        ({"model.dropot": 0.1}, "no argument 'dropot'"),
        ({"model.dropout": 2.0}, "`dropout` of mlp"),
        ({"train.learning_rte": 0.1}, "learning_rte"),
        ({"train.batch_size": 0}, "train.batch_size"),
        ({"train.schedule.decay": 1.0}, "no section of the spec"),
    ],
    ids=str,
)
def test_setting_that_does_not_exist_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        with_values(MLP, values)
