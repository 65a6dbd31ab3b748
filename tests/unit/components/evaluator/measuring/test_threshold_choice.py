"""Which threshold is chosen, and that it does what it was chosen for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from tfline.components.evaluator.measuring.threshold_choice import (
    Chosen,
    choose_threshold,
    from_line,
    to_line,
)
from tfline.components.evaluator.rules import ThresholdChoice
from tfline.metrics.arrays import Array
from tfline.metrics.scores import Scores
from tfline.metrics.statistic import Decision
from tfline.transforms.errors import DataError

RNG = np.random.default_rng(2)
LABELS = RNG.integers(0, 2, 400)
SCORES = np.round(1 / (1 + np.exp(-RNG.normal(size=400) - LABELS)), 2).astype(np.float32)


def chosen(choice: dict[str, Any], labels: Array = LABELS, scores: Array = SCORES) -> Chosen:
    parts = zip(np.array_split(labels, 3), np.array_split(scores, 3), strict=True)
    first, *others = (Scores.of(*part, Decision(2)) for part in parts)
    for other in others:
        first += other
    return choose_threshold(first, ThresholdChoice.model_validate(choice))


def decide(threshold: float) -> Array:
    return np.asarray(np.float32(threshold) <= SCORES)


def every_decision() -> list[Array]:
    return [decide(float(score)) for score in np.unique(SCORES)]


def test_best_f1_is_that_of_the_best_threshold() -> None:
    best = max(sk.f1_score(LABELS, decided) for decided in every_decision())
    found = chosen({"best": "f1"})
    assert sk.f1_score(LABELS, decide(found.threshold)) == best
    assert found.reason == f"highest F1, {best:.4g}"


@pytest.mark.parametrize(
    ("bounded", "best"),
    [
        ((sk.precision_score, "precision"), (sk.recall_score, "recall")),
        ((sk.recall_score, "recall"), (sk.precision_score, "precision")),
    ],
)
def test_one_of_precision_and_recall_is_bounded_and_the_other_is_best(
    bounded: Any, best: Any
) -> None:
    found = decide(chosen({bounded[1]: 0.75}).threshold)
    possible = [d for d in every_decision() if bounded[0](LABELS, d) >= 0.75]
    assert bounded[0](LABELS, found) >= 0.75
    assert best[0](LABELS, found) == max(best[0](LABELS, decided) for decided in possible)


def test_cost_of_the_two_errors_is_lowest() -> None:
    def cost(decided: Array) -> float:
        return float((decided & (LABELS == 0)).sum() + 5 * (~decided & (LABELS == 1)).sum())

    choice = {"cost": {"false_positive": 1.0, "false_negative": 5.0}}
    assert cost(decide(chosen(choice).threshold)) == min(map(cost, every_decision()))


def test_error_that_costs_far_more_leaves_nothing_positive() -> None:
    choice = {"cost": {"false_positive": 1000.0, "false_negative": 1.0}}
    labels, scores = np.array([0, 1, 0]), np.array([0.9, 0.8, 1.0], np.float32)
    assert chosen(choice, labels, scores).threshold > 1


def test_precision_that_no_threshold_reaches_is_said_and_the_highest_is_taken() -> None:
    labels, scores = np.array([1, 0, 1, 0]), np.array([0.2, 0.9, 0.8, 0.1], np.float32)
    found = chosen({"precision": 0.9}, labels, scores)
    assert found.reason == "no threshold reaches precision 0.9; 0.6667 is most"
    assert found.threshold == pytest.approx(0.15)


def test_threshold_lies_halfway_between_two_scores() -> None:
    labels, scores = np.array([0, 1]), np.array([0.25, 0.75], np.float32)
    assert chosen({"best": "f1"}, labels, scores).threshold == 0.5


def test_neighbouring_scores_are_told_apart() -> None:
    low = np.float32(0.5)
    labels, scores = np.array([0, 1]), np.array([low, np.nextafter(low, np.float32(1))])
    found = np.float32(chosen({"best": "f1"}, labels, scores).threshold)
    assert (scores >= found).tolist() == [False, True]


def test_one_class_has_no_threshold() -> None:
    with pytest.raises(DataError, match="records of one class only"):
        chosen({"best": "f1"}, np.ones(400, np.int64))


def test_choice_survives_its_line() -> None:
    found = chosen({"best": "f1"})
    assert from_line(to_line(found)) == found
