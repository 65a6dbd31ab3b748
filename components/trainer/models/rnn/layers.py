"""Recurrent layers on top of one another: the middle of every recurrent model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from components.trainer.models.layers import Size
from transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    RecurrentLayer = Callable[..., keras.layers.Layer]
    """Makes a layer of so many `units`; takes `return_sequences` besides."""
else:
    keras = lazy_import("keras")
    RecurrentLayer = Any

Layers = Annotated[tuple[Size, ...], Field(min_length=1, strict=False)]
"""The width of each recurrent layer."""


def recurrent(
    x: keras.KerasTensor,
    layer: RecurrentLayer,
    units: Sequence[int],
    *,
    bidirectional: bool,
    dropout: float,
    every_step: bool = False,
) -> keras.KerasTensor:
    """Passes a sequence through recurrent layers.

    Args:
        x: float32 [batch, steps, channels]; its mask is obeyed.
        layer: What each layer is.
        units: The width of each layer.
        bidirectional: Read the sequence also from its end, by other layers (Schuster and Paliwal
            1997); what both give is joined.
        dropout: Share of each layer's output left out in a step of the training, the same at
            every step of the sequence (Gal and Ghahramani 2016).
        every_step: Return the output at every step.

    Returns:
        float32 [batch, width] of the last step, or [batch, steps, width]; the width is
        `units[-1]`, twice that if `bidirectional`.
    """
    for index, width in enumerate(units):
        sequences = every_step or index < len(units) - 1
        one = layer(width, return_sequences=sequences)
        x = keras.layers.Bidirectional(one)(x) if bidirectional else one(x)
        if dropout:
            x = _dropout(dropout, sequences)(x)
    return x


def _dropout(rate: float, sequences: bool) -> keras.layers.Layer:
    return keras.layers.SpatialDropout1D(rate) if sequences else keras.layers.Dropout(rate)
