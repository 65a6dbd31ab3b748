"""The hidden layers that models are made of, and the arguments that all models share for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict, Unpack

from pydantic import Field

from tfline.components.trainer.models.parts import (
    Activation,
    Constraint,
    Initializer,
    Regularizer,
    activate,
    make_initializer,
)
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")

Size = Annotated[int, Field(ge=1)]
Sizes = Annotated[tuple[Size, ...], Field(strict=False)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(ge=0)]
Width = Annotated[float, Field(gt=0)]
Padding = Literal["same", "valid"]

Normalization = Literal["batch", "layer", "none"]


class WeightArguments(TypedDict, total=False):
    """What a spec can say of a model's weights; the penalties are on all of them, biases apart."""

    initializer: Annotated[Initializer, Field(description="Of the hidden layers' weights.")]
    l1: Annotated[Weight, Field(description="Weight in the loss of the sum of |weights|: lasso.")]
    l2: Annotated[
        Weight, Field(description="Weight in the loss of the sum of squared weights: ridge.")
    ]
    max_norm: Annotated[Width, Field(description="The most that a unit's weights measure.")]
    regularizer: Annotated[
        Regularizer, Field(description="Your own, of the hidden layers, in place of l1 and l2.")
    ]
    constraint: Annotated[
        Constraint, Field(description="Your own, of the hidden layers, in place of max_norm.")
    ]


class LayerArguments(WeightArguments, total=False):
    """What a spec can say of a model's hidden layers; what it does not say is the model's own."""

    activation: Annotated[Activation, Field(description="Of the hidden layers.")]
    normalization: Annotated[
        Normalization, Field(description="Between a hidden layer and its activation.")
    ]
    dropout: Annotated[
        Rate, Field(description="Share of the inputs of what follows left out in a step.")
    ]


@dataclasses.dataclass(frozen=True)
class Weights:
    """How the weights of a layer begin, and what keeps them small.

    Attributes:
        initializer: Their first values; None: Keras's own.
        l1: Weight in the loss of the sum of |weights|.
        l2: Weight in the loss of the sum of squared weights.
        max_norm: The largest Euclidean norm of the weights that lead to a unit.
        regularizer: The user's own, in place of `l1` and `l2`.
        constraint: The user's own, in place of `max_norm`.
    """

    initializer: Initializer | None = None
    l1: float = 0.0
    l2: float = 0.0
    max_norm: float | None = None
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None

    def arguments(self, kind: str = "kernel", axis: Sequence[int] = (0,)) -> dict[str, Any]:
        """Returns a Keras layer's arguments for its weights.

        Args:
            kind: What Keras calls them.
            axis: Those of their axes that lead to a unit.
        """
        arguments: dict[str, Any] = {}
        if self.initializer:
            arguments[f"{kind}_initializer"] = make_initializer(self.initializer)
        if self.regularizer:
            arguments[f"{kind}_regularizer"] = self.regularizer.make(keras.Regularizer)
        elif self.l1 or self.l2:
            arguments[f"{kind}_regularizer"] = keras.regularizers.L1L2(self.l1, self.l2)
        if self.constraint:
            arguments[f"{kind}_constraint"] = self.constraint.make(keras.constraints.Constraint)
        elif self.max_norm:
            arguments[f"{kind}_constraint"] = keras.constraints.MaxNorm(self.max_norm, [*axis])
        return arguments


