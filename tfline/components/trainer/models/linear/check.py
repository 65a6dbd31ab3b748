"""What a spec may say beside a linear model. Imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfline.components.trainer.models.own_settings import SETTINGS, check_settings
from tfline.tasks.task import Task
from tfline.transforms.errors import SpecError

TASKS = ("binary", "multiclass", "multilabel", "regression", "forecast")
"""The families of tasks that a linear model is for."""

LINEAR_SETTINGS = SETTINGS | {"batch_size"}
"""The settings of `train` that a linear model has."""

_STEPS = "`max_iterations` of the model says how many steps it takes at most."
_INSTEAD: Mapping[str, str] = {
    "epochs": _STEPS,
    "steps": _STEPS,
    "learning_rate": "Its steps are as long as the loss allows.",
    "early_stopping": "It ends by itself; `l1` and `l2` of the model keep it from overfitting.",
    "warm_start": "It ends at the same weights wherever it begins.",
}


def check_linear(name: str, given: Iterable[str], task: Task | None) -> None:
    """Refuses what does not go with a linear model.

    Args:
        name: Of the model.
        given: The settings of `train` that the spec gives.
        task: That of the label, if the spec tells.

    Raises:
        SpecError: For the first thing; `where` is the key below the spec.
    """
    check_settings(name, set(given) - LINEAR_SETTINGS, _INSTEAD)
    if task is not None and task.family not in TASKS:
        raise SpecError(
            f"{name} predicts classes, flags or numbers. Received: task {task.name}",
            "label",
            "Choose another model.",
        )
