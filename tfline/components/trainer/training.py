"""How a model is trained: as the model itself says, or else by gradient descent."""

from __future__ import annotations

import warnings

import keras

from tfline.components.trainer.checkpoints import load_state
from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.fine_tuning import find_phases
from tfline.components.trainer.fit import fit
from tfline.components.trainer.models.own_training import OwnTraining, Training
from tfline.tasks.heads.head import Head


def train_model(
    model: keras.Model,
    head: Head,
    data: TrainingData,
    config: TrainConfig,
    log_dir: str | None = None,
    state_dir: str | None = None,
) -> Training:
    """Trains a compiled model.

    Args:
        model: Changed in place.
        head: What it predicts.
        data: What it is trained on.
        config: How it is trained.
        log_dir: For the logs of TensorBoard; None: none are written.
        state_dir: Where the state of the training is kept, to go on from after a kill; None:
            nowhere.

    Raises:
        ModelError: The training diverged or failed, or its saved state cannot be used.
        SpecError: The user's own callback is none.
    """
    if isinstance(model, OwnTraining):
        return model.learn(data.train, data.evaluation, config, state_dir)
    phases = find_phases(model, head, config, data)
    resumed = load_state(state_dir).place
    with warnings.catch_warnings():  # a network may be meant to stay as it is
        warnings.filterwarnings("ignore", "The model does not have any trainable weights")
        history = fit(model, data, config, log_dir, state_dir, phases)
    return Training(history, resumed=resumed)
