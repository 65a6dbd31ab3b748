"""Which metrics and losses fit a task: tfline's own metrics, and what is of Keras.

A metric whose shape does not fit gives a number all the same: the argmax of one column is always
0, so that `SparseCategoricalAccuracy` of a binary task is the share of its first class for ever.
Such a metric is refused by its name when the spec is read, before Keras is imported.
"""

from __future__ import annotations

from collections.abc import Iterable

from tfline.metrics.table import METRICS, is_custom
from tfline.tasks.keras_fit import FAMILIES, LOSSES, Fit, class_name
from tfline.tasks.keras_fit import METRICS as METRICS_OF_KERAS
from tfline.tasks.task import Task
from tfline.transforms.errors import SpecError, did_you_mean

_PACKAGES = ("keras", "tf_keras", "tensorflow")


def is_of_keras(module: str) -> bool:
    """Tells whether a module is one of Keras' own."""
    return module.partition(".")[0] in _PACKAGES


def check_keras_metric(
    task: Task, name: str, classes: Iterable[str], *, in_training: bool = False
) -> None:
    """Checks that a metric of Keras, or one derived from it, fits a task.

    Args:
        task: What the label asks for.
        name: The dotted path of the metric.
        classes: The names of Keras' classes or functions that it is, or is derived from,
            the nearest first.
        in_training: Whether it sees the outputs of the model, not what is evaluated.

    Raises:
        SpecError: It does not fit.
    """
    for own in classes:
        fit = METRICS_OF_KERAS.get(class_name(own))
        if fit is None:
            continue
        fitting = fit.families
        if in_training and "multiclass" in fitting:
            fitting = (*fitting, "mask", "text")  # a probability, or a logit, for each class
        _refuse_others(task, f"Metric '{name}'", own, fit, fitting, "keras.metrics.")
        return


def check_keras_loss(task: Task, name: str, classes: Iterable[str]) -> None:
    """Checks that a loss of Keras, or one derived from it, fits a task.

    Args:
        task: What the label asks for.
        name: The dotted path of the loss.
        classes: The names of Keras' classes or functions that it is, or is derived from,
            the nearest first.

    Raises:
        SpecError: It does not fit.
    """
    for own in classes:
        fit = LOSSES.get(class_name(own))
        if fit is not None:
            _refuse_others(task, f"Loss '{name}'", own, fit, fit.families, "")
            return


def _refuse_others(
    task: Task, what: str, own: str, fit: Fit, fitting: tuple[str, ...], package: str
) -> None:
    """Raises a SpecError for a task that is not fitting; names what is meant."""
    if task.family in fitting or task.family not in FAMILIES:
        return
    fits = f"{own} fits {' and '.join(fitting)}; " if fitting else ""
    meant = fit.instead.get(task.family)
    raise SpecError(
        f"{what} does not fit a {task.name} task: {fits}{fit.reason}",
        hint=f"Name {package}{meant}." if meant else "Leave it out: the task has its own.",
    )


def check_metrics(task: Task, names: Iterable[str]) -> None:
    """Checks that metrics exist and fit a task.

    Args:
        task: What the label asks for.
        names: Names of its metrics, or dotted paths; of these only Keras' own are checked here.

    Raises:
        SpecError: For the first metric that does not exist or does not fit.
    """
    for name in names:
        if name in task.metrics:
            continue
        if is_custom(name):
            module, _, own = name.rpartition(".")
            check_keras_metric(task, name, [own] if is_of_keras(module) else [])
            continue
        if name not in METRICS:
            raise SpecError(f"Unknown metric '{name}'.", hint=did_you_mean(name, METRICS))
        raise SpecError(
            f"Metric '{name}' does not fit a {task.name} task: it fits "
            f"{' and '.join(METRICS[name].values)}.",
            hint=f"Metrics of a {task.name} task: {', '.join(sorted(task.metrics))}.",
        )
