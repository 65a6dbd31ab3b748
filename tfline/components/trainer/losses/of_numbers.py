"""Losses of labels that are numbers.

Numbers are scaled (see `tfline.transforms.target`): an error of 1 is a standard deviation of the
label. Losses whose formula has a meaning in the unit of the label alone are computed in it.
"""

from __future__ import annotations

import abc
import itertools
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pydantic
from pydantic import Field

from tfline.components.trainer.losses.loss import Loss, LossFunction
from tfline.tasks.heads.links import Link, Log, Quantiles
from tfline.tasks.heads.numbers import RegressionHead
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.tasks.heads.head import Head
else:
    keras = lazy_import("keras")

Level = Annotated[float, Field(gt=0, lt=1)]


class NumberLoss(Loss):
    """What the losses of numbers have in common."""

    tasks: ClassVar[frozenset[str]] = frozenset({"regression", "forecast"})


class PlainLoss(NumberLoss):
    """A loss of numbers whatever their unit is: those of an image, too."""

    tasks: ClassVar[frozenset[str]] = NumberLoss.tasks | {"image"}


def _numbers(head: Head) -> RegressionHead:
    if not isinstance(head, RegressionHead):
        raise TypeError(f"Expected the head of a number. Received: {head}.")
    return head


class MeanSquaredError(PlainLoss):
    """The mean of the squared errors."""

    keras_name = "MeanSquaredError"

    name: Literal["mean_squared_error"] = "mean_squared_error"


class MeanAbsoluteError(PlainLoss):
    """The mean of the absolute errors: outliers count for less."""

    keras_name = "MeanAbsoluteError"

    name: Literal["mean_absolute_error"] = "mean_absolute_error"


class UnscaledLoss(NumberLoss):
    """A loss of numbers in the unit of the label."""

    def build(self, head: Head) -> LossFunction:
        """See `Loss.build`."""
        kind = getattr(keras.losses, self.keras_name)()
        numbers = _numbers(head)

        def loss(y_true: Any, y_pred: Any) -> Any:
            return kind.call(numbers.scale.restored(y_true), numbers.restore(y_pred))

        return loss


class MeanAbsolutePercentageError(UnscaledLoss):
    """The mean of the errors in per cent of the label."""

    keras_name = "MeanAbsolutePercentageError"

    name: Literal["mean_absolute_percentage_error"] = "mean_absolute_percentage_error"


class MeanSquaredLogarithmicError(UnscaledLoss):
    """The mean of the squared errors of log(1 + y); a `transform: log1p` of the label is better."""

    keras_name = "MeanSquaredLogarithmicError"
    above = -1.0

    name: Literal["mean_squared_logarithmic_error"] = "mean_squared_logarithmic_error"


class Huber(PlainLoss):
    """Squared for errors up to `delta`, linear beyond (Huber 1964)."""

    keras_name = "Huber"

    name: Literal["huber"] = "huber"
    delta: float = Field(
        default=1.0,
        gt=0,
        description="Where the parabola becomes a line; in standard deviations of the label, "
        "unless its `transform` is none.",
    )


class LogCosh(PlainLoss):
    """log(cosh(error)): like Huber's, and smooth."""

    keras_name = "LogCosh"

    name: Literal["log_cosh"] = "log_cosh"


class LogLoss(NumberLoss):
    """A loss of numbers that are not negative, nor are their predictions.

    The model predicts the logarithm; outputs and labels are in units of the mean label.
    """

    above = 0.0

    @property
    def link(self) -> Link:
        """See `Loss.link`."""
        return Log()

    def build(self, head: Head) -> LossFunction:
        """See `Loss.build`."""
        scale = _numbers(head).scale

        def loss(y_true: Any, y_pred: Any) -> Any:
            return self.mean(self.link.target(y_true, scale), y_pred)

        return loss

    @abc.abstractmethod
    def mean(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each row, [batch], for labels and predictions [batch, n]."""


class Poisson(LogLoss):
    """For counts: the likelihood of a Poisson distribution with the predicted mean."""

    from_above = True

    name: Literal["poisson"] = "poisson"

    def mean(self, y_true: Any, y_pred: Any) -> Any:
        """See `LogLoss.mean`."""
        return keras.losses.poisson(y_true, y_pred)


class Gamma(LogLoss):
    """For sizes above 0 whose error grows with them, such as costs: a gamma distribution's."""

    name: Literal["gamma"] = "gamma"

    def mean(self, y_true: Any, y_pred: Any) -> Any:
        """See `LogLoss.mean`."""
        least = keras.ops.maximum(y_pred, keras.config.epsilon())
        return keras.ops.mean(y_true / least + keras.ops.log(least), axis=-1)


class Quantile(NumberLoss):
    """Quantiles of what the label may be (Koenker and Bassett 1978): an interval, not a mean.

    Between the first and the last of `levels` 0.05, 0.5, 0.95 lie nine of ten labels. The level
    nearest to 0.5 is the prediction that is evaluated; an answer has all in ``quantiles``.
    """

    name: Literal["quantile"] = "quantile"
    levels: tuple[Level, ...] = Field(
        default=(0.05, 0.5, 0.95), min_length=1, strict=False, description="In increasing order."
    )

    @pydantic.field_validator("levels")
    @classmethod
    def _check_increasing(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in itertools.pairwise(levels)):
            raise ValueError(f"Expected levels in increasing order. Received: {list(levels)}")
        return levels

    @property
    def link(self) -> Quantiles:
        """See `Loss.link`."""
        return Quantiles(self.levels)

    def build(self, head: Head) -> LossFunction:
        """Returns the pinball loss, mean over the levels."""
        del head

        def loss(y_true: Any, y_pred: Any) -> Any:
            each = self.link.apart(y_pred)  # [batch, ..., numbers, levels]
            targets = keras.ops.reshape(y_true, keras.ops.shape(each)[:-1])
            error = keras.ops.cast(targets, each.dtype)[..., None] - each
            levels = keras.ops.array(self.levels, each.dtype)
            return keras.ops.mean(keras.ops.maximum(levels * error, (levels - 1) * error), axis=-1)

        return loss
