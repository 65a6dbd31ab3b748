"""The settings of a training."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pydantic
import pytest

from tfline.components.trainer.callbacks import best_epoch
from tfline.components.trainer.config import RunConfig, TrainConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"steps": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"optimizer": "adamm"},
        {"cache": "disk"},
        {"epoch": 3},
        {"batch_size": "32"},
        {"accumulate": 0},
        {"precision": "float16"},
        {"class_weights": "balance"},
        {"class_weights": {}},
        {"class_weights": {"yes": -1.0}},
        {"callbacks": ["no_such_module.Callback"]},
    ],
)
def test_train_config_refuses_what_is_wrong(wrong: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        TrainConfig.model_validate(wrong)


def test_run_config_survives_json() -> None:
    train = {
        "optimizer": {"sgd": {"momentum": 0.9}},
        "loss": {"focal": {"gamma": 1.0}},
        "schedule": {"piecewise": {"boundaries": [1.0], "factors": [1.0, 0.1]}},
        "class_weights": {"yes": 2.0},
        "callbacks": [{"keras.callbacks.TerminateOnNaN": {}}],
    }
    config = RunConfig.model_validate(
        {"pipeline": "p", "model": {"name": "cnn"}, "train": train, "training_fingerprint": "f"}
    )
    assert RunConfig.model_validate_json(config.model_dump_json()) == config


def test_config_and_models_import_no_tensorflow() -> None:
    code = (
        "import sys, tfline.components.trainer.config, tfline.components.trainer.models; "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_early_stopping_knows_which_way_its_metric_is_good() -> None:
    assert TrainConfig().goal == "min"
    assert TrainConfig.model_validate({"monitor": "val_auc"}).goal == "max"
    with pytest.raises(ValueError, match="Add `monitor_goal: min` or `monitor_goal: max`"):
        TrainConfig.model_validate({"monitor": "val_profit"})
    own = {"monitor": "val_profit", "monitor_goal": "max"}
    assert TrainConfig.model_validate(own).goal == "max"


@pytest.mark.parametrize(
    ("values", "goal", "min_delta", "expected"),
    [
        ([3.0, 2.0, 2.5], "min", 0.0, 1),
        ([3.0, 2.95, 2.9, 2.8], "min", 0.1, 3),
        ([3.0, 2.95, 2.92], "min", 0.1, 0),
        ([0.5, 0.8, 0.8, 0.7], "max", 0.0, 1),
    ],
)
def test_best_epoch_is_the_last_that_was_better(
    values: list[float], goal: Any, min_delta: float, expected: int
) -> None:
    assert best_epoch(values, goal, min_delta) == expected
