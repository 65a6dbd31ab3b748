"""What a served model answers: the output of a model under the names that a client reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from components.trainer.models.generation.decoding import Texts
from components.trainer.transform_graph import TransformMetadata
from transforms.features import Task
from transforms.target_text import write_text

THRESHOLD = 0.5
"""From this probability on, a record is of a class: the second of two, or any of a multi-label."""

Outputs = dict[str, tf.Tensor]


def answer(y: tf.Tensor | Texts, metadata: TransformMetadata) -> Outputs:
    """Names the output of a model.

    Args:
        y: The output of the model; see `Head.output_shape`. Of a text, those that were found.
        metadata: The task and the classes.

    Returns:
        What the function of `ANSWERS` says.
    """
    return ANSWERS[metadata.task](y, metadata)


def answer_class(y: tf.Tensor, metadata: TransformMetadata) -> Outputs:
    """Returns ``label`` string [batch], ``probabilities`` float32 and ``classes`` [batch, k]."""
    if metadata.task == "binary":
        index = tf.cast(y[:, 0] >= THRESHOLD, tf.int64)  # [batch]
        y = tf.concat([1 - y, y], axis=1)  # [batch, 2]
    else:
        index = tf.argmax(y, axis=1)  # [batch]
    names = tf.constant(metadata.classes)  # [k]
    return {"label": tf.gather(names, index), "probabilities": y, "classes": _tiled(names, y)}


def answer_classes(y: tf.Tensor, metadata: TransformMetadata) -> Outputs:
    """Returns ``decisions`` int64 (0 or 1), ``probabilities`` and ``classes``, all [batch, k]."""
    return {
        "decisions": tf.cast(y >= THRESHOLD, tf.int64),
        "probabilities": y,
        "classes": _tiled(tf.constant(metadata.classes), y),
    }


def answer_numbers(y: tf.Tensor, metadata: TransformMetadata) -> Outputs:
    """Returns ``prediction`` float32 [batch]; [batch, n] of several outputs or of a forecast.

    Of forecasts at several steps only the last one has not happened yet.
    """
    if metadata.steps > 1:
        return {"prediction": y[:, -1]}
    is_one = metadata.task == "regression" and metadata.size == 1
    return {"prediction": tf.squeeze(y, axis=1) if is_one else y}


def answer_texts(y: Texts, metadata: TransformMetadata) -> Outputs:
    """Returns the best texts: ``sequences`` string and ``scores`` float32, both [batch, k]."""
    return {
        "sequences": write_text(y.tokens, metadata.classes, metadata.separator),
        "scores": y.scores,
    }


def _tiled(names: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return tf.tile(names[tf.newaxis], [tf.shape(y)[0], 1])


ANSWERS: Mapping[Task, Callable[[Any, TransformMetadata], Outputs]] = {
    "binary": answer_class,
    "multiclass": answer_class,
    "multilabel": answer_classes,
    "regression": answer_numbers,
    "forecast": answer_numbers,
    "text": answer_texts,
}
"""What is answered for each task."""
