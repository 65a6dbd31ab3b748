"""The records on which a model is far off, with what it saw of them."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfline.components.evaluator.evidence.evidence_file import Mistake, Values
from tfline.components.evaluator.reading.model import ModelCard
from tfline.metrics.arrays import Array, Floats
from tfline.metrics.boxes import overlaps
from tfline.metrics.statistic import Decision, decide
from tfline.transforms.features import Task

SHOWN = 24
"""Mistakes that are kept."""

_NUMBERS, _SERIES, _TEXT, _BYTES = 32, 256, 2000, 1 << 20
"""What is kept of a feature: numbers, characters, bytes."""

Describe = Callable[[int], tuple[str, str]]
"""From the row of a record to its label and its prediction, in words."""

Errors = tuple[Floats, Describe]
"""The error of each record [n], 0 where it is right; and what describes one."""


def _class_errors(labels: Array, predictions: Floats, card: ModelCard, threshold: float) -> Errors:
    """Returns the probability of all but the true class, where another one was decided for."""
    rows = np.arange(len(labels))
    decided = decide(predictions, Decision(len(card.classes), threshold))  # [n]
    if predictions.ndim == 1:
        of_label = np.where(labels == 1, predictions, 1 - predictions)
    else:
        of_label = predictions[rows, labels]
    errors: Floats = np.where(decided == labels, 0.0, 1 - of_label)
    return errors, lambda row: (card.classes[labels[row]], card.classes[decided[row]])


def _label_errors(labels: Array, predictions: Floats, card: ModelCard, threshold: float) -> Errors:
    """Returns the largest distance of a probability from its label, where a label is wrong."""
    decided = predictions >= threshold  # [n, k]
    wrong = (decided != (labels > 0)).any(axis=1)  # [n]
    errors: Floats = np.where(wrong, np.abs(predictions - labels).max(axis=1), 0.0)

    def names(flags: Array) -> str:
        return ", ".join(np.array(card.classes)[flags]) or "(none)"

    return errors, lambda row: (names(labels[row] > 0), names(decided[row]))


def _number_errors(labels: Array, predictions: Floats, *_: object) -> Errors:
    """Returns the mean distance of the numbers of a record."""
    apart = np.abs(predictions - labels).reshape(len(labels), -1)
    errors: Floats = apart.mean(axis=1)

    def words(numbers: Array) -> str:
        return ", ".join(f"{number:.6g}" for number in np.ravel(numbers)[:_NUMBERS])

    return errors, lambda row: (words(labels[row]), words(predictions[row]))


def _text_errors(*arguments: Any) -> Errors:
    """Returns the negative log-likelihood a token of references that were not written."""
    predictions: Floats = arguments[1]
    loss = -predictions[:, 1] / np.maximum(predictions[:, 2], 1)
    errors: Floats = np.where(predictions[:, 0] > 0, 0.0, loss)
    return errors, lambda _: ("", "")  # the numbers do not hold the texts


def _box_errors(labels: Array, predictions: Floats, card: ModelCard, *_: object) -> Errors:
    """Returns how much the union of both boxes exceeds what they share; 1 for a wrong class."""
    k = len(card.classes)
    classes, decided = labels[:, 0].astype(np.int64), predictions[:, :k].argmax(axis=1)  # [n]
    apart = 1 - overlaps(labels[:, 1:], predictions[:, k:])
    errors: Floats = np.where(classes == decided, apart, 1.0)

    def words(index: int, box: Array) -> str:
        return f"{card.classes[index]} at {', '.join(f'{side:.3g}' for side in box)}"

    return errors, lambda row: (
        words(classes[row], labels[row, 1:]),
        words(decided[row], predictions[row, k:]),
    )


def _mask_errors(labels: Array, predictions: Floats, card: ModelCard, *_: object) -> Errors:
    """Returns the share of the pixels whose class is wrong."""
    errors: Floats = (labels != predictions).mean(axis=1)

    def words(pixels: Array) -> str:
        counts = np.bincount(pixels.astype(np.int64), minlength=len(card.classes))
        shares = zip(card.classes, counts / len(pixels), strict=True)
        return ", ".join(f"{name} {share:.0%}" for name, share in shares if share)

    return errors, lambda row: (words(labels[row]), words(predictions[row]))


ERRORS: dict[Task, Callable[[Array, Floats, ModelCard, float], Errors]] = {
    "binary": _class_errors,
    "multiclass": _class_errors,
    "multilabel": _label_errors,
    "regression": _number_errors,
    "forecast": _number_errors,
    "text": _text_errors,
    "box": _box_errors,
    "mask": _mask_errors,
}
"""What an error is, by task."""


def worst_mistakes(
    examples: Sequence[Any],
    numbers: Sequence[int],
    labels: Array,
    predictions: Floats,
    card: ModelCard,
    threshold: float,
    texts: Describe | None = None,
) -> tuple[Mistake, ...]:
    """Returns the records with the largest errors, the worst first.

    Args:
        examples: tf.Examples, n of them.
        numbers: The number of each among all eval records.
        labels: As in `tfline.metrics.statistic`.
        predictions: As in `tfline.metrics.statistic`.
        card: What is predicted, and from which raw features.
        threshold: Probability from which on a binary prediction counts as positive.
        texts: Reference and answer of a record, for those of the task ``text``.
    """
    if card.task not in ERRORS:
        return ()
    errors, describe = ERRORS[card.task](labels, predictions, card, threshold)
    worst = np.argsort(-errors, kind="stable")[:SHOWN]
    mistakes = []
    for row in worst[errors[worst] > 0]:
        label, predicted = (texts or describe)(int(row))
        features = examples[row].features.feature
        mistakes.append(
            Mistake(
                record=int(numbers[row]),
                label=label,
                predicted=predicted,
                error=float(errors[row]),
                features={key: read_values(features[key]) for key in card.features},
            )
        )
    return tuple(mistakes)


def read_values(feature: Any) -> Values:
    """Returns what a tf.train.Feature holds; texts and lists are cut to a length to be read."""
    raw = feature.bytes_list.value[:_NUMBERS]
    if raw:
        texts = [_text(value) for value in raw]
        if None not in texts:
            return Values(texts=tuple(text[:_TEXT] for text in texts if text is not None))
        kept = [value for value in raw[:1] if len(value) <= _BYTES]
        return Values(encoded=tuple(base64.b64encode(value).decode() for value in kept))
    numbers = (feature.int64_list.value or feature.float_list.value)[:_SERIES]
    return Values(numbers=tuple(float(x) if math.isfinite(x) else None for x in numbers))


def _text(value: bytes) -> str | None:
    """Returns bytes as text; None if they are none: small pixels are valid UTF-8, too."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char.isspace() for char in text) else None
