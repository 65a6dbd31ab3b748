"""Tries a loss of the user's own on a few records, before anything is trained with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfline.components.trainer.losses.loss import LossFunction
from tfline.tasks.heads.head import ONE_OF_SEVERAL, Head
from tfline.transforms.errors import SpecError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf
else:
    keras = lazy_import("keras")
    np = lazy_import("numpy")
    tf = lazy_import("tensorflow")

_RECORDS = 7


def check_own_loss(loss: LossFunction, path: str, head: Head) -> None:
    """Refuses a loss that does not compare each prediction with its own label.

    Of labels [batch, 1] and predictions [batch], a difference is [batch, batch]: every prediction
    against every label. Such a loss is the same however the labels are shuffled, and a model learns
    nothing but their mean by it.

    Args:
        loss: Takes labels and predictions.
        path: Its dotted path.
        head: What is predicted.

    Raises:
        SpecError: It does not, or it fails on labels and predictions of this task.
    """
    batch = _batch(head)
    if batch is None:
        return
    labels, predictions = batch
    shapes = f"labels {list(labels.shape)} and predictions {list(predictions.shape)}"
    try:
        value, shuffled = (
            np.mean(
                keras.ops.convert_to_numpy(loss(keras.ops.array(y), keras.ops.array(predictions)))
            )
            for y in (labels, np.roll(labels, 1, axis=0))
        )
    except (TypeError, ValueError, IndexError, tf.errors.OpError) as exc:
        raise SpecError(f"The loss '{path}' fails on {shapes}: {exc}", "train.loss") from exc
    if np.isfinite(value) and np.isclose(value, shuffled, rtol=1e-5, atol=1e-7):
        raise SpecError(
            f"The loss '{path}' does not compare each prediction with its own label: of {shapes} "
            "it is the same however the labels are shuffled",
            "train.loss",
            "Shapes that differ are broadcast: reshape the label to the shape of the prediction.",
        )


def _batch(head: Head) -> tuple[Any, Any] | None:
    """Returns some labels and predictions as Keras gives them to a loss; None: not known."""
    chance = np.random.default_rng(0)
    if len(head.output_shape) != 2 or head.units < 1:
        return None
    shape = (_RECORDS, head.units)
    if head.task in ("binary", "multilabel"):
        labels = chance.integers(0, 2, shape)
        return labels.astype("float32"), chance.uniform(0.1, 0.9, shape).astype("float32")
    if head.task in ONE_OF_SEVERAL:
        probabilities = chance.dirichlet(np.ones(shape[1]), shape[0])
        return (np.arange(_RECORDS) % shape[1])[:, None], probabilities.astype("float32")
    if head.task in ("regression", "forecast", "image"):
        labels, predictions = chance.uniform(0.5, 2.0, (2, *shape)).astype("float32")
        return labels, predictions
    return None
