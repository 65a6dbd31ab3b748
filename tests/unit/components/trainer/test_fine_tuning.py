"""A training in two phases that is killed goes on in the phase, and at the step, where it was."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.callbacks import Logs, Progress
from tfline.components.trainer.checkpoints import load_state
from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.fine_tuning import find_phases
from tfline.components.trainer.fit import fit
from tfline.components.trainer.models.build import compile_model
from tfline.components.trainer.models.fine_tuned import FineTunedModel
from tfline.components.trainer.optimizers import Sgd
from tfline.tasks.table import TASKS

HEAD = TASKS["regression"].head()
FROZEN, EPOCHS, STEPS = 2, 4, 3

History = dict[str, list[float]]


def train(state_dir: Path | None = None) -> tuple[keras.Model, History]:
    """Trains a network whose base is frozen at first; returns it with its history."""
    keras.utils.set_random_seed(3)
    inputs = {"x": keras.Input([5], name="x")}
    base = keras.Sequential([keras.Input([5]), keras.layers.Dense(4)], name="base")
    network = keras.Model(inputs, HEAD.output(base(inputs["x"])))
    model = FineTunedModel(network, "base", frozen_epochs=FROZEN, rate_factor=0.1)
    config = TrainConfig(
        epochs=EPOCHS, optimizer=Sgd(momentum=0.9), learning_rate=0.1, tensorboard=False
    )
    compile_model(model, HEAD, config, steps_per_execution=1)
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(4 * STEPS, width)).astype(np.float32) for width in (5, 1))
    batches = tf.data.Dataset.from_tensor_slices(({"x": x}, y)).batch(4)
    epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
    data = TrainingData(batches, batches, batches, epoch, STEPS, EPOCHS * STEPS, records={})
    phases = find_phases(model, HEAD, config, data)
    return model, fit(model, data, config, None, str(state_dir) if state_dir else None, phases)


@pytest.fixture(scope="module")
def whole() -> tuple[keras.Model, History]:
    """A training that nothing interrupts."""
    return train()


@pytest.mark.parametrize("done", [FROZEN, FROZEN + 1])
def test_killed_run_resumes_in_its_phase(
    whole: tuple[keras.Model, History],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    done: int,
) -> None:
    def on_epoch_begin(self: Progress, epoch: int, logs: Logs | None = None) -> None:
        del self, logs
        if epoch == done:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "on_epoch_begin", on_epoch_begin)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path)
    assert load_state(str(tmp_path)).epoch == done
    (expected, history), (resumed, resumed_history) = whole, train(tmp_path)
    for a, b in zip(expected.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert resumed_history == history
    np.testing.assert_allclose(history["learning_rate"], [0.1] * 2 + [0.01] * 2, rtol=1e-6)
    assert int(resumed.optimizer.iterations) == (EPOCHS - FROZEN) * STEPS
