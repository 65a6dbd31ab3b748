"""Beginning with the lower layers of a model that was pushed before, frozen."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfline.components.artifacts.saved_model import load_saved_model
from tfline.components.trainer.start import LayersOfPushed
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.components.trainer.vocabularies import changed_indices, layers_of
from tfline.components.trainer.warm_start import WarmStart, read_variables
from tfline.transforms.errors import ModelError

_progress = logging.getLogger("tfline.progress")
_WHERE = "train.warm_start"


def take_layers(
    model: keras.Model,
    folder: str | None,
    graph: TransformGraph,
    train_files: Sequence[str],
    start: LayersOfPushed,
) -> WarmStart | None:
    """Gives the lower layers of a model the weights of an exported one, and freezes them.

    Args:
        model: Changed in place; it has to be compiled again.
        folder: A SavedModel of `tfline.components.trainer.export`; None, or one that is not there:
            no model has been pushed yet, and nothing is done.
        graph: What the features of the model are made by.
        train_files: Patterns of the files of the train split.
        start: How many layers are taken.

    Returns:
        What it begins with; None without a pushed model.

    Raises:
        ModelError: The layers are not those of the exported model.
    """
    if folder is None or not tf.io.gfile.exists(folder):
        _progress.info("no model to begin with yet")
        return None
    own = _layers(model)
    count = len(own) - 1 if start.layers is None else start.layers
    if not 0 < count < len(own):
        raise ModelError(
            f"Model '{model.name}' has {len(own)} layers with weights, of which the last is its "
            f"own. Received: layers={start.layers}",
            where=f"{_WHERE}.layers",
            hint=f"Take 1 to {len(own) - 1}: {', '.join(layer.name for layer in own[:-1])}.",
        )
    loaded = load_saved_model(folder)
    taken = own[:count]
    exported = iter(value for value in read_variables(loaded) if value.dtype.is_floating)
    values = [[_next_weight(exported, layer, w) for w in layer.weights] for layer in taken]
    _check_vocabularies(model, taken, loaded, graph, train_files)
    for layer, weights in zip(taken, values, strict=True):
        for own_weight, weight in zip(layer.weights, weights, strict=True):
            own_weight.assign(weight)
        layer.trainable = False
    names = tuple(layer.name for layer in taken)
    _progress.info("begins with %d layers of a pushed model, frozen: %s", count, ", ".join(names))
    number = sum(len(layer.weights) for layer in taken)
    return WarmStart(number, len(model.variables), frozen=names)


def frozen_layers(model: keras.Model) -> list[keras.Layer]:
    """Returns the layers that are frozen and may be trained, the uppermost first."""
    layers = [layer for layer in model.layers if layer.weights and not layer.trainable]
    return [
        layer
        for layer in reversed(layers)
        if not isinstance(layer, keras.layers.BatchNormalization)
    ]


def _layers(model: keras.Model) -> list[keras.Layer]:
    """Returns the layers with weights, from the input on."""
    is_functional = isinstance(getattr(model, "input", None), dict)
    if not is_functional or type(model) is not type(keras.Model(model.input, model.output)):
        raise ModelError(
            f"Model '{model.name}' is trained in a way of its own, in which no layers are frozen",
            where=_WHERE,
            hint="Begin with all its weights, `warm_start: true`, or choose a model such as `cnn`.",
        )
    return [layer for layer in model.layers if layer.weights]


def _next_weight(exported: Any, layer: keras.Layer, weight: Any) -> tf.Tensor:
    """Returns the next weight of the exported model, which is to be that of a layer.

    Raises:
        ModelError: It has another shape, or there is none.
    """
    found = next(exported, None)
    if found is not None and tuple(found.shape) == tuple(weight.shape):
        return found
    theirs = "has no more weights" if found is None else f"has one of {list(found.shape)} there"
    raise ModelError(
        f"The layer '{layer.name}' is not that of the pushed model: its {weight.name} is of shape "
        f"{list(weight.shape)}, and the pushed model {theirs}",
        where=_WHERE,
        hint="Give the model the layers of the other one up to there, with the same input, or take "
        "fewer: `layers`.",
    )


def _check_vocabularies(
    model: keras.Model,
    taken: Sequence[keras.Layer],
    loaded: Any,
    graph: TransformGraph,
    train_files: Sequence[str],
) -> None:
    """Sees that the indices and columns that the layers read stand for the same as there.

    Raises:
        ModelError: One does not.
    """
    try:
        changed = changed_indices(loaded, graph, train_files, with_label=False)
    except tf.errors.InvalidArgumentError as exc:
        reason, *_ = exc.message.splitlines()
        raise ModelError(
            f"The pushed model does not read these records: {reason}",
            where=_WHERE,
            hint="Its raw features have to be of the same types.",
        ) from exc
    for name in sorted(changed):
        reading = layers_of(model, [name], graph.metadata.label)
        wrong = [layer.name for layer in reading if any(layer is one for one in taken)]
        if wrong:
            raise ModelError(
                f"The layer '{wrong[0]}' reads '{name}', which has another vocabulary than in the "
                "pushed model",
                where=_WHERE,
                hint="Give the feature the vocabulary of that pipeline, or begin anew.",
            )
