"""The one line that a run shows."""

from __future__ import annotations

import math

from tfline.components.evaluator.executor import summarise
from tfline.components.evaluator.gate.verdict import Verdict
from tfline.components.evaluator.measuring.results import Measures, SliceResult


def test_summary_has_the_headline_metrics_and_the_answer() -> None:
    numbers = {"auc": 0.931, "precision": 0.71, "calibration": 1.0, "example_count": 3012.0}
    verdict = Verdict(True, ("auc 0.931 >= 0.8", "recall 0.6 >= 0.5"), ())
    line = summarise(SliceResult((), Measures(numbers)), verdict)
    assert line == "auc 0.931, precision 0.71 on 3,012 records; blessed: auc 0.931 >= 0.8"


def test_summary_says_what_is_not_defined() -> None:
    numbers = {"auc": math.nan, "example_count": 2.0}
    verdict = Verdict(False, ("auc is not defined on these records, required >= 0.8",), ())
    line = summarise(SliceResult((), Measures(numbers)), verdict)
    assert line.startswith("auc n/a on 2 records; not blessed: auc is not defined")


def test_summary_of_own_metrics_only() -> None:
    numbers = {"my.Cost": 3.0, "example_count": 2.0}
    verdict = Verdict(True, ("nothing was required",), ())
    line = summarise(SliceResult((), Measures(numbers)), verdict)
    assert line == "2 records; blessed: nothing was required"
