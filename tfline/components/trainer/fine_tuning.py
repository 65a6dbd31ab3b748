"""The further phases of a training: layers that were frozen are trained, at a lower rate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import keras

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.layer_start import frozen_layers
from tfline.components.trainer.learning_rate import scheduled_rate
from tfline.components.trainer.models.build import compile_model
from tfline.components.trainer.models.fine_tuned import FineTunedModel
from tfline.components.trainer.start import LayersOfPushed
from tfline.tasks.heads.head import Head


@dataclasses.dataclass(frozen=True)
class FineTuning:
    """When it begins, and how.

    Attributes:
        first_epoch: The number of its first epoch, from 0.
        peak_rate: The learning rate that its schedule changes.
        begin: Unfreezes layers and compiles the model anew: with a fresh optimizer, whose schedule
            lasts for the epochs that are left.
    """

    first_epoch: int
    peak_rate: float
    begin: Callable[[], None]


def find_phases(
    model: keras.Model, head: Head, config: TrainConfig, data: TrainingData
) -> list[FineTuning]:
    """Returns the phases of a training after the first one, in their order.

    Args:
        model: Compiled for the first phase.
        head: What it predicts.
        config: How it is trained.
        data: How many steps there are.
    """
    if isinstance(model, FineTunedModel):
        rate = config.peak_rate * model.rate_factor
        return [_phase(model.frozen_epochs, rate, model.unfreeze, model, head, config, data)]
    start = config.warm_start
    if not isinstance(start, LayersOfPushed):
        return []
    layers = frozen_layers(model)
    groups = [[layer] for layer in layers] if start.thaw_epochs else [layers]
    phases = []
    for place, group in enumerate(groups if layers else []):
        first_epoch = start.frozen_epochs + place * start.thaw_epochs
        if first_epoch < data.epochs:
            rate = config.peak_rate * start.rate_factor
            thaw = _thawing(group)
            phases.append(_phase(first_epoch, rate, thaw, model, head, config, data))
    return phases


def _thawing(layers: Sequence[keras.Layer]) -> Callable[[], None]:
    """Returns what lets layers be trained, once the model is compiled again."""

    def thaw() -> None:
        for layer in layers:
            layer.trainable = True

    return thaw


def _phase(
    first_epoch: int,
    peak: float,
    thaw: Callable[[], None],
    model: keras.Model,
    head: Head,
    config: TrainConfig,
    data: TrainingData,
) -> FineTuning:
    def begin() -> None:
        thaw()
        compile_again(model, head, config, data, peak, first_epoch)

    return FineTuning(first_epoch, peak, begin)


def compile_again(
    model: keras.Model,
    head: Head,
    config: TrainConfig,
    data: TrainingData,
    peak: float | None = None,
    first_epoch: int = 0,
) -> None:
    """Compiles a model after other layers of it are trained than before.

    Args:
        model: Changed in place: it has a fresh optimizer.
        head: What it predicts.
        config: How it is trained.
        data: How many steps there are.
        peak: The learning rate that its schedule changes; None: that of `config`.
        first_epoch: From when on: the schedule lasts for the epochs that are left.
    """
    epochs = max(data.steps / data.steps_per_epoch - first_epoch, 1.0)
    rate = scheduled_rate(config.schedule, peak or config.peak_rate, data.steps_per_epoch, epochs)
    with model.distribute_strategy.scope():
        compile_model(model, head, config, model.steps_per_execution, rate)
