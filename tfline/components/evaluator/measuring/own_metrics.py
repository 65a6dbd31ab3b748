"""The user's own metrics, named by dotted path: what they are, and whether they fit the task.

A metric of Keras (3 or 2) is computed by tfline's engine, see `keras_state`; a metric of TFMA by
TFMA, see `tfma_metrics`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow_model_analysis as tfma
import tf_keras

from tfline.tasks.metric_fit import check_keras_metric, is_of_keras
from tfline.tasks.table import find_task
from tfline.transforms.errors import SpecError

_KERAS = (keras.metrics.Metric, tf_keras.metrics.Metric, tf_keras.losses.Loss)


def load_metric(name: str) -> type[Any]:
    """Imports a metric class by its dotted path.

    Raises:
        SpecError: If there is no such class, or it is no metric.
    """
    module, _, class_name = name.rpartition(".")
    try:
        metric = getattr(importlib.import_module(module), class_name)
    except (ImportError, AttributeError) as exc:
        raise SpecError(
            f"The metric '{name}' cannot be imported: {exc}.",
            hint="Name a class that this Python can import.",
        ) from exc
    if not (isinstance(metric, type) and issubclass(metric, (tfma.metrics.Metric, *_KERAS))):
        raise SpecError(
            f"'{name}' is no metric.",
            hint="Derive it from keras.metrics.Metric or tfma.metrics.Metric.",
        )
    return metric


def counts_weights(name: str) -> bool:
    """Tells whether a metric takes how much each example counts.

    Args:
        name: Its dotted path.

    Raises:
        SpecError: It cannot be imported, or is no metric.
    """
    metric = load_metric(name)
    if issubclass(metric, tfma.metrics.Metric):
        return (
            "example_weighted"
            in inspect.signature(metric(name=name).create_computations_fn).parameters
        )
    if issubclass(metric, tf_keras.losses.Loss):
        return True
    parameters = inspect.signature(metric.update_state).parameters
    return "sample_weight" in parameters or any(
        one.kind is one.VAR_KEYWORD for one in parameters.values()
    )


def sort_metrics(names: Iterable[str], task: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the own metrics that Keras computes, and those that TFMA does.

    Args:
        names: Dotted paths.
        task: What the label asks for.

    Raises:
        SpecError: One cannot be imported, is no metric, or does not fit the task.
    """
    of_keras: list[str] = []
    of_tfma: list[str] = []
    for name in names:
        metric = load_metric(name)
        bases = [base.__name__ for base in metric.__mro__ if is_of_keras(base.__module__)]
        check_keras_metric(find_task(task), name, bases)
        (of_keras if issubclass(metric, _KERAS) else of_tfma).append(name)
    return tuple(of_keras), tuple(of_tfma)