@dataclasses.dataclass(frozen=True)
class Layers(Weights):
    """Makes the hidden layers of a model, all in the same way.

    Attributes:
        activation: What makes them non-linear. Without an `initializer` their weights begin with
            the one that fits it: ``lecun_normal`` for selu (Klambauer et al. 2017).
        normalization: Over the batch (Ioffe and Szegedy 2015), or over the units of a record
            (Ba et al. 2016).
        dropout: Share left out in a step (Srivastava et al. 2014); for selu the dropout that
            keeps mean and variance.
    """

    activation: Activation = "relu"
    normalization: Normalization = "none"
    dropout: float = 0.0

    def arguments(self, kind: str = "kernel", axis: Sequence[int] = (0,)) -> dict[str, Any]:
        """See `Weights.arguments`."""
        arguments = super().arguments(kind, axis)
        if self.activation == "selu":
            arguments.setdefault(f"{kind}_initializer", "lecun_normal")
        return arguments

    def replace(self, **options: Unpack[LayerArguments]) -> Layers:
        """Returns the same with `options` in their place."""
        return dataclasses.replace(self, **options)

    def dense(self, x: keras.KerasTensor, units: int) -> keras.KerasTensor:
        """Returns a hidden layer [batch, units] of x [batch, n]."""
        layer = keras.layers.Dense(units, use_bias=self._has_bias, **self.arguments())
        return self.drop(self.activate(self.normalize(layer(x))))

    def stack(self, x: keras.KerasTensor, units: Sequence[int]) -> keras.KerasTensor:
        """Returns hidden layers one after the other, [batch, units[-1]], of x [batch, n]."""
        for count in units:
            x = self.dense(x, count)
        return x

    def convolution(
        self,
        x: keras.KerasTensor,
        filters: int,
        kernel_size: int,
        *,
        strides: int = 1,
        padding: Padding = "same",
        activate: bool = True,
    ) -> keras.KerasTensor:
        """Returns [batch, h, w, filters] of x [batch, height, width, channels].

        Args:
            x: An image.
            filters: How many there are.
            kernel_size: The side of a window.
            strides: From a window to the next; h = ceil(height / strides) with padding.
            padding: ``same``: zeros around the image; ``valid``: none.
            activate: Leave it out before a sum.
        """
        layer = keras.layers.Conv2D(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            use_bias=self._has_bias,
            **self.arguments("kernel", [0, 1, 2]),
        )
        x = self.normalize(layer(x))
        return self.activate(x) if activate else x

    def causal_convolution(
        self, x: keras.KerasTensor, filters: int, kernel_size: int, dilation_rate: int
    ) -> keras.KerasTensor:
        """Returns [batch, steps, filters] of x [batch, steps, n], each step of those up to it.

        Args:
            x: A series.
            filters: How many there are.
            kernel_size: How many steps a window has.
            dilation_rate: From a step of a window to the next.
        """
        layer = keras.layers.Conv1D(
            filters,
            kernel_size,
            padding="causal",
            dilation_rate=dilation_rate,
            use_bias=self._has_bias,
            **self.arguments("kernel", [0, 1]),
        )
        return self.activate(self.normalize(layer(x)))

    def transposed_convolution(
        self, x: keras.KerasTensor, filters: int, kernel_size: int, *, strides: int
    ) -> keras.KerasTensor:
        """Returns [batch, h * strides, w * strides, filters] of x [batch, h, w, n].

        Normalized, but not activated: a sum follows.
        """
        layer = keras.layers.Conv2DTranspose(
            filters,
            kernel_size,
            strides=strides,
            padding="same",
            use_bias=self._has_bias,
            **self.arguments("kernel", [0, 1, 3]),
        )
        return self.normalize(layer(x))

    def separable_convolution(
        self, x: keras.KerasTensor, filters: int, kernel_size: int
    ) -> keras.KerasTensor:
        """Returns [batch, h, w, filters] of x [batch, h, w, n], normalized but not activated.

        Each channel is convolved on its own, then a convolution of 1 x 1 mixes them.
        """
        layer = keras.layers.SeparableConv2D(
            filters,
            kernel_size,
            padding="same",
            use_bias=self._has_bias,
            **self.arguments("depthwise", [0, 1]),
            **self.arguments("pointwise", [0, 1, 2]),
        )
        return self.normalize(layer(x))

    def normalize(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns x of mean 0 and variance 1, if there is a normalization."""
        if self.normalization == "none":
            return x
        if self.normalization == "layer":
            return keras.layers.LayerNormalization()(x)
        return keras.layers.BatchNormalization()(x)

    def activate(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the activation of x, [batch, ..., n]."""
        return activate(x, self.activation)

    def drop(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns x with a share of it left out in training."""
        if not self.dropout:
            return x
        if self.activation == "selu":
            return keras.layers.AlphaDropout(self.dropout)(x)
        return keras.layers.Dropout(self.dropout)(x)

    @property
    def _has_bias(self) -> bool:
        return self.normalization != "batch"  # it has one itself
