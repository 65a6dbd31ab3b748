"""What a label allows of a training, as far as the spec tells it before the data is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.losses import check_fits, check_scale
from tfline.components.trainer.named import OwnCode
from tfline.tasks.metric_fit import check_keras_loss, check_keras_metric, is_of_keras
from tfline.tasks.table import known_task
from tfline.tasks.task import Task
from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.features import LabelSpec


def check_training(train: TrainConfig, label: LabelSpec) -> None:
    """Refuses a loss or class weights that do not fit a label.

    Raises:
        SpecError: They do not; `where` is the key below the spec, ``train.loss``.
    """
    task, classes = known_task(label), label.classes
    if task is not None and train.loss is not None:
        check_fits(train.loss, task.family)
    if task is not None:
        check_of_keras(train, task)
    if train.loss is not None:
        check_scale(train.loss, label.target_transform)
    if train.class_weights is None:
        return
    if task is not None:
        check_weighted(task)
    if classes is not None and train.class_weights != "balanced":
        check_names(train.class_weights, classes)


def check_of_keras(train: TrainConfig, task: Task) -> None:
    """Refuses a loss or a metric of Keras, or one derived from it, that does not fit a task.

    Raises:
        SpecError: One does not.
    """
    if isinstance(train.loss, OwnCode):
        _check_loss(task, train.loss)
    for metric in train.metrics:
        _check_metric(task, metric)


def _check_metric(task: Task, metric: OwnCode) -> None:
    if metric.arguments.get("threshold") is not None:
        return  # it decides each column by itself
    try:
        check_keras_metric(task, metric.path, _of_keras(metric), in_training=True)
    except SpecError as exc:
        raise SpecError(exc.message, "train.metrics", exc.hint) from exc


def _check_loss(task: Task, loss: OwnCode) -> None:
    try:
        check_keras_loss(task, loss.path, _of_keras(loss))
    except SpecError as exc:
        raise SpecError(exc.message, "train.loss", exc.hint) from exc
    if loss.arguments.get("from_logits") and not task.writes:
        raise SpecError(
            f"Loss '{loss.path}' takes logits, and the outputs of a {task.name} task are "
            "probabilities",
            "train.loss",
            "Take `from_logits` out.",
        )


def _of_keras(code: OwnCode) -> list[str]:
    """Returns the names of what is of Keras in own code: its bases, or the function itself."""
    found = code.find()
    return [
        one.__name__ for one in getattr(found, "__mro__", (found,)) if is_of_keras(one.__module__)
    ]


def check_weighted(task: Task) -> None:
    """Refuses class weights for a label whose examples are not each of one class.

    Raises:
        SpecError: It is such a label.
    """
    if not task.one_class:
        raise SpecError(
            f"An example with a {task.name} label is not of one class, whose weight it could have",
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
