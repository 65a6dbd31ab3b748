"""The losses of a spec: Keras's, for the tasks that they fit, checked without importing it."""

from __future__ import annotations

import dataclasses
import typing
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tfline.components.trainer.losses.loss import Loss, LossFunction
from tfline.components.trainer.losses.of_classes import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Focal,
    Hinge,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from tfline.components.trainer.losses.of_numbers import (
    Gamma,
    Huber,
    LogCosh,
    LogLoss,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    Quantile,
    UnscaledLoss,
)
from tfline.components.trainer.losses.own import check_own_loss
from tfline.components.trainer.named import OwnCode, short_forms
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead
from tfline.transforms.errors import DataError, SpecError
from tfline.transforms.features import TargetTransform
from tfline.transforms.lazy import lazy_import
from tfline.transforms.target import TargetScale

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")

_Known = (
    BinaryCrossentropy
    | SparseCategoricalCrossentropy
    | CategoricalCrossentropy
    | Focal
    | Hinge
    | SquaredHinge
    | MeanSquaredError
    | MeanAbsoluteError
    | MeanAbsolutePercentageError
    | MeanSquaredLogarithmicError
    | Huber
    | LogCosh
    | Poisson
    | Gamma
    | Quantile
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


def with_link(head: Head, loss: AnyLoss | None) -> Head:
    """Returns the head of a model that is trained with a loss.

    Args:
        head: What is predicted.
        loss: The spec's; None: that of the task.

    Raises:
        SpecError: The loss does not fit the task, or the scale of its label.
        DataError: It is for other numbers than the train split has.
    """
    if loss is None or isinstance(loss, OwnCode):
        return head
    check_fits(loss, head.task)
    if not isinstance(head, RegressionHead):
        return head
    check_scale(loss, head.scale.transform)
    _check_range(loss, head.scale)
    return dataclasses.replace(head, link=loss.link)


def check_scale(loss: AnyLoss, transform: TargetTransform) -> None:
    """Refuses the logarithm of a logarithm.

    Raises:
        SpecError: The loss has one itself.
    """
    if isinstance(loss, LogLoss) and transform == "log1p":
        raise SpecError(
            f"The loss {loss.name} predicts the logarithm of a label already. Received: "
            "`transform: log1p` beside it",
            "train.loss",
            "Take the label's `transform` out, or choose another loss.",
        )


def _check_range(loss: Loss, scale: TargetScale) -> None:
    if loss.above is None or not scale.smallest:
        return
    smallest = min(scale.smallest)
    if smallest > loss.above or (loss.from_above and smallest == loss.above):
        return
    least = f"{loss.above:g} or more" if loss.from_above else f"more than {loss.above:g}"
    raise DataError(
        f"The loss {loss.name} is for labels of {least}. Received: a label of {smallest:g}",
        where="train.loss",
        hint="Leave `loss` out, or mend the data.",
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
        made: LossFunction = loss.make(keras.losses.Loss)
        check_own_loss(made, loss.path, head)
        return made
    return loss.build(head)


def loss_unit(loss: AnyLoss | None, head: Head) -> str:
    """Returns what a loss is computed on, in words; empty if it is the label as it is."""
    return "" if isinstance(loss, UnscaledLoss) else head.loss_unit
