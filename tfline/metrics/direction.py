"""Which way a metric of a training is good: what the Tuner and early stopping go by.

The names are those under which a history has them: Keras's own, which follow from its classes and
functions, and those of tfline. A name that is in neither table has no direction that could be
known; it has to be given, for half of all metrics are better the smaller they are.
"""

from __future__ import annotations

import re
from typing import Literal

from tfline.metrics.table import METRICS

Goal = Literal["min", "max"]

_SMALL = (
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "false_negatives",
    "false_positives",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "logcosh",
    "loss",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "rmse",
    "root_mean_squared_error",
    "sparse_categorical_crossentropy",
    "squared_hinge",
)
_LARGE = (
    "accuracy",
    "auc",
    "binary_accuracy",
    "binary_io_u",
    "categorical_accuracy",
    "concordance_correlation",
    "cosine_similarity",
    "f1_score",
    "fbeta_score",
    "io_u",
    "iou",
    "mean_io_u",
    "mean_iou",
    "one_hot_io_u",
    "one_hot_mean_io_u",
    "pearson_correlation",
    "precision",
    "precision_at_recall",
    "r2_score",
    "recall",
    "recall_at_precision",
    "sensitivity_at_specificity",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "specificity_at_sensitivity",
    "top_k_categorical_accuracy",
    "true_negatives",
    "true_positives",
)

_GOALS: dict[str, Goal] = {
    **{
        name: "min" if metric.better == "smaller" else "max"
        for name, metric in METRICS.items()
        if metric.better is not None
    },
    **dict.fromkeys(_SMALL, "min"),
    **dict.fromkeys(_LARGE, "max"),
}


def goal_of(name: str) -> Goal | None:
    """Returns whether a metric is to be small or large; None if that is not known.

    Args:
        name: As in a history: ``val_auc``, ``mae``; Keras numbers the second of a name, ``auc_1``.
    """
    plain = name.removeprefix("val_")
    return _GOALS.get(plain) or _GOALS.get(re.sub(r"_\d+$", "", plain))
