"""Beginning with the weights of a model that was pushed before."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfline.components.artifacts.saved_model import load_saved_model
from tfline.components.trainer.export import read_export_card, target_form
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.components.trainer.vocabularies import changed_indices, layers_of
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError

_progress = logging.getLogger("tfline.progress")


@dataclasses.dataclass(frozen=True)
class WarmStart:
    """What a model begins with.

    Attributes:
        taken: How many variables it has from the pushed model.
        variables: How many it has.
        changed: The features, and perhaps the label, whose indices stand for something else now:
            the layers that read or write them begin anew.
        frozen: The layers that are frozen at first.
    """

    taken: int
    variables: int
    changed: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()


def warm_start(
    model: keras.Model,
    folder: str | None,
    graph: TransformGraph,
    train_files: Sequence[str],
    head: Head | None = None,
) -> WarmStart | None:
    """Gives a model the variables of an exported one.

    A variable whose shape has changed, such as an embedding whose vocabulary has grown, begins
    anew; and so does a layer whose vocabulary has as many terms as before, but others or in another
    order. The optimizer always does: it is not exported.

    Args:
        model: Changed in place.
        folder: A SavedModel of `tfline.components.trainer.export`; None, or one that is not there:
            no model has been pushed yet, and nothing is done.
        graph: What the features of the model are made by.
        train_files: Patterns of the files of the train split.
        head: What it predicts; None: that of the label.

    Returns:
        What it begins with; None without a pushed model.

    Raises:
        ModelError: The exported model has other variables.
    """
    if folder is None or not tf.io.gfile.exists(folder):
        _progress.info("no model to begin with yet")
        return None
    loaded = load_saved_model(folder)
    variables, exported = model.variables, read_variables(loaded)
    if len(variables) != len(exported):
        raise ModelError(
            f"The newest pushed model has {len(exported)} variables and model '{model.name}' has "
            f"{len(variables)}: it cannot begin with them",
            where="train.warm_start",
            hint="Train the new model without `warm_start` once.",
        )
    found = changed_indices(loaded, graph, train_files)
    changed = tuple(sorted(found | _changed_form(folder, graph, head or graph.head)))
    anew = {
        id(variable)
        for layer in layers_of(model, changed, graph.metadata.label)
        for variable in layer.variables
    }
    taken = 0
    for variable, old in zip(variables, exported, strict=True):
        if id(variable) not in anew and tuple(variable.shape) == tuple(old.shape):
            variable.assign(old)
            taken += 1
    _progress.info("begins with %d of %d variables of the pushed model", taken, len(variables))
    if changed:
        _progress.info("other vocabulary than that model's, begins anew: %s", ", ".join(changed))
    return WarmStart(taken, len(variables), changed)


def _changed_form(folder: str, graph: TransformGraph, head: Head) -> set[str]:
    """Returns the features, if they come in another order, and the label, if it is scaled anew."""
    card = read_export_card(folder)
    names = [feature.name for feature in graph.features]
    changed = set(names) if card.get("inputs", names) != names else set()
    if card.get("target", target_form(head)) != target_form(head):
        changed.add(graph.metadata.label)
    return changed


def read_variables(loaded: Any) -> list[tf.Tensor]:
    """Returns the variables of a loaded export, in the order of Keras."""
    return [variable.read_value() for variable in loaded.model_variables]
