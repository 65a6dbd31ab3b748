"""Which way metrics are good, for all that Keras has."""

from __future__ import annotations

import inspect

import keras
import pytest
from keras.src.utils.naming import to_snake_case

from tfline.metrics.direction import goal_of
from tfline.metrics.table import METRICS

NEITHER = {"metric", "mean", "sum", "mean_metric_wrapper"}
"""Those of Keras that say nothing of a model by themselves."""


def names() -> list[str]:
    """The names of Keras's metrics, as a history has them, and those of its losses."""
    classes = [
        inspect.signature(kind).parameters["name"].default or to_snake_case(name)
        for name, kind in vars(keras.metrics).items()
        if inspect.isclass(kind) and issubclass(kind, keras.metrics.Metric)
    ]
    functions = [name for name, f in vars(keras.metrics).items() if inspect.isfunction(f)]
    return sorted({*classes, *functions} - {"get", "serialize", "deserialize"} - NEITHER)


@pytest.mark.parametrize("name", names())
def test_every_metric_of_keras_has_a_goal(name: str) -> None:
    expected = (
        "min"
        if any(
            part in name
            for part in (
                "error",
                "entropy",
                "hinge",
                "false",
                "huber",
                "cosh",
                "poisson",
                "divergence",
            )
        )
        else "max"
    )
    assert goal_of(name) == goal_of(f"val_{name}") == expected


@pytest.mark.parametrize("name", ["val_loss", "loss", "val_mae", "val_mse", "val_mape", "mse_1"])
def test_error_is_to_be_small(name: str) -> None:
    assert goal_of(name) == "min"


@pytest.mark.parametrize("name", ["val_auc", "auc_1", "accuracy", "val_iou", "val_precision_2"])
def test_hit_is_to_be_many(name: str) -> None:
    assert goal_of(name) == "max"


def test_metrics_of_the_gate_keep_their_direction() -> None:
    for name, metric in METRICS.items():
        if metric.better is not None:
            assert goal_of(name) == ("min" if metric.better == "smaller" else "max"), name


@pytest.mark.parametrize("name", ["profit", "val_mean", "coverage"])
def test_metric_of_unknown_nature_has_no_goal(name: str) -> None:
    assert goal_of(name) is None
