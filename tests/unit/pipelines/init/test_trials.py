"""Candidates are compared until the time is over; what was not tried is said."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from tfline.pipelines.init.budget import read_budget
from tfline.pipelines.init.candidates import CANDIDATES, Candidate, fitting
from tfline.pipelines.init.features import no_features
from tfline.pipelines.init.kinds import Kind
from tfline.pipelines.init.trials import OutOfTimeError, best_of, compare, table
from tfline.transforms.errors import ModelError, SpecError

A, B, C, D = (Candidate({"mlp": {"hidden_units": [n]}}, no_features) for n in (1, 2, 3, 4))


def ticking(step: float = 1.0):
    counter = itertools.count()
    return lambda: step * next(counter)


def test_all_are_measured_and_the_best_is_kept() -> None:
    values = {A.title: (0.7, 0.8), B.title: (0.9, 0.8), C.title: (0.85, 0.85)}
    trials = list(compare([A, B, C], lambda one: values[one.title], 100, ticking()))
    best = best_of(trials, smaller_is_better=False)
    assert best is not None
    assert best.candidate is B
    least = best_of(trials, smaller_is_better=True)
    assert least is not None
    assert least.candidate is A
    assert best.deviation == pytest.approx(0.0707, abs=1e-4)
    grid = table(trials, "auc", best)
    assert grid.rows[1] == ["mlp(hidden_units=[2]) *", "0.8500", "0.0707", "1"]


def test_what_has_no_time_left_is_not_tried() -> None:
    def measure(candidate: Candidate) -> Sequence[float]:
        if candidate is B:
            raise OutOfTimeError
        return (0.5, 0.6)

    trials = list(compare([A, B, C, D], measure, 2.5, ticking()))
    assert [trial.why_not for trial in trials] == [
        "", "not finished: the time is over", "not tried: the time is over",
        "not tried: the time is over",
    ]  # fmt: skip
    best = best_of(trials, smaller_is_better=False)
    assert best is not None
    assert best.candidate is A


def test_interrupt_keeps_the_best_so_far() -> None:
    def measure(candidate: Candidate) -> Sequence[float]:
        if candidate is B:
            raise KeyboardInterrupt
        return (0.5, 0.6)

    trials = list(compare([A, B, C], measure, 100, ticking()))
    assert [trial.why_not for trial in trials] == ["", "interrupted", "not tried: interrupted"]


def test_model_that_fails_is_said_and_does_not_end_the_comparison() -> None:
    def measure(candidate: Candidate) -> Sequence[float]:
        if candidate is A:
            raise ModelError("too deep")
        return (0.5, 0.6)

    trials = list(compare([A, B], measure, 100, ticking()))
    assert [trial.why_not for trial in trials] == ["too deep", ""]
    assert best_of(trials[:1], smaller_is_better=False) is None


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400)])
def test_budget_is_a_time(text: str, seconds: float) -> None:
    assert read_budget(text) == seconds


@pytest.mark.parametrize("text", ["10", "m", "-3m", "0s", "ten minutes"])
def test_budget_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="A budget is a time"):
        read_budget(text)


@pytest.mark.parametrize("sort", CANDIDATES)
def test_every_sort_of_data_has_a_default_that_needs_nothing_of_its_columns(sort) -> None:
    assert fitting(sort, {"x": "number"}, "multilabel")


def test_wide_deep_needs_a_category() -> None:
    names = [candidate.name for candidate in fitting("table", {"x": "number"}, "binary")]
    assert "wide_deep" not in names
    names = [one.name for one in fitting("table", {"x": "number", "c": "category"}, "binary")]
    assert names[:2] == ["boosted_trees", "wide_deep"]


def test_trees_are_not_grown_for_labels_or_numbers_of_classes_that_are_not_theirs() -> None:
    kept: dict[str, Kind] = {"x": "number"}
    assert fitting("table", kept, "multiclass", 30)[0].name == "boosted_trees"
    assert fitting("table", kept, "multiclass", 31)[0].name == "mlp"
    assert fitting("table", kept, "multilabel")[0].name == "mlp"
