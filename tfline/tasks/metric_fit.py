"""Which metrics fit a task: tfline's own, and those of Keras.

A metric whose shape does not fit gives a number all the same: the argmax of one column is always
0, so that `SparseCategoricalAccuracy` of a binary task is the share of its first class for ever.
Such a metric is refused by its name when the spec is read, before Keras is imported.
"""

from __future__ import annotations

from collections.abc import Iterable

from tfline.metrics.table import METRICS, is_custom
from tfline.tasks.task import Task
from tfline.transforms.errors import SpecError, did_you_mean

_PACKAGES = ("keras", "tf_keras", "tensorflow")

_TWO: tuple[str, ...] = ("binary", "multilabel")
_NUMBERS: tuple[str, ...] = ("regression", "forecast")

_FITS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "BinaryAccuracy",
            "BinaryCrossentropy",
            "BinaryIoU",
            "AUC",
            "F1Score",
            "FBetaScore",
            "FalseNegatives",
            "FalsePositives",
            "Hinge",
            "Precision",
            "PrecisionAtRecall",
            "Recall",
            "RecallAtPrecision",
            "SensitivityAtSpecificity",
            "SpecificityAtSensitivity",
            "SquaredHinge",
            "TrueNegatives",
            "TruePositives",
        ),
        _TWO,
    ),
    **dict.fromkeys(
        (
            "SparseCategoricalAccuracy",
            "SparseCategoricalCrossentropy",
            "SparseTopKCategoricalAccuracy",
        ),
        ("multiclass",),
    ),
    **dict.fromkeys(
        (
            "CosineSimilarity",
            "LogCoshError",
            "MeanAbsolutePercentageError",
            "MeanSquaredLogarithmicError",
            "Poisson",
            "R2Score",
        ),
        _NUMBERS,
    ),
    # The squared error of a probability is Brier's score.
    **dict.fromkeys(
        ("MeanAbsoluteError", "MeanSquaredError", "RootMeanSquaredError"), (*_NUMBERS, *_TWO)
    ),
    **dict.fromkeys(
        (
            "Accuracy",
            "CategoricalAccuracy",
            "CategoricalCrossentropy",
            "CategoricalHinge",
            "TopKCategoricalAccuracy",
        ),
        (),
    ),
}
"""By class, the families of tasks that it fits. A label is a class's index here: what compares
one-hot vectors, or predictions with labels for equality, fits none."""


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
        classes: The names of Keras' classes that it is, or is derived from.
        in_training: Whether it sees the outputs of the model, not what is evaluated.

    Raises:
        SpecError: It does not fit.
    """
    for own in classes:
        fitting = _FITS.get(own, (task.family,))
        if in_training and "multiclass" in fitting:
            fitting = (*fitting, "mask", "text")  # a probability, or a logit, for each class
        if task.family not in fitting:
            fits = " and ".join(fitting) or "no task: labels are classes' indices, not vectors"
            raise SpecError(
                f"Metric '{name}' does not fit a {task.name} task: {own} fits {fits}.",
                hint="tfline's own metrics are checked against the task: name one of those, or "
                "derive yours from keras.metrics.Metric.",
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
