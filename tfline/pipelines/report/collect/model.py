"""The model and its training: layers, parameters, settings, curves."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfline.pipelines.report.run_files import RunFiles


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer of the Keras model.

    Attributes:
        name: Its name.
        type: Its class.
        parameters: How many it has.
        shape: Of its output, such as ``batch x 8 x 8 x 16``; empty if it has several.
    """

    name: str
    type: str
    parameters: int
    shape: str


@dataclasses.dataclass(frozen=True)
class ModelSection:
    """The model.

    Attributes:
        name: As the spec names it.
        arguments: That the spec gives.
        parameters: How many it has.
        size: How large it is, in words.
        inputs: Its input layers.
        layers: All others.
        settings: How it was trained.
        epochs: How many rounds there were.
        round: What a round is: an epoch, or a tree.
        steps: How many there were; None: it has none.
        seconds: How long the training took.
        records: By split, how many records it was trained and validated on.
        learning_rate: That of all epochs; None if it changed.
        curves: Name of a metric to its values in training and in validation, a round each; of the
            learning rate only if it changed.
        reached: Name of a metric that was taken at the end alone to its values in training and in
            validation.
        importances: By the name of the measure, the share of each feature, the largest first.
        best: The round of the lowest loss in validation, from 0.
        warm_start: How many variables it began with, of how many, and the features whose vocabulary
            was another one; None: it began with none.
        loss_unit: What the loss is computed on, in words; empty: the label as it is.
    """

    name: str
    arguments: dict[str, Any]
    parameters: int
    size: str
    inputs: tuple[Layer, ...]
    layers: tuple[Layer, ...]
    settings: dict[str, Any]
    epochs: int
    round: str
    steps: int | None
    seconds: float
    records: Any
    learning_rate: float | None
    curves: dict[str, tuple[tuple[float, ...], tuple[float, ...]]]
    reached: dict[str, tuple[float, float | None]]
    importances: dict[str, dict[str, float]]
    best: int
    warm_start: dict[str, Any] | None = None
    loss_unit: str = ""


def collect(files: RunFiles) -> ModelSection | None:
    """Returns the model; None if the run has trained none."""
    training = files.training
    if training is None:
        return None
    layers = [_layer(content) for content in training["layers"]]
    history = training["history"]
    rates = set(history.get("learning_rate", ()))
    constant = rates.pop() if len(rates) == 1 else None
    changing = {k: v for k, v in history.items() if k != "learning_rate" or constant is None}
    found, rounds = curves(changing), len(history["loss"])
    losses = history.get("val_loss") or history["loss"]
    return ModelSection(
        name=training["model"],
        arguments=files.spec.get("model", {}).get("arguments", {}),
        parameters=training["parameters"],
        size=size_of(training),
        inputs=tuple(layer for layer in layers if layer.type == "InputLayer"),
        layers=tuple(layer for layer in layers if layer.type != "InputLayer"),
        settings=_given(training["train"]),
        epochs=training["epochs"],
        round=training.get("round", "epoch"),
        steps=training["steps"],
        seconds=training["seconds"],
        records=training["records"],
        learning_rate=constant,
        curves={name: both for name, both in found.items() if len(both[0]) == rounds},
        reached={
            name: (trained[-1], validated[-1] if validated else None)
            for name, (trained, validated) in found.items()
            if len(trained) != rounds
        },
        importances=training.get("importances", {}),
        best=losses.index(min(losses)),
        warm_start=training.get("warm_start"),
        loss_unit=training.get("loss_unit", ""),
    )


def size_of(training: dict[str, Any]) -> str:
    """Returns how large a model is, in words: its parameters, or its trees."""
    return training.get("size") or f"{training['parameters']:,} parameters"


def curves(
    history: dict[str, list[float]],
) -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    """Returns by metric its values in training and in validation; the loss first."""
    names = sorted(
        (name for name in history if not name.startswith("val_")), key=lambda name: name != "loss"
    )
    return {name: (tuple(history[name]), tuple(history.get(f"val_{name}", ()))) for name in names}


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    """Returns settings without those that are None, in all depths."""
    return {
        key: _given(value) if isinstance(value, dict) else value
        for key, value in settings.items()
        if value is not None
    }


def _layer(content: dict[str, Any]) -> Layer:
    shape = content["output_shape"]
    words = ["batch", *(str(size or "?") for size in shape[1:])] if shape else []
    return Layer(content["name"], content["type"], content["parameters"], " x ".join(words))
