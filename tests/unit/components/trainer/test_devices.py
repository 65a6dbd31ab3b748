"""A training on several devices, in a process of its own: devices are made before anything runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.unit.components.trainer.test_fit import train
from tfline.components.trainer.devices import precision, strategy
from tfline.transforms.errors import ModelError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case

ROOT = Path(__file__).resolve().parents[4]

CODE = """
import json, sys
from pathlib import Path
import tensorflow as tf
[cpu] = tf.config.list_physical_devices("CPU")
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import numpy as np
from tests.unit.components.trainer.conftest import Case
from tests.unit.components.trainer.test_fit import assert_same_weights, train
from tfline.transforms.errors import ModelError

case = Case(*json.loads(sys.argv[1]))
folder = Path(sys.argv[2])
settings = json.loads(sys.argv[3])
whole, history = train(case, **settings)
assert type(whole.distribute_strategy).__name__ == "MirroredStrategy", whole.distribute_strategy
train(case, folder / "state", **{**settings, "epochs": 1})
resumed, again = train(case, folder / "state", **settings)
assert_same_weights(whole, resumed)
assert again == history
try:
    train(case, **settings, accumulate=2)
except ModelError as error:
    assert "on one device only" in str(error)
else:
    raise SystemExit("gradients were accumulated")
np.savez(folder / "weights.npz", *whole.get_weights())
"""


def test_two_devices_train_the_same_model_and_resume(
    cases: dict[str, Case], tmp_path: Path
) -> None:
    case = cases["binary"]._replace(examples=[])
    settings = {
        "epochs": 2,
        "early_stopping": 2,
        "cache": "memory",  # also when there is one epoch only
        "class_weights": "balanced",
        "mlp": {"dropout": 0.0},
    }
    arguments = [json.dumps(case), str(tmp_path), json.dumps(settings)]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    single, _ = train(case, **settings)
    with np.load(tmp_path / "weights.npz") as arrays:
        for name, weight in zip(arrays.files, single.get_weights(), strict=True):
            np.testing.assert_allclose(arrays[name], weight, rtol=1e-3, atol=1e-5)


def test_one_device_needs_no_strategy() -> None:
    assert strategy(accumulate=2) is tf.distribute.get_strategy()


def test_strings_on_several_devices_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    devices = {"GPU": [], "CPU": tf.config.list_logical_devices("CPU") * 2}
    monkeypatch.setattr(tf.config, "list_logical_devices", devices.__getitem__)
    with pytest.raises(ModelError, match="strings on one device only, and there are 2"):
        strategy(has_strings=True)


def test_precision_is_put_back_after_an_error() -> None:
    with precision("mixed_bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    with pytest.raises(ValueError, match="units"), precision("mixed_bfloat16"):
        keras.layers.Dense(-1)
    assert keras.config.dtype_policy().name == "float32"
