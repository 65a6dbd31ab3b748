"""The head of a label of ordered classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.tasks.heads.classes import ClassesHead
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


class OrdinalHead(ClassesHead):
    """One of several ordered classes: the probability of each, [batch, classes].

    They follow from a single score: see `tfline.tasks.heads.cumulative`.
    """

    task = "ordinal"
    activation = "cumulative_logit"
    logits = 1

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output [batch, units] for the last hidden layer [batch, n].

        The score has no bias: the thresholds have one each.
        """
        score = keras.layers.Dense(self.logits, use_bias=False, dtype="float32", name="score")(x)
        return self.activate(score, "output")

    def activate(self, logits: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Returns the output, in float32, for scores [batch, 1] that are there already."""
        from tfline.tasks.heads.cumulative import CumulativeLogit

        return CumulativeLogit(self.units, dtype="float32", name=name)(logits)

    def loss(self) -> keras.losses.Loss:
        """Returns the negative log-likelihood of class indices, [batch]."""
        from tfline.tasks.heads.cumulative import OrdinalLoss

        return OrdinalLoss()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns accuracy, and how many ranks decisions are off."""
        from tfline.tasks.heads.cumulative import rank_error

        return [
            keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
            keras.metrics.MeanMetricWrapper(rank_error, name="rank_mae"),
        ]
