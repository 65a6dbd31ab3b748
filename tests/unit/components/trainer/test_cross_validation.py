"""k-fold cross-validation with the Trainer's own code."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tfline.components.trainer.config import ModelConfig, RunConfig, TrainConfig
from tfline.components.trainer.cross_validation import FoldedMetric, cross_validate, fold
from tfline.components.trainer.sources import load_rows
from tfline.components.trainer.splits import survey
from tfline.transforms.errors import DataError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case


def validated(case: Case, folds: int, **settings: Any) -> dict[str, FoldedMetric]:
    config = RunConfig(
        pipeline="p",
        model=ModelConfig(name="mlp", arguments={"hidden_units": (8,)}),
        train=TrainConfig.model_validate({"epochs": 2, "batch_size": 16, **settings}),
        training_fingerprint="f",
    )
    found = cross_validate(config, case.path, case.train_files, folds)
    return {metric.name: metric for metric in found}


def test_mean_and_deviation_by_hand() -> None:
    metric = FoldedMetric("auc", (0.5, 0.7, 0.9))
    assert metric.mean == pytest.approx(0.7)
    assert metric.deviation == pytest.approx(0.2)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_folds_divide_the_examples(cases: dict[str, Case], task: str) -> None:
    graph = cases[task].graph()
    rows = load_rows(survey("train", cases[task].train_files, graph), graph)
    labels = rows[1].numpy()
    folds = list(fold(rows, graph, 5, seed=1))
    held_out = np.concatenate([indices for _, indices in folds])
    np.testing.assert_array_equal(np.sort(held_out), np.arange(60))
    for train, held in folds:
        assert not set(train) & set(held)
        assert len(train) + len(held) == 60
        if task == "binary":
            assert abs(labels[held].mean() - labels.mean()) < 0.1


def test_every_metric_has_a_value_a_fold(cases: dict[str, Case]) -> None:
    found = validated(cases["binary"], 3, class_weights="balanced", learning_rate=0.05)
    assert list(found) == ["loss", "accuracy", "auc"]
    assert all(len(metric.values) == 3 for metric in found.values())
    assert found["auc"].mean == statistics.fmean(found["auc"].values)
    assert found["loss"].deviation > 0
    assert validated(cases["binary"], 3, class_weights="balanced", learning_rate=0.05) == found


def test_too_many_folds_are_an_error(cases: dict[str, Case]) -> None:
    with pytest.raises(DataError, match="31 folds need 31 examples of a class"):
        validated(cases["binary"], 31)
    with pytest.raises(DataError, match="61 folds need 61 examples in the train split"):
        validated(cases["regression"], 61)
