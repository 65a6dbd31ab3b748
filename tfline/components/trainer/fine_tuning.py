"""The second phase of a training: all weights of a model, at a lower learning rate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import keras

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.learning_rate import scheduled_rate
from tfline.components.trainer.models.build import compile_model
from tfline.components.trainer.models.fine_tuned import FineTunedModel
from tfline.tasks.heads.head import Head


@dataclasses.dataclass(frozen=True)
class FineTuning:
    """When it begins, and how.

    Attributes:
        first_epoch: The number of its first epoch, from 0.
        peak_rate: The learning rate that its schedule changes.
        begin: Unfreezes the model and compiles it anew: with a fresh optimizer, whose schedule
            lasts for the epochs that are left.
    """

    first_epoch: int
    peak_rate: float
    begin: Callable[[], None]


def find_fine_tuning(
    model: keras.Model, head: Head, config: TrainConfig, data: TrainingData
) -> FineTuning | None:
    """Returns the second phase of the training of a model that has one.

    Args:
        model: Compiled for the first phase.
        head: What it predicts.
        config: How it is trained.
        data: How many steps there are.
    """
    if not isinstance(model, FineTunedModel):
        return None
    peak = config.peak_rate * model.rate_factor
    epochs = max(data.steps / data.steps_per_epoch - model.frozen_epochs, 1.0)

    def begin() -> None:
        model.unfreeze()
        rate = scheduled_rate(config.schedule, peak, data.steps_per_epoch, epochs)
        with model.distribute_strategy.scope():
            compile_model(model, head, config, model.steps_per_execution, rate)

    return FineTuning(model.frozen_epochs, peak, begin)
