"""The learning rate of a schedule, as Keras asks for it: by the number of steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import keras
import numpy as np

from tfline.components.trainer.schedules import OneCycle, OwnSchedule, Plateau, Schedule
from tfline.transforms.errors import SpecError

Rate: TypeAlias = "float | keras.optimizers.schedules.LearningRateSchedule"
"""The learning rate of an optimizer: a number, or what gives one by the number of steps."""


class ScheduledRate(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that follows a schedule.

    Args:
        schedule: Its factors.
        peak: What they are multiplied with.
        steps_per_epoch: How many training steps an epoch has.
        epochs: How many epochs there are.
    """

    def __init__(
        self, schedule: Schedule | OwnSchedule, peak: float, steps_per_epoch: int, epochs: float
    ) -> None:
        super().__init__()
        self._schedule = schedule
        self._peak = peak
        self._steps_per_epoch = steps_per_epoch
        self._epochs = epochs

    def __call__(self, step: Any) -> Any:
        """Returns the rate of step number `step`, the first of which is 0; float32 []."""
        return self._peak * self._schedule.warm(self._epoch(step), self._epochs)

    def _epoch(self, step: Any) -> Any:
        return keras.ops.cast(step, "float32") / self._steps_per_epoch

    def momentum(self, most: float) -> Callable[[Any], Any] | None:
        """Returns the momentum by the number of steps, float32 []; None: it stays as it is.

        Args:
            most: The optimizer's own; see `OneCycle.momentum_at`.
        """
        schedule = self._schedule
        if not isinstance(schedule, OneCycle) or schedule.momentum is None:
            return None
        return lambda step: schedule.momentum_at(self._epoch(step), self._epochs, most)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {
            "schedule": self._schedule,
            "peak": self._peak,
            "steps_per_epoch": self._steps_per_epoch,
            "epochs": self._epochs,
        }


def scheduled_rate(
    schedule: Schedule | Plateau | OwnSchedule | None,
    peak: float,
    steps_per_epoch: int,
    epochs: float,
) -> Rate:
    """Returns the learning rate of an optimizer; see `ScheduledRate`.

    A plateau is known only while training: a callback sets it.

    Raises:
        SpecError: The user's own schedule is none, or gives at the first or the last step what is
            no rate.
    """
    if isinstance(schedule, Schedule):
        return ScheduledRate(schedule, peak, steps_per_epoch, epochs)
    if isinstance(schedule, OwnSchedule):
        rate: Any = ScheduledRate(schedule, peak, steps_per_epoch, epochs)
        if schedule.is_class:
            rate = schedule.make(keras.optimizers.schedules.LearningRateSchedule)
        _check_own(rate, schedule.path, math.ceil(epochs * steps_per_epoch) - 1)
        return rate
    return peak


def _check_own(rate: Callable[[Any], Any], path: str, last: int) -> None:
    """Asks the user's own schedule for the rate of the first and the last step.

    Raises:
        SpecError: It fails, or it returns what is no rate.
    """
    for step in (0, last):
        try:
            found = np.asarray(rate(keras.ops.array(step, "int64")))
            is_rate = found.ndim == 0 and bool(np.isfinite(found)) and found >= 0
        except (TypeError, ValueError) as exc:
            raise SpecError(
                f"The schedule '{path}' fails at step {step}: {exc}",
                "train.schedule",
                "A function takes `epoch` and `epochs`; a schedule of Keras the number of a step.",
            ) from exc
        if not is_rate:
            raise SpecError(
                f"The schedule '{path}' gives no learning rate at step {step}. Expected a number "
                f"of 0 or more. Received: {found}",
                "train.schedule",
            )
