"""The section `intervals:` of a spec. Imports no TensorFlow."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from tfline.tasks.task import Task
from tfline.transforms.errors import SpecError
from tfline.transforms.features import FrozenModel

FAMILIES = ("binary", "multiclass", "ordinal", "regression", "forecast")
"""The labels that there are intervals of, or sets of classes."""


class IntervalsConfig(FrozenModel):
    """How often an interval, or a set of classes, is to hold the true value."""

    level: float = Field(
        ge=0.5, lt=1, description="The share of records whose label lies within: `0.9`."
    )
    by: str | None = Field(
        default=None,
        description="A raw feature of the model, a text or an integer: the level holds for the "
        "records of each of its values by themselves.",
    )


def as_intervals(value: Any) -> Any:
    """Reads ``0.9`` as ``{level: 0.9}``."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"level": value} if is_number else value


def check_intervals(config: IntervalsConfig, keys: set[str], task: Task | None) -> None:
    """Refuses what cannot be had.

    Args:
        config: The section.
        keys: The raw features that the model reads.
        task: That of the label, if the spec tells.

    Raises:
        SpecError: The label has no intervals, or the model does not read the feature.
    """
    if task is not None and task.family not in FAMILIES:
        raise SpecError(
            f"There are no intervals of a {task.name} label",
            "intervals",
            f"Take it out; they are of the tasks {', '.join(FAMILIES)}.",
        )
    if config.by is not None and config.by not in keys:
        raise SpecError(
            f"The model does not read '{config.by}', so an answer cannot depend on it",
            "intervals.by",
            f"Name one of its raw features: {', '.join(sorted(keys))}.",
        )
