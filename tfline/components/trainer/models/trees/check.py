"""What a spec may say beside a model of trees. Imports neither TensorFlow nor YDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.models.own_settings import check_settings
from tfline.components.trainer.models.trees.options import check_monotone
from tfline.components.trainer.named import OwnCode
from tfline.tasks.task import Task
from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.features import FeatureSpec, LabelSpec
from tfline.transforms.kinds import kinds_of
from tfline.transforms.table import resolve

TASKS = ("binary", "multiclass", "regression")
"""The families of tasks that trees are for."""

LOSSES: Mapping[str, frozenset[str]] = {
    "boosted_trees": frozenset(
        {
            "mean_squared_error",
            "mean_absolute_error",
            "poisson",
            "binary_crossentropy",
            "sparse_categorical_crossentropy",
        }
    ),
    "random_forest": frozenset(),
}
"""The losses of a spec that a model of trees can lower."""

_INSTEAD: Mapping[str, str] = {
    "epochs": "`num_trees` of the model says how many trees there are at most.",
    "steps": "`num_trees` of the model says how many trees there are at most.",
    "learning_rate": "`shrinkage` of boosted_trees says how much of each tree counts.",
    "schedule": "`shrinkage` of boosted_trees says how much of each tree counts.",
    "early_stopping": "boosted_trees stop by themselves; "
    "`early_stopping_num_trees_look_ahead` of the model says how soon.",
    "monitor": "boosted_trees stop by the loss on the eval split.",
    "warm_start": "Trees of another training were grown on other leftovers; they grow in seconds.",
}

_FEATURES = ("Numbers", "Gapped", "Indices", "Vector", None)
"""The kinds of features that trees read."""


def check_trees(
    name: str,
    arguments: Mapping[str, Any],
    train: TrainConfig,
    given: Iterable[str],
    features: Sequence[FeatureSpec],
    label: LabelSpec,
    task: Task | None,
) -> None:
    """Refuses what does not go with a model of trees.

    Args:
        name: Of the model.
        arguments: Of the model.
        train: How it is trained.
        given: The settings of `train` that the spec gives.
        features: What it is trained on.
        label: What it predicts.
        task: That of the label, if the spec tells.

    Raises:
        SpecError: For the first thing; `where` is the key below the spec.
    """
    check_settings(name, given, _INSTEAD)
    _check_label(name, train, label, task)
    gives = {
        feature.name: kinds_of(resolve(feature.steps[-1].transform)).gives for feature in features
    }
    for feature, kind in gives.items():
        if kind not in _FEATURES:
            raise SpecError(
                f"Trees read numbers and categories, and '{feature}' is of the kind {kind}",
                "features",
                "Choose another transform, or another model.",
            )
    check_monotone(
        arguments.get("monotone"),
        arguments.get("growing_strategy"),
        arguments.get("use_hessian_gain"),
    )
    numbers = [feature for feature, kind in gives.items() if kind in ("Numbers", "Gapped", None)]
    for feature in arguments.get("monotone") or ():
        if feature not in numbers:
            raise SpecError(
                f"There is no number '{feature}' that predictions could follow",
                f"model.{name}.monotone",
                did_you_mean(feature, numbers),
            )


def _check_label(name: str, train: TrainConfig, label: LabelSpec, task: Task | None) -> None:
    if task is not None and (task.family not in TASKS or len(label.targets) > 1):
        raise SpecError(
            f"Trees predict one of several classes, or one number. Received: task {task.name}",
            "label",
            "Choose another model, or a pipeline for each number.",
        )
    loss = train.loss
    if loss is not None and (isinstance(loss, OwnCode) or loss.name not in LOSSES[name]):
        known = ", ".join(sorted(LOSSES[name]))
        raise SpecError(
            f"{name} cannot be grown by the loss {loss.name}",
            "train.loss",
            f"Losses that it can: {known}." if known else "Take it out: it has none to choose.",
        )
