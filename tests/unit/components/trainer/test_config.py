"""The settings of a training."""

from __future__ import annotations

import subprocess
import sys

import pydantic
import pytest

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
