"""What is worth knowing of a training afterwards: ``training.json`` and the line of summary."""

from __future__ import annotations

import dataclasses
import json
import logging
import os

import keras
import tensorflow as tf

from tfline.components.trainer.callbacks import best_epoch
from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.models.own_training import Training
from tfline.components.trainer.warm_start import WarmStart

FILE_NAME = "training.json"

_summary = logging.getLogger("tfline.summary")


def write_report(
    folder: str,
    model: keras.Model,
    data: TrainingData,
    config: RunConfig,
    training: Training,
    seconds: float,
    begun: WarmStart | None = None,
    unit: str = "",
) -> None:
    """Writes ``training.json`` and logs the summary.

    Args:
        folder: Where to write.
        model: Trained.
        data: What it was trained on.
        config: How it was trained.
        training: What is told of the training.
        seconds: How long the training took.
        begun: What it began with; None: with nothing.
        unit: What the loss is computed on; see `loss_unit`.
    """
    history = training.history
    rounds = len(history["loss"])
    settings = None if training.settings is None else {*training.settings}
    by_epoch = training.round == "epoch"
    content = {
        "model": config.model.name,
        "parameters": model.count_params(),
        "layers": [
            {
                "name": layer.name,
                "type": type(layer).__name__,
                "parameters": layer.count_params(),
                "output_shape": _output_shape(layer),
            }
            for layer in model.layers
        ],
        "records": data.records,
        "size": training.size or _parameters(model),
        "round": training.round,
        "epochs": rounds,
        "steps": min(rounds * data.steps_per_epoch, data.steps) if by_epoch else None,
        "seconds": round(seconds, 3),
        "warm_start": None if begun is None else dataclasses.asdict(begun),
        "train": config.train.model_dump(mode="json", include=settings),
        "loss_unit": unit,
        "resumed": training.resumed,
        "history": history,
        "importances": training.importances,
    }
    tf.io.gfile.makedirs(folder)
    with tf.io.gfile.GFile(os.path.join(folder, FILE_NAME), "w") as file:
        json.dump(content, file, indent=1)
    _summary.info("%s", _summarise(model, config, training))


def _summarise(model: keras.Model, config: RunConfig, training: Training) -> str:
    """Returns the line: how large the model is, and what it reached in validation."""
    history = training.history
    rounds = len(history["loss"])
    epoch = rounds - 1
    if config.train.early_stopping:
        train = config.train
        epoch = best_epoch(history[train.monitor], train.goal or "min", train.min_delta)
    metric = next(name for name in history if name != "loss" and f"val_{name}" in history)
    reached = history[f"val_{metric}"]
    size = training.size or f"{_parameters(model)}, {rounds} epoch{'' if rounds == 1 else 's'}"
    resumed = f", resumed after {training.resumed}" if training.resumed else ""
    value = reached[min(epoch, len(reached) - 1)]
    return f"{config.model.name}, {size}{resumed}: val_{metric} {value:.3f}"


def _parameters(model: keras.Model) -> str:
    return f"{model.count_params():,} parameters"


def _output_shape(layer: keras.Layer) -> list[int | None] | None:
    """Returns the shape of a layer's output; None if it has several, or is not called yet."""
    output = getattr(layer, "output", None)
    return list(output.shape) if isinstance(output, keras.KerasTensor) else None
