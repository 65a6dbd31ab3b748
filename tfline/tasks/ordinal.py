"""The task whose label is one of several classes that are in an order: ratings, grades, stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfline.metrics.statistic import decide
from tfline.tasks.classes import Multiclass, listed_count
from tfline.tasks.heads.ordinal import OrdinalHead
from tfline.tasks.task import Card, Label, LabelData, Values
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import LabelSpec
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from tfline.metrics.arrays import Array, Floats
    from tfline.metrics.statistic import Decision
    from tfline.tasks.task import Errors, Outputs
else:
    np = lazy_import("numpy")
    tf = lazy_import("tensorflow")

NAME_THEM = "Name them from the lowest to the highest: `classes: [bad, fair, good]`."


class Ordinal(Multiclass):
    """One of several classes, from the lowest to the highest: the probability of each."""

    family = "ordinal"
    head = OrdinalHead
    importance = "rank_mae"
    error_name = "ranks off"
    error_is_share = False

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label and its classes in their order; integers have one.

        Raises:
            AnomalyError: They are names, whose order nobody has told.
        """
        label, values = super().settle(label, data)
        if label.classes is None and any(isinstance(value, str) for value in values):
            names = listed_count([str(value) for value in values])
            raise AnomalyError(
                f"The classes of the ordinal label '{label.key}' are names, whose order is not "
                f"known: {names}",
                hint=NAME_THEM,
            )
        return label, values

    def answer(
        self,
        y: tf.Tensor,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns what `named_classes` does, for the most probable class, and ``rank``.

        That is the mean place of the classes by their probability, from 0: float32 [batch].
        """
        places = tf.range(len(label.classes), dtype=tf.float32)  # [k]
        rank = tf.reduce_sum(y * places, axis=1)
        return {**super().answer(y, label, threshold, levels), "rank": rank}

    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns how many ranks each decision is off."""
        decided = decide(predictions, decision)  # [n]
        errors: Floats = np.abs(decided - labels).astype(np.float64)
        return errors, lambda row: (card.classes[labels[row]], card.classes[decided[row]])

    def describe(self, classes: Sequence[str]) -> str:
        """Returns the classes from the lowest to the highest."""
        if not classes:
            return self.name
        shown = [*classes[:10], "...", classes[-1]] if len(classes) > 12 else classes
        return f"{self.name}: {' < '.join(shown)}"
