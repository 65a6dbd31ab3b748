"""Tasks whose label is one or more numbers, and the next values of a series."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tfline.tasks.answers import tiled
from tfline.tasks.heads.links import Quantiles
from tfline.tasks.heads.numbers import ForecastHead, RegressionHead
from tfline.tasks.task import Card, Label, LabelData, Task, Values
from tfline.transforms.features import LabelSpec
from tfline.transforms.label import exact_horizon, exact_numbers
from tfline.transforms.lazy import lazy_import
from tfline.transforms.target import scale_target

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from tfline.metrics.arrays import Array, Floats
    from tfline.metrics.statistic import Decision
    from tfline.tasks.heads.head import Head
    from tfline.tasks.task import Columns, Errors, Outputs
    from tfline.transforms.analysis.passes import Analysis
    from tfline.transforms.value_counts import Taken
else:
    np = lazy_import("numpy")
    tf = lazy_import("tensorflow")

_SHOWN = 32
"""Numbers of a record that are shown."""


class Regression(Task):
    """One or more numbers."""

    family = "regression"
    fields = frozenset({"targets", "transform"})
    head: ClassVar[type[Head]] = RegressionHead
    has_mean = True
    importance = "rmse"
    compared = "rmse"
    error_name = "off by"
    part = "output"

    def check(self, label: LabelSpec) -> None:
        """Sees that a number is scaled, not cut into tokens."""
        if label.transform and not isinstance(label.transform, str):
            raise ValueError(
                f"A chain of transforms cuts a text into tokens. Received: task {self.name}"
            )

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label; it has no classes."""
        data.check_numbers(label)
        return label, []

    def exact(self, columns: Columns, label: LabelSpec) -> tf.Tensor:
        """Returns the numbers in double precision: float64 [batch], [batch, n] of several."""
        return exact_numbers(columns, label)

    def encode(self, columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
        """Returns the numbers, float32 [batch]; [batch, n] of several targets."""
        return tf.cast(self.exact(columns, label), tf.float32)

    def true_label(self, label: tf.Tensor) -> tf.Tensor:
        """Returns the number, float32 [n], or numbers, [n, size]."""
        is_one = label.shape.rank == 2 and label.shape[1] == 1 and self._is_one(1)
        return tf.squeeze(label, axis=1) if is_one else label

    def beside(self, columns: Columns, label: LabelSpec) -> Analysis[Outputs]:
        """Makes what a model is trained on in place of the label; see `scale_target`."""
        scaled = yield from scale_target(self.exact(columns, label), label)
        return scaled

    def make_head(self, label: Label) -> Head:
        """Returns what a model has to predict, scaled as the train split says."""
        head = super().make_head(label)
        if isinstance(head, RegressionHead) and label.target is not None:
            return dataclasses.replace(head, scale=label.target)
        return head

    def answer(
        self,
        y: tf.Tensor,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns ``prediction`` float32 [batch]; [batch, n] of several outputs or of a forecast.

        Of forecasts at several steps only the last one has not happened yet. Of quantiles, the one
        nearest to the median is the prediction; ``quantiles`` [batch, levels] or
        [batch, n, levels] are all of them, and ``levels`` [batch, levels] what they are called.
        """
        last = y[:, -1] if label.steps > 1 else y  # [batch, n * levels]
        is_one = self._is_one(label.size)
        if not levels:
            return {"prediction": tf.squeeze(last, axis=1) if is_one else last}
        each = tf.reshape(last, [-1, label.size, len(levels)])  # [batch, n, levels]
        middle = Quantiles(tuple(levels)).middle
        return {
            "prediction": each[:, 0, middle] if is_one else each[:, :, middle],
            "quantiles": each[:, 0] if is_one else each,
            "levels": tiled(tf.constant(levels, tf.float32), last),
        }

    def _is_one(self, size: int) -> bool:
        return size == 1

    def method(self, label: Label) -> str:
        """Returns ``regress`` for a single number."""
        return "regress" if self._is_one(label.size) else ""

    @property
    def output(self) -> str:
        """The predicted numbers."""
        return "prediction"

    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns the predicted number [n], or numbers [n, size]."""
        outputs = answer[self.output]
        return tf.reshape(outputs, [-1]) if self._is_one(card.size) else outputs

    def is_flat(self, card: Card) -> bool:
        """Tells whether there is one number."""
        return self._is_one(card.size)

    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns the mean distance of the numbers of a record."""
        apart = np.abs(predictions - labels).reshape(len(labels), -1)
        errors: Floats = apart.mean(axis=1)

        def words(numbers: Any) -> str:
            return ", ".join(f"{number:.6g}" for number in np.ravel(numbers)[:_SHOWN])

        return errors, lambda row: (words(labels[row]), words(predictions[row]))


class Forecast(Regression):
    """The next values of a series."""

    family = "forecast"
    fields = frozenset({"horizon", "steps", "series", "transform"})
    head: ClassVar[type[Head]] = ForecastHead
    compared = "mae"
    part = "step"

    def takes(self, label: LabelSpec) -> dict[str, Taken]:
        """Returns a list of values."""
        return {label.key: "list"}

    def exact(self, columns: Columns, label: LabelSpec) -> tf.Tensor:
        """Returns float64 [batch, horizon]; of several steps [batch, steps, horizon]."""
        return exact_horizon(columns, label)

    def _is_one(self, size: int) -> bool:
        del size
        return False  # a list of one value is a list
