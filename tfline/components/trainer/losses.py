"""The losses of a spec: Keras's, for the tasks that they fit, checked without importing it.

A label is the index of a class or a number; where Keras wants one-hot vectors, they are made here.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from tfline.components.trainer.named import OwnCode, short_forms
from tfline.transforms.errors import SpecError
from tfline.transforms.features import FrozenModel
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.heads.head import Head
else:
    keras = lazy_import("keras")

LossFunction = Callable[[Any, Any], Any]
"""From a batch of labels and of predictions to a loss each; Keras's `Loss` objects are callable."""

YES_OR_NO = frozenset({"binary", "multilabel"})
ONE_OF_MANY = frozenset({"multiclass"})
NUMBERS = frozenset({"regression", "forecast"})

Smoothing = Annotated[
    float, Field(ge=0, lt=1, description="How far labels of 0 and 1 are drawn to each other.")
]


class Loss(FrozenModel):
    """What all losses have in common.

    Attributes:
        keras_name: The class in `keras.losses`.
        tasks: The labels that it fits.
    """

    keras_name: ClassVar[str]
    tasks: ClassVar[frozenset[str]] = NUMBERS

    name: str

    def build(self, head: Head) -> LossFunction:
        """Returns Keras's loss."""
        del head
        kind = getattr(keras.losses, self.keras_name)
        loss: LossFunction = kind(**self.model_dump(exclude={"name"}))
        return loss


class BinaryCrossentropy(Loss):
    """The crossentropy of two classes, or of each of several labels."""

    keras_name = "BinaryCrossentropy"
    tasks = YES_OR_NO

    name: Literal["binary_crossentropy"] = "binary_crossentropy"
    label_smoothing: Smoothing = Field(default=0.0, description="How far 0 and 1 are drawn to 1/2.")


class SparseCategoricalCrossentropy(Loss):
    """The crossentropy of several classes."""

    keras_name = "SparseCategoricalCrossentropy"
    tasks = ONE_OF_MANY

    name: Literal["sparse_categorical_crossentropy"] = "sparse_categorical_crossentropy"


class CategoricalCrossentropy(Loss):
    """The crossentropy of several classes, with smoothed labels (Szegedy et al. 2016)."""

    keras_name = "CategoricalCrossentropy"
    tasks = ONE_OF_MANY

    name: Literal["categorical_crossentropy"] = "categorical_crossentropy"
    label_smoothing: Smoothing = Field(
        default=0.0, description="The share of a label that is spread evenly over all classes."
    )

    def build(self, head: Head) -> LossFunction:
        """See `Loss.build`."""
        function = keras.losses.categorical_crossentropy
        return of_indices(function, head.units, label_smoothing=self.label_smoothing)


class Focal(Loss):
    """Crossentropy that counts what is learnt already for less (Lin et al. 2017)."""

    tasks = YES_OR_NO | ONE_OF_MANY

    name: Literal["focal"] = "focal"
    gamma: float = Field(default=2.0, ge=0, description="How much less; 0: the crossentropy.")
    alpha: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="The weight of the second of two classes, the first has 1 - alpha; of "
        "several, the weight of all.",
    )
    label_smoothing: Smoothing = 0.0

    def build(self, head: Head) -> LossFunction:
        """See `Loss.build`."""
        arguments = {"gamma": self.gamma, "label_smoothing": self.label_smoothing}
        if head.task in YES_OR_NO:
            balance = {"apply_class_balancing": self.alpha is not None, "alpha": self.alpha or 0.5}
            loss: LossFunction = keras.losses.BinaryFocalCrossentropy(**balance, **arguments)
            return loss
        alpha = 1.0 if self.alpha is None else self.alpha
        function = keras.losses.categorical_focal_crossentropy
        return of_indices(function, head.units, alpha=alpha, **arguments)


class MeanSquaredError(Loss):
    """The mean of the squared errors."""

    keras_name = "MeanSquaredError"

    name: Literal["mean_squared_error"] = "mean_squared_error"


class MeanAbsoluteError(Loss):
    """The mean of the absolute errors: outliers count for less."""

    keras_name = "MeanAbsoluteError"

    name: Literal["mean_absolute_error"] = "mean_absolute_error"


class MeanAbsolutePercentageError(Loss):
    """The mean of the errors in per cent of the label."""

    keras_name = "MeanAbsolutePercentageError"

    name: Literal["mean_absolute_percentage_error"] = "mean_absolute_percentage_error"


class MeanSquaredLogarithmicError(Loss):
    """The mean of the squared errors of log(1 + y)."""

    keras_name = "MeanSquaredLogarithmicError"

    name: Literal["mean_squared_logarithmic_error"] = "mean_squared_logarithmic_error"


class Huber(Loss):
    """Squared for errors up to `delta`, linear beyond (Huber 1964)."""

    keras_name = "Huber"

    name: Literal["huber"] = "huber"
    delta: float = Field(default=1.0, gt=0, description="Where the parabola becomes a line.")


class LogCosh(Loss):
    """log(cosh(error)): like Huber's, and smooth."""

    keras_name = "LogCosh"

    name: Literal["log_cosh"] = "log_cosh"


class Poisson(Loss):
    """For counts: the likelihood of a Poisson distribution with the predicted mean."""

    keras_name = "Poisson"

    name: Literal["poisson"] = "poisson"


_Known = (
    BinaryCrossentropy
    | SparseCategoricalCrossentropy
    | CategoricalCrossentropy
    | Focal
    | MeanSquaredError
    | MeanAbsoluteError
    | MeanAbsolutePercentageError
    | MeanSquaredLogarithmicError
    | Huber
    | LogCosh
    | Poisson
    | OwnCode
)

AnyLoss = Annotated[_Known, Field(discriminator="name"), short_forms("loss", _Known)]
"""A loss in a spec: ``huber``, ``{huber: {delta: 2.0}}``, or the dotted path of one's own."""


def check_fits(loss: AnyLoss, task: str) -> None:
    """Refuses a loss that is none for a label.

    Raises:
        SpecError: It fits labels of other tasks.
    """
    if isinstance(loss, OwnCode) or task in loss.tasks:
        return
    known = (model for model in typing.get_args(_Known) if issubclass(model, Loss))
    fitting = [model.model_fields["name"].default for model in known if task in model.tasks]
    raise SpecError(
        f"The loss {loss.name} does not fit a {task} label",
        "train.loss",
        f"Losses that do: {', '.join(sorted(fitting))}." if fitting else "Leave `loss` out.",
    )


def build_loss(loss: AnyLoss | None, head: Head) -> LossFunction:
    """Returns the loss that is minimised.

    Args:
        loss: The spec's; None: that of the task.
        head: What is predicted.

    Raises:
        SpecError: The loss does not fit the task, or the user's own code is no loss.
    """
    if loss is None:
        default: LossFunction = head.loss()
        return default
    check_fits(loss, head.task)
    if isinstance(loss, OwnCode):
        return loss.make(keras.losses.Loss)
    return loss.build(head)


def of_indices(loss: Callable[..., Any], classes: int, **arguments: float) -> LossFunction:
    """Returns a loss of one-hot labels [batch, ..., classes] as one of indices [batch, ...]."""

    def loss_of_indices(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> Any:
        indices = keras.ops.reshape(y_true, keras.ops.shape(y_pred)[:-1])
        return loss(keras.ops.one_hot(indices, classes), y_pred, **arguments)

    return loss_of_indices
