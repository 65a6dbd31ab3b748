"""How often the state of a training is saved within an epoch: ``500 steps``, ``10 minutes``."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated, Any

from pydantic import BeforeValidator

SECONDS = {"second": 1, "minute": 60, "hour": 3600}

_FORM = re.compile(r"([1-9][0-9]*) (step|second|minute|hour)s?")


def _read(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and _FORM.fullmatch(value)):
        return value
    raise ValueError(
        "Expected true, false, or how often within an epoch, such as `500 steps` or `10 minutes`"
    )


Checkpoints = Annotated[bool | str, BeforeValidator(_read, json_schema_input_type=bool | str)]
"""Whether the state is saved after each epoch, or also how often within one."""


@dataclasses.dataclass(frozen=True)
class Interval:
    """After how much training the state is saved again; one of both.

    Attributes:
        steps: A number of steps.
        seconds: A time.
    """

    steps: int | None = None
    seconds: float | None = None

    @classmethod
    def of(cls, checkpoints: bool | str) -> Interval:
        """Returns the interval that a spec asks for; by itself, ten minutes."""
        text = "10 minutes" if isinstance(checkpoints, bool) else checkpoints
        number, unit = text.removesuffix("s").split(" ")
        if unit == "step":
            return cls(steps=int(number))
        return cls(seconds=float(number) * SECONDS[unit])

    def is_over(self, steps: int, seconds: float) -> bool:
        """Tells whether so many steps, in so much time, are enough."""
        if self.steps is not None:
            return steps >= self.steps
        return self.seconds is not None and seconds >= self.seconds
