"""Schedules of the learning rate: a factor of `learning_rate` for each moment of a training.

Time is counted in epochs, in parts of them between two, so that a schedule means the same
whatever the batch size.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import pydantic
from pydantic import Field

from tfline.components.trainer.named import OwnCode, short_forms
from tfline.transforms.features import FrozenModel
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")

Fraction = Annotated[float, Field(ge=0, le=1)]
Epochs = Annotated[float, Field(gt=0)]


class Schedule(FrozenModel, abc.ABC):
    """What all schedules take."""

    name: str
    warmup: float = Field(
        default=0.0, ge=0, description="Epochs in which the rate first rises from 0, linearly."
    )

    @abc.abstractmethod
    def factor(self, epoch: keras.KerasTensor, epochs: float) -> keras.KerasTensor:
        """Returns what the learning rate is multiplied with, without the warm-up.

        Args:
            epoch: float32 []; how many epochs of the schedule have passed, in parts too.
            epochs: How many there are in all.
        """

    def warm(self, epoch: keras.KerasTensor, epochs: float) -> keras.KerasTensor:
        """Returns the factor with the warm-up, which the schedule begins after; see `factor`."""
        if not self.warmup:
            return self.factor(epoch, epochs)
        after = self.factor(keras.ops.maximum(epoch - self.warmup, 0.0), epochs - self.warmup)
        return keras.ops.minimum(epoch / self.warmup, 1.0) * after


class Power(Schedule):
    """Falls to 1/2, 1/3, 1/4 ... after each `decay` epochs: 1 / (1 + t / decay)^power."""

    name: Literal["power"] = "power"
    decay: Epochs = Field(default=10.0, description="Epochs in which the rate halves first.")
    power: float = Field(default=1.0, gt=0, description="How steeply it falls.")

    def factor(self, epoch: keras.KerasTensor, epochs: float) -> keras.KerasTensor:
        """See `Schedule.factor`."""
        del epochs
        return (1.0 + epoch / self.decay) ** -self.power


class Exponential(Schedule):
    """Falls by the same factor again and again: rate^(t / decay)."""

    name: Literal["exponential"] = "exponential"
    decay: Epochs = Field(default=10.0, description="Epochs in which the rate falls by `rate`.")
    rate: float = Field(default=0.1, gt=0, lt=1, description="What it is multiplied with then.")

    def factor(self, epoch: keras.KerasTensor, epochs: float) -> keras.KerasTensor:
        """See `Schedule.factor`."""
        del epochs
        return keras.ops.power(self.rate, epoch / self.decay)


class Piecewise(Schedule):
    """Is constant between boundaries: ``factors[i]`` before ``boundaries[i]``."""

    name: Literal["piecewise"] = "piecewise"
    boundaries: tuple[Epochs, ...] = Field(
        strict=False,
        min_length=1,
        description="Epochs at which the rate changes.",
        examples=[[3.0, 6.0]],
    )
    factors: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        strict=False,
        description="Of the rate; one more than there are boundaries.",
        examples=[[1.0, 0.1, 0.01]],
    )

    @pydantic.model_validator(mode="after")
    def _check_lengths(self) -> Self:
        if list(self.boundaries) != sorted(set(self.boundaries)):
            raise ValueError("Expected boundaries that rise")
        if len(self.factors) != len(self.boundaries) + 1:
            raise ValueError(
                f"Expected {len(self.boundaries) + 1} factors, one more than there are "
                f"boundaries. Received: {len(self.factors)}"
            )
        return self

    def factor(self, epoch: keras.KerasTensor, epochs: float) -> keras.KerasTensor:
        """See `Schedule.factor`."""
        del epochs
        index = keras.ops.sum(keras.ops.cast(epoch >= keras.ops.array(self.boundaries), "int32"))
        return keras.ops.take(keras.ops.array(self.factors), index)


class Cosine(Schedule):
    """Falls along half a wave to `final` at the end (Loshchilov & Hutter 2017)."""

    name: Literal["cosine"] = "cosine"
    final: Fraction = Field(default=0.0, description="The factor at the end of the training.")

    def factor(self, epoch: keras.KerasTensor, epochs: float) -> keras.KerasTensor:
        """See `Schedule.factor`."""
        done = keras.ops.minimum(epoch / epochs, 1.0)
        wave = (1.0 + keras.ops.cos(math.pi * done)) / 2.0
        return self.final + (1.0 - self.final) * wave


class OneCycle(Schedule):
    """Rises to `learning_rate` and falls again, and in the end far below (Smith 2018).

    Linear between four points: `start` at first, 1 at half of the cycle, `start` at its end,
    `final` after the `tail`. The momentum may fall and rise against the rate: from the optimizer's
    own at both ends of the cycle to `momentum` where the rate is highest.
    """

    name: Literal["1cycle"] = "1cycle"
    start: Fraction = Field(default=0.1, description="The factor at both ends of the cycle.")
    tail: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.1, description="The part of the training that comes after the cycle."
    )
    final: Fraction = Field(default=0.001, description="The factor at the end of the training.")
    momentum: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        default=None,
        description="Of sgd, where the rate is highest; it falls to it from its own, and rises "
        "again. Default: the momentum stays as it is.",
    )

    def momentum_at(self, epoch: keras.KerasTensor, epochs: float, most: float) -> Any:
        """Returns the momentum, float32 []; see `factor`.

        Args:
            epoch: How many epochs have passed, with those of the warm-up.
            epochs: How many there are, with those of the warm-up.
            most: The optimizer's own.
        """
        done = (epoch - self.warmup) / (epochs - self.warmup)
        half = (1.0 - self.tail) / 2.0
        height = keras.ops.maximum(1.0 - keras.ops.abs(done / half - 1.0), 0.0)
        return most if self.momentum is None else most + (self.momentum - most) * height

    def factor(self, epoch: keras.KerasTensor, epochs: float) -> keras.KerasTensor:
        """See `Schedule.factor`."""
        done = keras.ops.minimum(epoch / epochs, 1.0)
        half = (1.0 - self.tail) / 2.0
        rise = self.start + (1.0 - self.start) * (1.0 - keras.ops.abs(done / half - 1.0))
        fall = self.start + (self.final - self.start) * (done - 2.0 * half) / self.tail
        return keras.ops.where(done < 2.0 * half, rise, fall)


class Plateau(FrozenModel):
    """Falls each time that val_loss has stopped falling, as Keras's ReduceLROnPlateau does."""

    name: Literal["plateau"] = "plateau"
    rate: float = Field(default=0.1, gt=0, lt=1, description="What it is multiplied with then.")
    patience: int = Field(default=5, ge=1, description="Epochs without a lower val_loss.")
    min_delta: float = Field(default=1e-4, ge=0, description="The least fall that counts.")
    final: Fraction = Field(default=0.0, description="The smallest factor.")

    def factor_after(self, losses: Sequence[float]) -> float:
        """Returns the factor for the epoch after those whose val_loss is `losses`.

        It follows from the history alone, so that a resumed training goes on with it.
        """
        factor, best, waited = 1.0, math.inf, 0
        for loss in losses:
            if loss < best - self.min_delta:
                best, waited = loss, 0
                continue
            waited += 1
            if waited >= self.patience:
                factor, waited = max(factor * self.rate, self.final), 0
        return factor


class OwnSchedule(OwnCode):
    """The user's own schedule, by its dotted path.

    Either a function of the number of epochs that have passed and of how many there are, both
    float32 [], that returns a factor of `learning_rate`; or a subclass of Keras's
    `LearningRateSchedule`, which returns the rate itself by the number of steps.
    """

    @property
    def is_class(self) -> bool:
        """Whether it gives the rate itself."""
        return isinstance(self.find(), type)

    def warm(self, epoch: keras.KerasTensor, epochs: float) -> keras.KerasTensor:
        """Returns the factor of a function; see `Schedule.factor`."""
        return self.find()(epoch, epochs, **self.arguments)


_Known = Power | Exponential | Piecewise | Cosine | OneCycle | Plateau | OwnSchedule

AnySchedule = Annotated[_Known, Field(discriminator="name"), short_forms("schedule", _Known)]
"""A schedule in a spec: ``1cycle``, or ``{exponential: {decay: 5, rate: 0.5}}``, or the dotted
path of one's own."""
