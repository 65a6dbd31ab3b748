"""What a served model answers: the output of a model under the names that a client reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tfline.components.trainer.models.generation.decoding import Texts
from tfline.components.trainer.models.heads.links import Quantiles
from tfline.components.trainer.transform_graph import TransformMetadata
from tfline.transforms.features import BOX, Task
from tfline.transforms.target_text import write_text

Outputs = dict[str, tf.Tensor]

Threshold = Callable[[], tf.Tensor]
"""Returns the probability from which on a record is of a class, float32 []."""


def answer(
    y: tf.Tensor | Texts, metadata: TransformMetadata, threshold: Threshold | None
) -> Outputs:
    """Names the output of a model.

    Args:
        y: The output of the model; see `Head.output_shape`. Of a text, those that were found.
        metadata: The task and the classes.
        threshold: What the functions of `DECIDED` decide by; None for the other tasks.

    Returns:
        What the function of `ANSWERS` or `DECIDED` says.
    """
    if threshold is not None:
        return DECIDED[metadata.task](y, metadata, threshold())
    return ANSWERS[metadata.task](y, metadata)


def answer_class(y: tf.Tensor, metadata: TransformMetadata) -> Outputs:
    """Returns ``label`` string [batch], ``probabilities`` float32 and ``classes`` [batch, k]."""
    return _named(tf.argmax(y, axis=1), y, metadata)


def answer_one_of_two(y: tf.Tensor, metadata: TransformMetadata, threshold: tf.Tensor) -> Outputs:
    """Returns what `answer_class` does, for the probability [batch, 1] of the second class."""
    index = tf.cast(y[:, 0] >= threshold, tf.int64)  # [batch]
    return _named(index, tf.concat([1 - y, y], axis=1), metadata)


def _named(index: tf.Tensor, probabilities: tf.Tensor, metadata: TransformMetadata) -> Outputs:
    names = tf.constant(metadata.classes)  # [k]
    return {
        "label": tf.gather(names, index),
        "probabilities": probabilities,
        "classes": _tiled(names, probabilities),
    }


def answer_classes(y: tf.Tensor, metadata: TransformMetadata, threshold: tf.Tensor) -> Outputs:
    """Returns ``decisions`` int64 (0 or 1), ``probabilities`` and ``classes``, all [batch, k]."""
    return {
        "decisions": tf.cast(y >= threshold, tf.int64),
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


def answer_quantiles(y: tf.Tensor, metadata: TransformMetadata, levels: Sequence[float]) -> Outputs:
    """Returns quantiles, and the one nearest to the median as `answer_numbers` returns a number.

    Args:
        y: float32 [batch, n * levels]; of forecasts at several steps [batch, steps, n * levels].
        metadata: The task.
        levels: Of the quantiles of a number, in increasing order.

    Returns:
        ``prediction`` [batch] or [batch, n]; ``quantiles`` [batch, levels] or [batch, n, levels],
        and their ``levels`` [batch, levels], all float32.
    """
    last = y[:, -1] if metadata.steps > 1 else y
    each = tf.reshape(last, [-1, metadata.size, len(levels)])  # [batch, n, levels]
    middle = Quantiles(tuple(levels)).middle
    is_one = metadata.task == "regression" and metadata.size == 1
    return {
        "prediction": each[:, 0, middle] if is_one else each[:, :, middle],
        "quantiles": each[:, 0] if is_one else each,
        "levels": _tiled(tf.constant(levels, tf.float32), last),
    }


def answer_texts(y: Texts, metadata: TransformMetadata) -> Outputs:
    """Returns the best texts: ``sequences`` string and ``scores`` float32, both [batch, k]."""
    return {
        "sequences": write_text(y.tokens, metadata.classes, metadata.separator),
        "scores": y.scores,
    }


def answer_box(y: tf.Tensor, metadata: TransformMetadata) -> Outputs:
    """Returns what `answer_class` does, and ``box`` float32 [batch, 4]: see `features.BOX`."""
    return {**answer_class(y[:, : -len(BOX)], metadata), "box": y[:, -len(BOX) :]}


def answer_mask(y: tf.Tensor, metadata: TransformMetadata) -> Outputs:
    """Returns ``mask`` int64 [batch, height, width], class indices, and ``classes`` [batch, k]."""
    mask = tf.reshape(tf.argmax(y, axis=2), [-1, *(metadata.shape or ())])
    return {"mask": mask, "classes": _tiled(tf.constant(metadata.classes), y)}


def _tiled(names: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return tf.tile(names[tf.newaxis], [tf.shape(y)[0], 1])


ANSWERS: Mapping[Task, Callable[[Any, TransformMetadata], Outputs]] = {
    "multiclass": answer_class,
    "regression": answer_numbers,
    "forecast": answer_numbers,
    "text": answer_texts,
    "box": answer_box,
    "mask": answer_mask,
}
"""What is answered for each task that decides by no threshold."""

DECIDED: Mapping[Task, Callable[[tf.Tensor, TransformMetadata, tf.Tensor], Outputs]] = {
    "binary": answer_one_of_two,
    "multilabel": answer_classes,
}
"""What is answered for each task that decides by a threshold."""
