"""What several tasks answer alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")


def named_classes(
    index: tf.Tensor, probabilities: tf.Tensor, classes: Sequence[str]
) -> dict[str, tf.Tensor]:
    """Returns ``label`` string [batch], ``probabilities`` float32 and ``classes`` [batch, k].

    Args:
        index: The class that was decided for, [batch].
        probabilities: Of each class, float32 [batch, k].
        classes: Their names.
    """
    names = tf.constant(classes)  # [k]
    return {
        "label": tf.gather(names, index),
        "probabilities": probabilities,
        "classes": tiled(names, probabilities),
    }


def tiled(names: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Returns a vector [k] once for each record of `y`, [batch, k]."""
    return tf.tile(names[tf.newaxis], [tf.shape(y)[0], 1])
