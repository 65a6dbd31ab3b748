"""The answer of the signature ``explain``."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tfline.components.trainer.explain.explainer import Explained
from tfline.components.trainer.transform_graph import FeatureMetadata
from tfline.tasks.answers import tiled


def answer_explained(
    explained: Explained, features: Sequence[FeatureMetadata], numbers: int, unit: str
) -> dict[str, tf.Tensor]:
    """Names an explanation, by raw feature.

    Args:
        explained: By transformed feature.
        features: The transformed features. What is made of several raw features is shared by them
            alike.
        numbers: How many scores an answer has.
        unit: What a score is, in words.

    Returns:
        ``features`` string [batch, raw], the names of the raw features; ``attributions`` float32
        [batch, raw], what each has added; ``baseline`` float32 [batch], what it is added to;
        ``score`` float32 [batch], the sum; ``unit`` string [batch]. Of several numbers the floats
        have one for each of them in a last axis.
    """
    shares: dict[str, tf.Tensor] = {}
    for feature in features:
        part = explained.contributions.get(feature.name)
        for key in feature.keys:
            share = 0.0 if part is None else part / len(feature.keys)
            shares[key] = share + shares.get(key, tf.zeros_like(explained.score))
    names = list(shares)
    attributions = tf.stack([shares[key] for key in names], axis=1)  # [batch, raw, numbers]
    baseline, score = explained.baseline, explained.score
    if numbers == 1:
        attributions = attributions[..., 0]
        baseline, score = baseline[:, 0], score[:, 0]
    return {
        "features": tiled(tf.constant(names), score),
        "attributions": attributions,
        "baseline": baseline,
        "score": score,
        "unit": tf.repeat(tf.constant([unit]), tf.shape(score)[0]),
    }
