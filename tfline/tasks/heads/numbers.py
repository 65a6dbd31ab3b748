"""Heads of labels that are numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tfline.tasks.heads.head import Head
from tfline.tasks.heads.links import Identity, Link, Log, Quantiles
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import
from tfline.transforms.target import TargetScale

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from tfline.tasks.heads import unscaled
else:
    keras = lazy_import("keras")
    tf = lazy_import("tensorflow")
    unscaled = lazy_import("tfline.tasks.heads.unscaled")


@dataclasses.dataclass(frozen=True)
class RegressionHead(Head):
    """One or more numbers, [batch, size].

    What a model gives, and what it is trained on, is scaled; `restore` undoes it.

    Attributes:
        scale: How the numbers are scaled.
        link: How an output and a number belong together; it follows from the loss.
    """

    scale: TargetScale = dataclasses.field(default_factory=TargetScale)
    link: Link = dataclasses.field(default_factory=Identity)

    task: ClassVar[str] = "regression"

    @property
    def activation(self) -> str:
        """What turns logits into the output."""
        return self.link.activation

    @property
    def units(self) -> int:
        """How many outputs there are: a number each, or its quantiles."""
        return self.size * max(1, len(self.link.levels))

    def loss(self) -> keras.losses.Loss:
        """Returns the mean squared error."""
        return keras.losses.MeanSquaredError()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the mean absolute error; and how often a quantile is not exceeded."""
        found = [self.shown(keras.metrics.MeanAbsoluteError(name="mae"))]
        if isinstance(self.link, Quantiles) and len(self.link.levels) > 1:
            found.append(unscaled.Coverage(self.size, len(self.link.levels)))
        return found

    def shown(self, metric: Any) -> keras.metrics.Metric:
        """Returns a metric, or a function that is one, of numbers in the unit of the label."""
        return unscaled.Unscaled(metric, self.scale.restored, self.predicted)

    @property
    def loss_unit(self) -> str:
        """What the loss is computed on, in words; empty if it is the label as it is."""
        scale = self.scale
        if scale.transform == "none":
            return ""
        if isinstance(self.link, Log):
            return f"labels in units of their mean, {_listed(scale.shift)}"
        what = "log(1 + label)" if scale.transform == "log1p" else "labels"
        return f"{what} in units of the standard deviation, {_listed(scale.scale)}"

    def restore(self, y: tf.Tensor) -> tf.Tensor:
        """Returns outputs, [..., units], in the unit of the label: float32 of the same shape."""
        return self.link.restored(y, self.scale)

    def predicted(self, y: tf.Tensor) -> tf.Tensor:
        """Returns the numbers that outputs [..., units] predict: float32 [..., size]."""
        restored = self.restore(y)
        if isinstance(self.link, Quantiles):
            return self.link.apart(restored)[..., self.link.middle]
        return restored


@dataclasses.dataclass(frozen=True)
class ForecastHead(RegressionHead):
    """The next values of a series, [batch, horizon]; or at each step, [batch, steps, horizon]."""

    task: ClassVar[str] = "forecast"

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output, the batch first."""
        return (None, self.units) if self.steps == 1 else (None, self.steps, self.units)

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output for the last hidden layer, [batch, n] or [batch, steps, n].

        Raises:
            ModelError: The model has not as many steps as the label.
        """
        steps = x.shape[1] if len(x.shape) == 3 else 1
        if steps != self.steps:
            raise ModelError(
                f"The label asks for a forecast at {self.steps} steps, the model makes one at "
                f"{steps}",
                where="label.steps",
                hint="A recurrent model or `wavenet` makes one at each step of its `window`; leave "
                "`steps` out for a forecast after the last step.",
            )
        return super().output(x)

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the mean absolute error; of the last step alone, if there are several."""
        if self.steps == 1:
            return super().metrics()
        return [self.shown(keras.metrics.MeanMetricWrapper(_last_step_error, name="mae"))]


def _last_step_error(label: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the absolute errors after the last step, [batch, horizon]."""
    return keras.ops.abs(label[:, -1] - output[:, -1])


def _listed(numbers: Sequence[float], most: int = 3) -> str:
    """Returns the first of some numbers."""
    more = ", ..." if len(numbers) > most else ""
    return ", ".join(f"{number:.4g}" for number in numbers[:most]) + more
