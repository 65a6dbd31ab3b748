"""Losses of labels that name classes.

A label is the index of a class; where Keras wants one-hot vectors, they are made here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from tfline.components.trainer.losses.loss import Loss, LossFunction
from tfline.tasks.heads.head import ONE_OF_SEVERAL
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.tasks.heads.head import Head
else:
    keras = lazy_import("keras")

YES_OR_NO = frozenset({"binary", "multilabel"})

_LEAST_PROBABILITY = 1e-6
"""Of 0 and 1 there is no logit; a margin of 14 is enough for any of these losses."""

Smoothing = Annotated[
    float, Field(ge=0, lt=1, description="How far labels of 0 and 1 are drawn to each other.")
]


class BinaryCrossentropy(Loss):
    """The crossentropy of two classes, or of each of several labels."""

    keras_name = "BinaryCrossentropy"
    tasks = YES_OR_NO

    name: Literal["binary_crossentropy"] = "binary_crossentropy"
    label_smoothing: Smoothing = Field(default=0.0, description="How far 0 and 1 are drawn to 1/2.")


class SparseCategoricalCrossentropy(Loss):
    """The crossentropy of several classes."""

    keras_name = "SparseCategoricalCrossentropy"
    tasks = ONE_OF_SEVERAL

    name: Literal["sparse_categorical_crossentropy"] = "sparse_categorical_crossentropy"


class CategoricalCrossentropy(Loss):
    """The crossentropy of several classes, with smoothed labels (Szegedy et al. 2016)."""

    keras_name = "CategoricalCrossentropy"
    tasks = ONE_OF_SEVERAL

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

    tasks = YES_OR_NO | ONE_OF_SEVERAL

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


class _Margin(Loss):
    """A loss of the margin: the logit of a probability, negative where it should be."""

    tasks = YES_OR_NO

    def build(self, head: Head) -> LossFunction:
        """See `Loss.build`."""
        del head

        def loss(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> Any:
            ops = keras.ops
            label = ops.reshape(ops.cast(y_true, y_pred.dtype), ops.shape(y_pred))
            p = ops.clip(y_pred, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
            margin = (2 * label - 1) * ops.log(p / (1 - p))
            return ops.mean(self._lack(ops.maximum(1 - margin, 0)), axis=-1)

        return loss

    def _lack(self, lack: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the loss for what a margin lacks to 1."""
        return lack


class Hinge(_Margin):
    """What the margin lacks to 1: a support vector machine's (Cortes and Vapnik 1995)."""

    name: Literal["hinge"] = "hinge"


class SquaredHinge(_Margin):
    """The square of what the margin lacks to 1; smoother than the hinge."""

    name: Literal["squared_hinge"] = "squared_hinge"

    def _lack(self, lack: keras.KerasTensor) -> keras.KerasTensor:
        return lack**2


def of_indices(loss: Callable[..., Any], classes: int, **arguments: float) -> LossFunction:
    """Returns a loss of one-hot labels [batch, ..., classes] as one of indices [batch, ...]."""

    def loss_of_indices(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> Any:
        indices = keras.ops.reshape(y_true, keras.ops.shape(y_pred)[:-1])
        return loss(keras.ops.one_hot(indices, classes), y_pred, **arguments)

    return loss_of_indices
