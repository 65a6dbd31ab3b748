"""What the Tuner searches, and how. Read by the spec, so it imports no TensorFlow."""

from __future__ import annotations

import itertools
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
    points: int | None = Field(
        default=None,
        ge=2,
        description="How many values of it a grid has, both ends included. Default: each integer.",
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

    @property
    def grid(self) -> tuple[int | float, ...]:
        """Its values in a grid, in their order; of integers, each once.

        Raises:
            ValueError: It has more than can be counted.
        """
        if self.points is None:
            if not self.is_integer:
                raise ValueError(
                    f"A grid needs to know how many values there are between {self.min:g} and "
                    f"{self.max:g}. Add `points: 5`, or list the values"
                )
            return tuple(range(int(self.min), int(self.max) + 1))
        shares = [step / (self.points - 1) for step in range(self.points)]
        if self.scale == "log":
            inner = [self.min * (self.max / self.min) ** share for share in shares[1:-1]]
        else:
            inner = [self.min + (self.max - self.min) * share for share in shares[1:-1]]
        values = [self.min, *(map(round, inner) if self.is_integer else inner), self.max]
        return tuple(dict.fromkeys(values))


Choices = Annotated[tuple[Any, ...], Field(strict=False, min_length=2)]
"""Values of any type, one of which is taken."""


class TuneConfig(FrozenModel):
    """What the Tuner searches, and how."""

    over: dict[str, Range | Choices] = Field(
        min_length=1,
        description="A setting to its values: `train.learning_rate: {min: 0.0001, max: 0.1, "
        "scale: log}`, `model.dropout: [0.0, 0.2, 0.5]`.",
    )
    search: Literal["random", "grid", "hyperband", "bayesian"] = Field(
        default="random",
        description="At random (Bergstra & Bengio 2012); every combination of the values; in "
        "rounds, after each of which the worse ones stop (Li et al. 2018); or by a Gaussian "
        "process (Snoek et al. 2012).",
    )
    trials: int = Field(
        default=10,
        ge=1,
        description="How many trainings; Hyperband finds it from the epochs, a grid from its "
        "values.",
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

    @pydantic.model_validator(mode="after")
    def _check_grid(self) -> Self:
        ranges = {key: value for key, value in self.over.items() if isinstance(value, Range)}
        if self.search != "grid":
            counted = [key for key, values in ranges.items() if values.points is not None]
            if counted:
                raise ValueError(f"`points` of {counted[0]} are those of `search: grid`")
            return self
        if "trials" in self.model_fields_set:
            raise ValueError(
                f"A grid tries each of its {len(self.combinations())} combinations. Take `trials` "
                "out, or search at random"
            )
        for key, values in ranges.items():
            try:
                values.grid  # noqa: B018 - it may have none
            except ValueError as exc:
                raise ValueError(f"{key}: {exc}") from exc
        return self

    @property
    def listed(self) -> dict[str, tuple[Any, ...]]:
        """Setting to all its values, in a grid."""
        return {key: v.grid if isinstance(v, Range) else v for key, v in self.over.items()}

    def combinations(self) -> list[dict[str, Any]]:
        """Returns the values of every trial of a grid, those of the last setting change first."""
        trials = itertools.product(*self.listed.values())
        return [dict(zip(self.over, values, strict=True)) for values in trials]

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
