"""Which metrics fit a task: a name that does not is refused before anything runs."""

from __future__ import annotations

import pytest

from tfline.tasks.metric_fit import check_metrics
from tfline.tasks.table import TASKS
from tfline.transforms.errors import SpecError


def test_check_metrics_names_the_nearest_metric() -> None:
    with pytest.raises(SpecError, match="Unknown metric 'acuracy'") as error:
        check_metrics(TASKS["binary"], ["auc", "acuracy"])
    assert "Did you mean 'accuracy'?" in error.value.hint


def test_check_metrics_refuses_a_metric_of_another_task() -> None:
    with pytest.raises(SpecError, match="'rmse' does not fit a binary task: it fits regression"):
        check_metrics(TASKS["binary"], ["rmse"])


def test_check_metrics_leaves_dotted_paths_to_their_owner() -> None:
    check_metrics(TASKS["regression"], ["rmse", "my_project.metrics.Cost"])


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("keras.metrics.SparseCategoricalAccuracy", "binary"),
        ("tf_keras.metrics.AUC", "multiclass"),
        ("keras.metrics.CategoricalAccuracy", "multiclass"),
        ("keras.metrics.BinaryAccuracy", "regression"),
    ],
)
def test_check_metrics_refuses_a_metric_of_keras_of_another_shape(name: str, task: str) -> None:
    with pytest.raises(SpecError, match=f"'{name}' does not fit a {task} task"):
        check_metrics(TASKS[task], [name])


def test_check_metrics_takes_a_metric_of_keras_that_fits() -> None:
    check_metrics(TASKS["binary"], ["keras.metrics.AUC", "keras.metrics.MeanSquaredError"])
    check_metrics(TASKS["multiclass"], ["keras.metrics.SparseCategoricalAccuracy"])
