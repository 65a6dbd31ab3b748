"""What an explainer is given and returns."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf


class Explained(NamedTuple):
    """The scores of some records as sums.

    Attributes:
        contributions: Transformed feature to what it adds to each score, [batch, numbers].
        baseline: The score that they are added to, [batch, numbers].
        score: The sum, [batch, numbers].
    """

    contributions: Mapping[str, tf.Tensor]
    baseline: tf.Tensor
    score: tf.Tensor


class Explainer(abc.ABC):
    """Takes the scores of a trained model apart.

    Attributes:
        unit: What a score is, in words.
        numbers: How many scores an answer has.
    """

    unit: str
    numbers: int

    @property
    def size(self) -> int:
        """How many numbers it adds to an exported model."""
        return 0

    @abc.abstractmethod
    def explain(
        self, features: Mapping[str, tf.Tensor], chosen: tf.Tensor | None = None
    ) -> Explained:
        """Explains answers; in a graph.

        Args:
            features: The transformed features, [batch, ...].
            chosen: 1 for the class whose score is explained, else 0, [batch, classes], where there
                are several; None: the one that the model decides for.
        """
