"""What only people can say of a model; the rest of its card follows from the run.

Mitchell et al. (2019), "Model cards for model reporting".
"""

from __future__ import annotations

from pydantic import Field

from tfline.transforms.features import FrozenModel


class CardSpec(FrozenModel):
    """The part of a model card that is written by hand; it changes nothing that is run."""

    intended_use: str = Field(default="", description="What the model is for, and for whom.")
    limits: str = Field(default="", description="What it must not be used for; known weaknesses.")
    owner: str = Field(default="", description="Who answers for it.")
    licence: str = Field(default="", description="Of the model or of its data.")
