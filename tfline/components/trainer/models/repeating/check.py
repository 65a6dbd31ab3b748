"""What a spec may say beside a model that repeats values. Imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfline.components.trainer.models.own_settings import SETTINGS, check_settings
from tfline.tasks.task import Task
from tfline.transforms.errors import SpecError
from tfline.transforms.features import FeatureSpec, LabelSpec

REPEATING_SETTINGS = SETTINGS - {"loss", "class_weights"} | {"batch_size"}
"""The settings of `train` that such a model has."""

_PLAIN = ("pad", "window")
"""The transforms that leave values as they are."""


def check_repeating(
    name: str,
    given: Iterable[str],
    features: Sequence[FeatureSpec],
    label: LabelSpec,
    task: Task | None,
) -> None:
    """Refuses what does not go with a model that repeats values.

    Args:
        name: Of the model.
        given: The settings of `train` that the spec gives.
        features: What it is fed with.
        label: What is predicted.
        task: That of the label, if the spec tells.

    Raises:
        SpecError: For the first thing; `where` is the key below the spec.
    """
    if task is None or task.family != "forecast" or label.steps > 1:
        raise SpecError(
            f"{name} makes forecasts after the last step of a series",
            "label",
            "Write `task: forecast` and a `horizon`, without `steps`.",
        )
    unused = set(given) - REPEATING_SETTINGS
    if unused & SETTINGS:
        raise SpecError(
            f"{name} has no `{min(unused & SETTINGS)}`", f"train.{min(unused & SETTINGS)}"
        )
    check_settings(name, unused, {})
    if len(features) != 1:
        named = ", ".join(feature.name for feature in features)
        raise SpecError(
            f"{name} repeats one series. Received: {named}",
            "features",
            "Leave all but the past of what is forecast out.",
        )
    for step in features[0].steps:
        if step.transform not in _PLAIN:
            raise SpecError(
                f"{name} repeats values as they are, and '{step.transform}' changes those of "
                f"'{features[0].name}'",
                "features",
                "Write `{transform: {window: {length: 48}}}` alone.",
            )
