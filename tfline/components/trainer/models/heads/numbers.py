"""Heads of labels that are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfline.components.trainer.models.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.features import Task
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


class RegressionHead(Head):
    """One or more numbers, [batch, size]."""

    task: ClassVar[Task] = "regression"
    activation = "linear"

    @property
    def units(self) -> int:
        """How many numbers there are."""
        return self.size

    def loss(self) -> keras.losses.Loss:
        """Returns the mean squared error."""
        return keras.losses.MeanSquaredError()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the mean absolute error."""
        return [keras.metrics.MeanAbsoluteError(name="mae")]


class ForecastHead(RegressionHead):
    """The next values of a series, [batch, horizon]; or at each step, [batch, steps, horizon]."""

    task = "forecast"

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
        return [keras.metrics.MeanMetricWrapper(_last_step_error, name="mae")]


def _last_step_error(label: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the absolute errors after the last step, [batch, horizon]."""
    return keras.ops.abs(label[:, -1] - output[:, -1])
