"""A model beside naive ones: better is what chance does not explain."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.verdict import judge
from tfline.components.evaluator.measuring.naive import Naive, compare
from tfline.components.evaluator.measuring.results import Measures, SliceResult
from tfline.metrics.table import METRICS
from tfline.tasks.table import TASKS

RNG = np.random.default_rng(0)


def around(value: float, deviation: float) -> np.ndarray:
    """Returns a value, and 200 resamples of it."""
    return np.concatenate([[value], RNG.normal(value, deviation, 200)])


@pytest.mark.parametrize(
    ("name", "metric", "model", "naive", "beaten"),
    [
        ("constant", "auc", around(0.9, 0.01), np.full(201, 0.5), True),
        ("constant", "auc", around(0.52, 0.03), np.full(201, 0.5), False),
        ("constant", "rmse", around(3.0, 0.1), np.full(201, 4.0), True),
        ("constant", "rmse", around(5.0, 0.1), np.full(201, 4.0), False),
        ("persistence", "mae", around(3.9, 0.3), np.full(201, 4.0), False),
        ("linear", "auc", around(0.90, 0.001), np.full(201, 0.895), True),
        ("linear", "auc", around(0.90, 0.001), np.full(201, 0.905), True),
        ("linear", "auc", around(0.90, 0.001), np.full(201, 0.95), False),
        ("linear", "auc", around(0.90, 0.1), np.full(201, 0.95), True),
        ("linear", "rmse", around(402.0, 0.1), np.full(201, 400.0), True),
        ("linear", "rmse", around(420.0, 0.1), np.full(201, 400.0), False),
    ],
)
def test_model_beats_what_chance_does_not_explain(
    name: str, metric: str, model: np.ndarray, naive: np.ndarray, beaten: bool
) -> None:
    found = compare(name, metric, model, naive, 0.95)
    assert found.beaten is beaten
    assert (found.model, found.value) == (model[0], naive[0])
    assert found.low <= found.high
    assert ("does not beat" in found.reason) is not beaten


def test_metric_that_is_compared_fits_its_task() -> None:
    for task, metric in ((t.family, t.compared) for t in TASKS.values() if t.compared):
        assert task in METRICS[metric].values
        assert METRICS[metric].better is not None


UNBEATEN = Naive("constant", "auc", 0.5, 0.51, -0.02, 0.04, beaten=False)
BEATEN = Naive("linear", "auc", 0.5, 0.51, -0.02, 0.04, beaten=True)


@pytest.mark.parametrize(
    ("setting", "blessed", "first"),
    [("require", False, "reasons"), ("warn", True, "comparison")],
)
def test_model_that_beats_no_naive_one_is_blessed_on_request_only(
    setting: str, blessed: bool, first: str
) -> None:
    overall = SliceResult((), Measures({"auc": 0.51, "example_count": 100}))
    config = EvaluateConfig.model_validate({"baselines": setting})
    verdict = judge([overall], config, naive=[BEATEN, UNBEATEN])
    assert verdict.blessed is blessed
    assert UNBEATEN.reason in getattr(verdict, first)
    assert verdict.headline.startswith(UNBEATEN.reason)
    assert BEATEN.reason in verdict.comparison
    assert "is no better than a linear model" in BEATEN.reason


def test_off_is_a_word_in_yaml_too() -> None:
    assert EvaluateConfig.model_validate({"baselines": False}).baselines == "off"
