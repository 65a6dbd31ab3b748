"""Standard errors from resamples: against formulas, in any grouping, paired by example."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tfline.components.evaluator.measuring.doubt_lines import from_line, to_line
from tfline.components.evaluator.measuring.results import MetricKey, SliceDoubt, Uncertainty
from tfline.components.evaluator.measuring.uncertainty import (
    AddSums,
    ResampleGroup,
    Resampling,
    measure_doubt,
    measure_uncertainty,
)
from tfline.components.evaluator.reading.groups import Group
from tfline.metrics import scores
from tfline.metrics.arrays import Array
from tfline.metrics.scores import Histogram, Scores, auc
from tfline.metrics.statistic import Decision
from tfline.metrics.table import METRICS

RNG = np.random.default_rng(5)
SIZE = 2000
LABELS = RNG.integers(0, 2, SIZE)
SCORES = (1 / (1 + np.exp(-RNG.normal(size=SIZE) - LABELS))).astype(np.float32)


def measured(
    metrics: tuple[str, ...],
    labels: Array,
    *predictions: Array,
    task: str = "binary",
    classes: int = 2,
    parts: int = 1,
    resamples: int = 400,
) -> dict[MetricKey, Uncertainty]:
    names = ("candidate", "baseline")[: len(predictions)]
    decisions = dict.fromkeys(names, Decision(classes))
    how = Resampling(metrics, task, decisions, resamples, seed=0)
    do_fn, add = ResampleGroup(how), AddSums()
    sums = []
    for rows in np.array_split(np.arange(len(labels)), parts):
        of_models = {name: p[rows] for name, p in zip(names, predictions, strict=True)}
        group = Group((), labels[rows], of_models, rows, len(labels), (1, 0))
        sums += [of_group for _, of_group in do_fn.process(group)]
    merged = add.merge_accumulators([add.create_accumulator(), *sums])
    return measure_uncertainty(how, add.extract_output(merged))


def test_error_of_a_share_is_that_of_the_binomial_distribution() -> None:
    found = measured(("accuracy", "recall"), LABELS, SCORES)
    accuracy = np.mean((SCORES >= 0.5) == LABELS)
    expected = math.sqrt(accuracy * (1 - accuracy) / SIZE)
    assert found["accuracy", None].candidate.error == pytest.approx(expected, rel=0.15)
    recall = found["recall", None]
    assert (recall.hits, recall.trials) == (int(((SCORES >= 0.5) & LABELS).sum()), LABELS.sum())


def test_error_of_a_mean_is_that_of_its_formula() -> None:
    labels = RNG.normal(100.0, 5.0, SIZE)
    predictions = (labels + RNG.normal(0.5, 2.0, SIZE)).astype(np.float32)
    found = measured(("mae", "rmse", "r2"), labels, predictions, task="regression", classes=0)
    errors = np.abs(predictions - labels)
    assert found["mae", None].candidate.error == pytest.approx(errors.std() / SIZE**0.5, rel=0.15)
    squares = errors**2
    of_rmse = squares.std() / SIZE**0.5 / (2 * math.sqrt(squares.mean()))
    assert found["rmse", None].candidate.error == pytest.approx(of_rmse, rel=0.15)


def test_error_of_the_auc_is_that_of_delong() -> None:
    """DeLong, DeLong and Clarke-Pearson (1988): the variance of the placements."""
    above = SCORES[LABELS == 1][:, None] > SCORES[LABELS == 0]
    of_positive, of_negative = above.mean(axis=1), above.mean(axis=0)
    expected = math.sqrt(
        of_positive.var(ddof=1) / len(of_positive) + of_negative.var(ddof=1) / len(of_negative)
    )
    assert measured(("auc",), LABELS, SCORES)["auc", None].candidate.error == pytest.approx(
        expected, rel=0.15
    )


def test_scores_take_bounded_memory_and_keep_their_area(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Scores.of(LABELS, SCORES, Decision(2))
    monkeypatch.setattr(scores, "_MOST_SCORES", 500)
    parts = zip(np.array_split(LABELS, 4), np.array_split(SCORES, 4), strict=True)
    first, *others = (Scores.of(*part, Decision(2)) for part in parts)
    bounded = sum(others, start=first)
    assert len(bounded.scores) <= 500 < len(whole.scores)
    assert bounded.sums.sum() == SIZE
    assert auc(bounded)[0] == pytest.approx(auc(whole)[0], abs=1e-3)


def test_binned_scores_have_nearly_the_exact_area() -> None:
    exact = Scores.of(LABELS, SCORES, Decision(2))
    binned = Histogram.of(LABELS, SCORES, Decision(2))
    assert auc(binned)[0] == pytest.approx(auc(exact)[0], abs=1e-3)


@pytest.mark.parametrize("metric", ["auc", "accuracy", "log_loss", "calibration"])
def test_errors_do_not_depend_on_how_examples_are_grouped(metric: str) -> None:
    """A group is a slice of one block: its weights are those of its rows."""
    whole = measured((metric,), LABELS, SCORES, SCORES[::-1])[metric, None]
    parts = measured((metric,), LABELS, SCORES, SCORES[::-1], parts=7)[metric, None]
    assert parts.candidate.error == pytest.approx(whole.candidate.error, rel=1e-4)
    assert parts.difference.error == pytest.approx(whole.difference.error, rel=1e-4)
    assert (parts.won, parts.lost) == (whole.won, whole.lost)


def test_models_that_err_together_differ_by_less_than_each_may_be_off() -> None:
    other = np.clip(SCORES + RNG.normal(0, 0.02, SIZE), 0, 1).astype(np.float32)
    found = measured(("auc",), LABELS, SCORES, other)["auc", None]
    assert found.candidate is not None
    assert found.difference is not None
    assert found.difference.error < 0.3 * found.candidate.error
    assert measured(("auc",), LABELS, SCORES, SCORES)["auc", None].difference.error == 0.0


def test_duels_are_counted_for_each_class() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    candidate = np.eye(3, dtype=np.float32)[[0, 1, 1, 1, 0, 2]]
    baseline = np.eye(3, dtype=np.float32)[[0, 0, 1, 0, 0, 2]]
    found = measured(
        ("accuracy", "recall"), labels, candidate, baseline, task="multiclass", classes=3
    )
    assert (found["accuracy", None].won, found["accuracy", None].lost) == (1, 1)
    assert [(found["recall", c].won, found["recall", c].lost) for c in range(3)] == [
        (0, 1),
        (1, 0),
        (0, 0),
    ]
    assert [found["recall", c].hits for c in range(3)] == [1, 2, 1]


def test_specificity_is_a_duel_over_the_negative_examples() -> None:
    labels = np.array([0, 0, 0, 1])
    candidate = np.array([0.1, 0.2, 0.9, 0.1], np.float32)
    baseline = np.array([0.9, 0.8, 0.1, 0.9], np.float32)
    found = measured(("specificity", "false_positive_rate"), labels, candidate, baseline)
    for metric in ("specificity", "false_positive_rate"):
        assert (found[metric, None].won, found[metric, None].lost) == (2, 1)
    assert found["false_positive_rate", None].hits == 1


def test_value_that_most_resamples_do_not_define_has_no_error() -> None:
    labels = np.array([1] * 50 + [0, 0])  # both are missing in 14 % of the resamples
    found = measured(("auc",), labels, RNG.random(52).astype(np.float32))
    assert found["auc", None].candidate is None


def test_every_metric_that_is_a_number_has_an_error() -> None:
    metrics = tuple(name for name, metric in METRICS.items() if metric.fits("binary"))
    found = measured((*metrics, "my.Cost"), LABELS, SCORES)
    missing = {name for name in metrics if (name, None) not in found}
    assert missing == {"example_count", "confusion_matrix"}
    assert all(of_metric.candidate.error for of_metric in found.values())


def test_uncertainty_survives_its_line() -> None:
    found = measured(("auc", "accuracy"), LABELS, SCORES, SCORES[::-1])
    doubt = SliceDoubt({**found, ("f1", 2): Uncertainty()}, (3, 4))
    key = (("hour", 3), ("payment", "cash"))
    assert from_line(to_line(key, doubt)) == (key, doubt)


@pytest.mark.parametrize("positives", [2, 3, 10])
def test_interval_never_leaves_the_range_of_its_metric(positives: int) -> None:
    """A value plus and minus a multiple of its error does: AUC 1.045, calibration below 0."""
    labels = np.zeros(400, np.int64)
    labels[:positives] = 1
    scores = np.linspace(0.9, 0.01, 400).astype(np.float32)
    metrics = ("auc", "pr_auc", "f1", "log_loss", "calibration")
    found = measured(metrics, labels, scores)
    for (metric, _), uncertainty in found.items():
        if uncertainty.candidate is None:
            continue
        low, high = uncertainty.candidate.low, uncertainty.candidate.high
        assert 0 <= low <= high
        assert high <= 1 or metric in ("log_loss", "calibration")


def test_examples_of_each_class_are_counted() -> None:
    how = Resampling(("accuracy",), "binary", {"": Decision(2)}, 50, seed=0)
    group = Group((), LABELS, {"": SCORES}, np.arange(SIZE), SIZE, (1, 0))
    [(_, sums)] = ResampleGroup(how).process(group)
    assert measure_doubt(how, sums).labelled == (int((LABELS == 0).sum()), int(LABELS.sum()))
