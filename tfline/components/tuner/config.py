"""What the Tuner searches, and how. Read by the spec, so it imports no TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import Field

from tfline.metrics.direction import goal_of
from tfline.transforms.features import FrozenModel


class Range(FrozenModel):
    """Numbers between two; integers if both are."""

    min: int | float = Field(description="The smallest.")
    max: int | float = Field(description="The largest.")
    scale: Literal["linear", "log"] = Field(
        default="linear", description="Whether differences or ratios count the same."
    )

    @pydantic.model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if not (math.isfinite(self.min) and math.isfinite(self.max) and self.min < self.max):
            raise ValueError(f"Expected min < max. Received: min={self.min}, max={self.max}")
        if self.scale == "log" and self.min <= 0:
            raise ValueError(f"A logarithmic range is above 0. Received: min={self.min}")
        return self

    @property
    def is_integer(self) -> bool:
        """Whether the numbers are integers."""
        return isinstance(self.min, int) and isinstance(self.max, int)


Choices = Annotated[tuple[Any, ...], Field(strict=False, min_length=2)]
"""Values of any type, one of which is taken."""


class TuneConfig(FrozenModel):
    """What the Tuner searches, and how."""

    over: dict[str, Range | Choices] = Field(
        min_length=1,
        description="A setting to its values: `train.learning_rate: {min: 0.0001, max: 0.1, "
        "scale: log}`, `model.dropout: [0.0, 0.2, 0.5]`.",
    )
    search: Literal["random", "hyperband", "bayesian"] = Field(
        default="random",
        description="At random (Bergstra & Bengio 2012); in rounds, after each of which the worse "
        "ones stop (Li et al. 2018); or by a Gaussian process (Snoek et al. 2012).",
    )
    trials: int = Field(
        default=10, ge=1, description="How many trainings; Hyperband finds it from the epochs."
    )
    objective: str = Field(default="val_loss", description="What decides, of the history.")
    goal: Literal["min", "max"] | None = Field(
        default=None,
        description="Whether it is to be small or large. Default: what the metric's nature is; one "
        "of your own needs it.",
    )
    epochs: int | None = Field(
        default=None,
        ge=1,
        description="Of a trial; of the longest ones of Hyperband. Default: those of `train`.",
    )
    seed: int = Field(default=42, ge=0, description="Of the values that are tried.")

    @pydantic.field_validator("over")
    @classmethod
    def _check_settings(cls, over: Mapping[str, Any]) -> Mapping[str, Any]:
        fixed = {"train.epochs", "train.steps", "train.weight"} & over.keys()
        if fixed:
            raise ValueError(f"`{min(fixed)}` is the same for all trials")
        return over

    @pydantic.model_validator(mode="after")
    def _check_goal(self) -> Self:
        if self.goal is None and goal_of(self.objective) is None:
            raise ValueError(
                f"Whether `{self.objective}` is to be small or large is not known. Add `goal: min` "
                "or `goal: max`"
            )
        return self

    @property
    def direction(self) -> Literal["min", "max"]:
        """Whether the objective is to be small or large."""
        goal = self.goal or goal_of(self.objective)
        if goal is None:
            raise ValueError(f"`{self.objective}` has no direction that is known")
        return goal

    def corners(self) -> Iterator[Mapping[str, Any]]:
        """Yields every value at the ends of a range and among choices, each alone."""
        for key, values in self.over.items():
            ends = (values.min, values.max) if isinstance(values, Range) else values
            yield from ({key: value} for value in ends)
