"""Which tasks the metrics of Keras fit.

A metric whose shape does not fit gives a number all the same: the argmax of one column is always
0, so that `SparseCategoricalAccuracy` of a binary task is the share of its first class for ever.
Such a metric is refused by its name when the spec is read, before Keras is imported.
"""

from __future__ import annotations

from collections.abc import Iterable

from tfline.transforms.errors import SpecError
from tfline.transforms.features import Task

_PACKAGES = ("keras", "tf_keras", "tensorflow")

_TWO: tuple[Task, ...] = ("binary", "multilabel")

_FITS: dict[str, tuple[Task, ...]] = {
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
            "Accuracy",
            "CategoricalAccuracy",
            "CategoricalCrossentropy",
            "CategoricalHinge",
            "TopKCategoricalAccuracy",
        ),
        (),
    ),
}
"""By class, the tasks that it fits. A label is a class's index here: what compares one-hot vectors,
or predictions with labels for equality, fits none. What is not named here takes numbers."""


def is_of_keras(module: str) -> bool:
    """Tells whether a module is one of Keras' own."""
    return module.partition(".")[0] in _PACKAGES


def check_keras_metric(task: Task, name: str, classes: Iterable[str]) -> None:
    """Checks that a metric of Keras, or one derived from it, fits a task.

    Args:
        task: What the label asks for.
        name: The dotted path of the metric.
        classes: The names of Keras' classes that it is, or is derived from.

    Raises:
        SpecError: It does not fit.
    """
    for own in classes:
        if own in _FITS and task not in _FITS[own]:
            fits = " and ".join(_FITS[own]) or "no task: labels are classes' indices, not vectors"
            raise SpecError(
                f"Metric '{name}' does not fit a {task} task: {own} fits {fits}.",
                hint="tfline's own metrics are checked against the task: name one of those, or "
                "derive yours from keras.metrics.Metric.",
            )
