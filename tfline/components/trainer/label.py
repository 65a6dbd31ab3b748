"""What a label allows of a training, as far as the spec tells it before the data is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.losses import check_fits, check_scale
from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.features import LabelSpec


def check_training(train: TrainConfig, label: LabelSpec) -> None:
    """Refuses a loss or class weights that do not fit a label.

    Raises:
        SpecError: They do not; `where` is the key below the spec, ``train.loss``.
    """
    task, classes = known_task(label), label.classes
    if task is not None and train.loss is not None:
        check_fits(train.loss, task)
    if train.loss is not None:
        check_scale(train.loss, label.target_transform)
    if train.class_weights is None:
        return
    if task is not None:
        check_weighted(task)
    if classes is not None and train.class_weights != "balanced":
        check_names(train.class_weights, classes)


def check_weighted(task: str) -> None:
    """Refuses class weights for a label whose examples are not each of one class.

    Raises:
        SpecError: It is such a label.
    """
    if task not in ("binary", "multiclass"):
        raise SpecError(
            f"An example with a {task} label is not of one class, whose weight it could have",
            "train.class_weights",
            "Take it out; `weight` names a feature that weighs each example.",
        )


def check_names(weights: Iterable[str], classes: Sequence[str]) -> None:
    """Refuses the weight of a class that is none.

    Raises:
        SpecError: A name is not among `classes`.
    """
    for name in weights:
        if name not in classes:
            hint = did_you_mean(name, classes)
            raise SpecError(f"There is no class '{name}'", "train.class_weights", hint)


def known_task(label: LabelSpec) -> str | None:
    """Returns the task of a label; None if only the data tells it."""
    if label.task is not None or label.classes is None:
        return label.task
    return "binary" if len(label.classes) == 2 else "multiclass"
