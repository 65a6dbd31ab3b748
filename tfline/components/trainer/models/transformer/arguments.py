"""The arguments that all Transformers share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tfline.components.trainer.models.layers import Rate, WeightArguments
from tfline.components.trainer.models.parts import Function
from tfline.transforms.errors import ModelError


class ForwardArguments(WeightArguments, total=False):
    """What a spec can say of the feed-forward parts; what it does not say is the model's own."""

    activation: Annotated[Function, Field(description="Of the hidden layers.")]


class EncoderArguments(ForwardArguments, total=False):
    """What a spec can say of a stack of blocks."""

    dropout: Annotated[
        Rate, Field(description="Share of the input and of each part's output left out in a step.")
    ]


def check_heads(units: int, heads: int) -> None:
    """Refuses heads that cannot share the units of an attention evenly.

    Raises:
        ModelError: They cannot.
    """
    if units % heads:
        raise ModelError(
            f"The heads of an attention share its units evenly. Received: units={units}, "
            f"heads={heads}",
            hint=f"Try units={max(units // heads, 1) * heads}.",
        )
