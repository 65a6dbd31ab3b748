"""Permutation importance: how much a metric loses when one raw feature is shuffled.

Breiman (2001), "Random forests", section 10; in the model-agnostic form of Fisher, Rudin and
Dominici (2019), "All models are wrong, but many are useful".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tfline.components.evaluator.evidence.evidence_file import Importance, Importances
from tfline.components.evaluator.reading.model import ModelCard
from tfline.metrics.arrays import Array, Floats
from tfline.metrics.statistic import Decision

if TYPE_CHECKING:
    import tensorflow as tf

RECORDS = 500
"""Records that are shuffled at most."""

PREDICTIONS = 15_000
"""Predictions that may be spent beside one round of all features; more rounds, less chance."""

MAX_ROUNDS = 5

Predict = Callable[[Sequence[bytes]], Floats]
"""From serialized tf.Examples to predictions; shapes as in `tfline.metrics.statistic`."""


def permutation_importance(
    examples: Sequence[tf.train.Example],
    labels: Array,
    predict: Predict,
    card: ModelCard,
    threshold: float,
    weights: Floats | None = None,
) -> Importances | None:
    """Shuffles one raw feature after the other.

    The shuffling is the same for the same number of records.

    Args:
        examples: At most `RECORDS` are used, the first ones.
        labels: [n], as in `tfline.metrics.statistic`.
        predict: The model.
        card: What it predicts, and from which raw features.
        threshold: Probability from which on a binary prediction counts as positive.
        weights: How much each record counts, float64 [n]; None: all the same.

    Returns:
        The importance of each raw feature; None if there is only one, or no metric for the task.
    """
    task = card.asks
    name = task.importance
    if not name or len(card.features) < 2:
        return None
    examples, labels = examples[:RECORDS], labels[:RECORDS]
    column = None if weights is None else weights[:RECORDS, None]
    metric, decision = task.metrics[name], Decision(len(card.classes), threshold)
    sign = 1 if metric.better == "larger" else -1

    def measure(records: Sequence[bytes]) -> float:
        statistic = metric.statistic.of(labels, predict(records), decision, column)
        return float(metric.compute(task.family, statistic)[0])

    base = measure([example.SerializeToString() for example in examples])
    if np.isnan(base):
        return None
    rounds = PREDICTIONS // (len(examples) * len(card.features))
    rounds = max(1, min(rounds, MAX_ROUNDS))
    chance = np.random.default_rng(0)
    orders = [chance.permutation(len(examples)) for _ in range(rounds)]
    found = []
    for feature in card.features:
        losses = [sign * (base - measure(_shuffled(examples, feature, order))) for order in orders]
        found.append(
            Importance(feature=feature, loss=float(np.mean(losses)), spread=float(np.std(losses)))
        )
    found.sort(key=lambda importance: (-importance.loss, importance.feature))
    return Importances(
        metric=name, base=base, records=len(examples), rounds=rounds, features=tuple(found)
    )


def _shuffled(examples: Sequence[Any], key: str, order: Array) -> list[bytes]:
    """Returns the records, each with feature `key` of another one: where that has none, none."""
    donors = [
        examples[place].features.feature[key].SerializeToString()
        if key in examples[place].features.feature
        else None
        for place in order
    ]
    records = []
    for example, donor in zip(examples, donors, strict=True):
        features = example.features.feature
        own = features[key].SerializeToString() if key in features else None
        _put(features, key, donor)
        records.append(example.SerializeToString())
        _put(features, key, own)
    return records


def _put(features: Any, key: str, value: bytes | None) -> None:
    if value is not None:
        features[key].ParseFromString(value)
    elif key in features:
        del features[key]
