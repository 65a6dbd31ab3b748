"""The optimizers of a spec: Keras's, with Keras's arguments, checked without importing it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import pydantic
from pydantic import Field

from tfline.components.trainer.named import OwnCode, short_forms
from tfline.transforms.features import FrozenModel
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer import cycled_momentum
    from tfline.components.trainer import learning_rate as rates
else:
    keras = lazy_import("keras")
    cycled_momentum = lazy_import("tfline.components.trainer.cycled_momentum")
    rates = lazy_import("tfline.components.trainer.learning_rate")

Decay = Annotated[
    float,
    Field(ge=0, lt=1, description="How much of a moving average stays at each update."),
]

Epsilon = Annotated[
    float, Field(gt=0, description="Added to a divisor, so that no quotient is infinite.")
]


class Optimizer(FrozenModel):
    """What all optimizers take.

    Attributes:
        keras_name: The class in `keras.optimizers`.
        default_rate: The learning rate that Keras gives it.
    """

    keras_name: ClassVar[str]
    default_rate: ClassVar[float] = 0.001

    name: str
    clipvalue: float | None = Field(
        default=None, gt=0, description="Cut each number of a gradient to +- this."
    )
    clipnorm: float | None = Field(
        default=None, gt=0, description="Scale the gradient of a weight down to this norm."
    )
    global_clipnorm: float | None = Field(
        default=None, gt=0, description="Scale all gradients together down to this norm."
    )
    weight_decay: float | None = Field(
        default=None, ge=0, description="How much weights shrink at each update, times the rate."
    )

    ema: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="How much of a moving average of the weights stays at each update, such as "
        "0.99; the model that is exported has these averages (Polyak and Juditsky 1992).",
    )

    @pydantic.model_validator(mode="after")
    def _check_one_clipping(self) -> Self:
        given = [n for n in ("clipvalue", "clipnorm", "global_clipnorm") if getattr(self, n)]
        if len(given) > 1:
            raise ValueError(f"Gradients are clipped in one way. Received: {', '.join(given)}")
        return self

    def build(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
        accumulate: int = 1,
    ) -> keras.optimizers.Optimizer:
        """Returns Keras's optimizer.

        Args:
            learning_rate: A number, or a schedule of the number of steps.
            accumulate: The steps whose gradients make one update.
        """
        optimizer = getattr(keras.optimizers, self.keras_name)
        return optimizer(learning_rate=learning_rate, **self.arguments(accumulate))

    def arguments(self, accumulate: int) -> dict[str, Any]:
        """Returns Keras's arguments, without the learning rate."""
        steps = accumulate if accumulate > 1 else None
        average = {"use_ema": True, "ema_momentum": self.ema} if self.ema else {}
        given = self.model_dump(exclude={"name", "ema"})
        return {**given, **average, "gradient_accumulation_steps": steps}


class Sgd(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak 1964; Nesterov 1983)."""

    keras_name = "SGD"
    default_rate = 0.01

    name: Literal["sgd"] = "sgd"
    momentum: Decay = Field(default=0.0, description="How much of the last update stays.")
    nesterov: bool = Field(default=False, description="Look ahead along the momentum.")

    def build(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
        accumulate: int = 1,
    ) -> keras.optimizers.Optimizer:
        """See `Optimizer.build`; the schedule may be one of the momentum, too."""
        cycle = None
        if isinstance(learning_rate, rates.ScheduledRate):
            cycle = learning_rate.momentum(self.momentum)
        if cycle is None:
            return super().build(learning_rate, accumulate)
        arguments = self.arguments(accumulate)
        return cycled_momentum.CycledSGD(cycle, learning_rate=learning_rate, **arguments)


class Adagrad(Optimizer):
    """Rates that fall with the gradients of each weight (Duchi, Hazan & Singer 2011)."""

    keras_name = "Adagrad"

    name: Literal["adagrad"] = "adagrad"
    initial_accumulator_value: float = Field(
        default=0.1, ge=0, description="What the sums of squared gradients begin with."
    )
    epsilon: Epsilon = 1e-7


class Rmsprop(Optimizer):
    """Gradients divided by a moving average of their size (Tieleman & Hinton 2012)."""

    keras_name = "RMSprop"

    name: Literal["rmsprop"] = "rmsprop"
    rho: Decay = Field(default=0.9, description="Of the mean square of the gradients.")
    momentum: Decay = Field(default=0.0, description="How much of the last update stays.")
    epsilon: Epsilon = 1e-7
    centered: bool = Field(default=False, description="Divide by the variance.")


class Adam(Optimizer):
    """Moving averages of gradients and of their squares (Kingma & Ba 2015)."""

    keras_name = "Adam"

    name: Literal["adam"] = "adam"
    beta_1: Decay = Field(default=0.9, description="Of the mean of the gradients.")
    beta_2: Decay = Field(default=0.999, description="Of the mean of their squares.")
    epsilon: Epsilon = 1e-7
    amsgrad: bool = Field(default=False, description="Reddi, Kale & Kumar 2018.")


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""

    keras_name = "AdamW"

    name: Literal["adamw"] = "adamw"  # type: ignore[assignment]
    weight_decay: float | None = Field(
        default=0.004, ge=0, description="How much weights shrink at each update, times the rate."
    )


class Adamax(Optimizer):
    """Adam with the maximum norm (Kingma & Ba 2015, section 7)."""

    keras_name = "Adamax"

    name: Literal["adamax"] = "adamax"
    beta_1: Decay = 0.9
    beta_2: Decay = 0.999
    epsilon: Epsilon = 1e-7


class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat 2016)."""

    keras_name = "Nadam"

    name: Literal["nadam"] = "nadam"
    beta_1: Decay = 0.9
    beta_2: Decay = 0.999
    epsilon: Epsilon = 1e-7


class Lion(Optimizer):
    """The sign of a momentum alone (Chen et al. 2023); takes a tenth of Adam's rate."""

    keras_name = "Lion"

    name: Literal["lion"] = "lion"
    beta_1: Decay = Field(default=0.9, description="Of the gradients in an update.")
    beta_2: Decay = Field(default=0.99, description="Of the mean of the gradients.")


class OwnOptimizer(OwnCode):
    """The user's own optimizer: a subclass of Keras's, by its dotted path."""

    @property
    def default_rate(self) -> float:
        """The learning rate that its constructor has by default; else that of Adam."""
        parameter = inspect.signature(self.find()).parameters.get("learning_rate")
        is_number = parameter is not None and isinstance(parameter.default, (int, float))
        return float(parameter.default) if parameter is not None and is_number else 0.001

    def build(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
        accumulate: int = 1,
    ) -> keras.optimizers.Optimizer:
        """Returns the optimizer; see `Optimizer.build`.

        Raises:
            SpecError: It is none of Keras, or refuses its arguments.
        """
        steps = {"gradient_accumulation_steps": accumulate} if accumulate > 1 else {}
        given = {"learning_rate": learning_rate, **steps, **self.arguments}
        optimizer = self.model_copy(update={"arguments": given}).make(keras.optimizers.Optimizer)
        return optimizer if isinstance(optimizer, keras.optimizers.Optimizer) else optimizer()


_Known = Sgd | Adagrad | Rmsprop | Adam | AdamW | Adamax | Nadam | Lion | OwnOptimizer

AnyOptimizer = Annotated[_Known, Field(discriminator="name"), short_forms("optimizer", _Known)]
"""An optimizer in a spec: ``sgd``, or ``{sgd: {momentum: 0.9, nesterov: true}}``, or the
dotted path of one's own."""
