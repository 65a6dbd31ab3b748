"""Beginning with the weights of a model that was pushed before."""

from __future__ import annotations

import logging

import keras
import tensorflow as tf

from transforms.errors import ModelError

_logger = logging.getLogger(__name__)
_progress = logging.getLogger("tfline.progress")


def warm_start(model: keras.Model, folder: str | None) -> None:
    """Gives a model the variables of an exported one.

    A variable whose shape has changed, such as an embedding whose vocabulary has grown, begins
    anew. The optimizer always does: it is not exported.

    Args:
        model: Changed in place.
        folder: A SavedModel of `components.trainer.export`; None, or one that is not there: no
            model has been pushed yet, and nothing is done.

    Raises:
        ModelError: The exported model has other variables.
    """
    if folder is None or not tf.io.gfile.exists(folder):
        _progress.info("no model to begin with yet")
        return
    variables, exported = model.variables, read_variables(folder)
    if len(variables) != len(exported):
        raise ModelError(
            f"The newest pushed model has {len(exported)} variables and model '{model.name}' has "
            f"{len(variables)}: it cannot begin with them",
            where="train.warm_start",
            hint="Train the new model without `warm_start` once.",
        )
    taken = 0
    for variable, old in zip(variables, exported, strict=True):
        if tuple(variable.shape) == tuple(old.shape):
            variable.assign(old)
            taken += 1
    _progress.info("begins with %d of %d variables of the pushed model", taken, len(variables))


def read_variables(folder: str) -> list[tf.Tensor]:
    """Returns the variables of an exported model, in the order of Keras."""
    return [variable.read_value() for variable in tf.saved_model.load(folder).model_variables]
