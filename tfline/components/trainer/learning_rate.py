"""The learning rate of a schedule, as Keras asks for it: by the number of steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from tfline.components.trainer.schedules import OneCycle, Plateau, Schedule


class ScheduledRate(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that follows a schedule.

    Args:
        schedule: Its factors.
        peak: What they are multiplied with.
        steps_per_epoch: How many training steps an epoch has.
        epochs: How many epochs there are.
    """

    def __init__(
        self, schedule: Schedule, peak: float, steps_per_epoch: int, epochs: float
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
    schedule: Schedule | Plateau | None, peak: float, steps_per_epoch: int, epochs: float
) -> float | ScheduledRate:
    """Returns the learning rate of an optimizer; see `ScheduledRate`.

    A plateau is known only while training: a callback sets it.
    """
    if isinstance(schedule, Schedule):
        return ScheduledRate(schedule, peak, steps_per_epoch, epochs)
    return peak
