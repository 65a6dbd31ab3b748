"""Recurrent layers on top of one another: the middle of every recurrent model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tfline.components.trainer.models.layers import (
    Rate,
    Size,
    WeightArguments,
    Weights,
)
from tfline.components.trainer.models.parts import (
    Function,
    Initializer,
    make_function,
    make_initializer,
)
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    RecurrentLayer = Callable[..., keras.layers.Layer]
    """Makes a layer of so many `units`; takes `return_sequences` and those of `Cell`."""
else:
    keras = lazy_import("keras")
    RecurrentLayer = Any

Widths = Annotated[tuple[Size, ...], Field(min_length=1, strict=False)]
"""The width of each recurrent layer."""


class CellArguments(WeightArguments, total=False):
    """What a spec can say of recurrent layers; what it does not say is Keras's own."""

    activation: Annotated[Function, Field(description="Of the recurrent layers.")]
    recurrent_initializer: Annotated[
        Initializer, Field(description="Of the weights that lead from state to state.")
    ]


class RecurrentArguments(CellArguments, total=False):
    """What a spec can say of a stack of recurrent layers."""

    bidirectional: Annotated[bool, Field(description="Read the sequence also from its end.")]
    dropout: Annotated[Rate, Field(description="Share of each layer's output left out in a step.")]


@dataclasses.dataclass(frozen=True)
class Cell(Weights):
    """What recurrent layers are like.

    Attributes:
        activation: What makes them non-linear.
        recurrent_initializer: The first values of the weights that lead from state to state; by
            default a rotation, which keeps the norm of a state (Saxe et al. 2014).
    """

    activation: Function = "tanh"
    recurrent_initializer: Initializer = "orthogonal"

    def cell_arguments(self) -> dict[str, Any]:
        """Returns a recurrent Keras layer's arguments."""
        return {
            **self.arguments("kernel"),
            **self.arguments("recurrent"),
            "recurrent_initializer": make_initializer(self.recurrent_initializer),
            "activation": make_function(self.activation),
        }


@dataclasses.dataclass(frozen=True)
class RecurrentLayers(Cell):
    """Makes the recurrent layers of a model, all in the same way.

    Attributes:
        bidirectional: Read the sequence also from its end, by other layers (Schuster and Paliwal
            1997); what both give is joined.
        dropout: Share of each layer's output left out in a step of the training, the same at
            every step of the sequence (Gal and Ghahramani 2016).
    """

    bidirectional: bool = False
    dropout: float = 0.0

    def stack(
        self,
        x: keras.KerasTensor,
        layer: RecurrentLayer,
        units: Sequence[int],
        *,
        every_step: bool = False,
    ) -> keras.KerasTensor:
        """Passes a sequence through recurrent layers.

        Args:
            x: float32 [batch, steps, channels]; its mask is obeyed.
            layer: What each layer is.
            units: The width of each layer.
            every_step: Return the output at every step.

        Returns:
            float32 [batch, width] of the last step, or [batch, steps, width]; the width is
            `units[-1]`, twice that if `bidirectional`.
        """
        for index, width in enumerate(units):
            sequences = every_step or index < len(units) - 1
            one = layer(width, return_sequences=sequences, **self.cell_arguments())
            x = keras.layers.Bidirectional(one)(x) if self.bidirectional else one(x)
            if self.dropout:
                x = self._dropout(sequences)(x)
        return x

    def _dropout(self, sequences: bool) -> keras.layers.Layer:
        layer = keras.layers.SpatialDropout1D if sequences else keras.layers.Dropout
        return layer(self.dropout)
