"""The one line that a run shows."""

from __future__ import annotations

import math

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.executor import summarise
from tfline.components.evaluator.gate.verdict import judge
from tfline.components.evaluator.measuring.results import Measures, SliceResult


def summary(numbers: dict[str, float], require: dict[str, float]) -> str:
    result = SliceResult((), Measures(numbers))
    return summarise(
        result, judge([result], EvaluateConfig.model_validate({"require": require})), "test"
    )


def test_summary_has_the_headline_metrics_and_the_answer() -> None:
    numbers = {"auc": 0.931, "precision": 0.71, "calibration": 1.0, "example_count": 3012.0}
    line = summary(numbers, {"auc": 0.8, "precision": 0.5})
    assert line == (
        "auc 0.931, precision 0.71 on 3,012 test records; blessed: auc 0.931 >= 0.8; and 1 more"
    )


def test_summary_says_what_is_not_defined() -> None:
    numbers = {"auc": math.nan, "example_count": 2.0}
    line = summary(numbers, {"auc": 0.8})
    assert line.startswith("auc n/a on 2 test records; not blessed: auc is not defined")


def test_summary_of_own_metrics_only() -> None:
    numbers = {"my.Cost": 3.0, "example_count": 2.0}
    line = summary(numbers, {})
    assert line == "2 test records; blessed: nothing was required"
