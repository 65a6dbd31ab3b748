"""The records on which a model is far off, with what it saw of them."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfline.components.evaluator.evidence.evidence_file import Mistake, Values
from tfline.components.evaluator.reading.model import ModelCard, Reasons
from tfline.metrics.arrays import Array, Floats
from tfline.metrics.statistic import Decision

SHOWN = 24
"""Mistakes that are kept."""

_ITEMS, _NUMBERS, _TEXT, _BYTES = 32, 64 * 64, 2000, 1 << 20
"""What is kept of a feature: texts, numbers (a small picture, a series), characters, bytes."""

Describe = Callable[[int], tuple[str, str]]
"""From the row of a record to its label and its prediction, in words."""


def worst_mistakes(
    examples: Sequence[Any],
    numbers: Sequence[int],
    labels: Array,
    predictions: Floats,
    card: ModelCard,
    threshold: float,
    texts: Describe | None = None,
    explain: Callable[[Sequence[int]], Reasons] | None = None,
) -> tuple[Mistake, ...]:
    """Returns the records with the largest errors, the worst first.

    Args:
        examples: tf.Examples, n of them.
        numbers: The number of each among all eval records.
        labels: As in `tfline.metrics.statistic`.
        predictions: As in `tfline.metrics.statistic`.
        card: What is predicted, and from which raw features.
        threshold: Probability from which on a binary prediction counts as positive.
        texts: Reference and answer of a record, if they are texts.
        explain: From the rows of records to what led to their answers, if the model tells.
    """
    decision = Decision(len(card.classes), threshold)
    errors, describe = card.asks.errors(labels, predictions, card, decision)
    worst = np.argsort(-errors, kind="stable")[:SHOWN]
    rows = worst[errors[worst] > 0]
    reasons = explain(rows.tolist()) if explain is not None and len(rows) else None
    mistakes = []
    for place, row in enumerate(rows):
        label, predicted = (texts or describe)(int(row))
        features = examples[row].features.feature
        mistakes.append(
            Mistake(
                record=int(numbers[row]),
                label=label,
                predicted=predicted,
                error=float(errors[row]),
                features={key: read_values(features[key]) for key in card.features},
                **_added(reasons, place),
            )
        )
    return tuple(mistakes)


def _added(reasons: Reasons | None, place: int) -> dict[str, Any]:
    """Returns what led to an answer; nothing where it is not known, or is of several numbers."""
    if reasons is None or reasons.attributions.ndim != 2:
        return {}
    added = zip(reasons.names, reasons.attributions[place].tolist(), strict=True)
    return {"attributions": dict(added), "unit": reasons.unit}


def read_values(feature: Any) -> Values:
    """Returns what a tf.train.Feature holds; texts and lists are cut to a length to be read."""
    raw = feature.bytes_list.value[:_ITEMS]
    if raw:
        texts = [_text(value) for value in raw]
        if None not in texts:
            return Values(texts=tuple(text[:_TEXT] for text in texts if text is not None))
        kept = [value for value in raw[:1] if len(value) <= _BYTES]
        return Values(encoded=tuple(base64.b64encode(value).decode() for value in kept))
    numbers = (feature.int64_list.value or feature.float_list.value)[:_NUMBERS]
    return Values(numbers=tuple(float(x) if math.isfinite(x) else None for x in numbers))


def _text(value: bytes) -> str | None:
    """Returns bytes as text; None if they are none: small pixels are valid UTF-8, too."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char.isspace() for char in text) else None
