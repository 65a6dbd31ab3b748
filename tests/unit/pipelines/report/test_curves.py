"""Curves, intervals and histograms against scikit-learn and SciPy on the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from tfline.pipelines.report.collect.curves import (
    MAX_POINTS,
    calibration,
    precision_recall_curve,
    residuals,
    roc_curve,
    threshold_curve,
)
from tfline.pipelines.report.collect.histograms import shares
from tfline.pipelines.report.intervals import wilson

RNG = np.random.default_rng(8)


def test_curves_of_weighted_records_are_those_of_scikit_learn() -> None:
    scores = RNG.random(400).round(2)
    positive = RNG.random(400) < scores
    weights = RNG.exponential(size=400) * (RNG.random(400) < 0.8)  # some do not count
    roc = roc_curve(positive, scores, "", weights)
    assert roc.area == pytest.approx(sk.roc_auc_score(positive, scores, sample_weight=weights))
    precision_recall = precision_recall_curve(positive, scores, "", weights)
    assert precision_recall.area == pytest.approx(
        sk.average_precision_score(positive, scores, sample_weight=weights)
    )
    thresholds = threshold_curve(positive, scores, 0.5, weights=weights)
    decided = scores >= thresholds.thresholds[30]
    assert thresholds.f1[30] == pytest.approx(sk.f1_score(positive, decided, sample_weight=weights))
    bins = calibration(positive, scores, weights)
    lowest = np.argsort(scores[weights > 0], kind="stable")[: bins[0].records]
    came_true, of_bin = positive[weights > 0][lowest], weights[weights > 0][lowest]
    assert bins[0].observed == pytest.approx(np.average(came_true, weights=of_bin))
    fewer = of_bin.sum() ** 2 / (of_bin**2).sum()  # what so many records of equal weight say
    assert fewer < len(of_bin)
    assert (bins[0].low, bins[0].high) == wilson(bins[0].observed * fewer, fewer)


def test_equal_weights_change_no_curve() -> None:
    scores = RNG.random(60)
    positive = RNG.random(60) < scores
    ones = np.ones(60)
    assert roc_curve(positive, scores, "", ones) == roc_curve(positive, scores, "")
    assert calibration(positive, scores, ones) == calibration(positive, scores)
    assert threshold_curve(positive, scores, 0.5, "", ones) == threshold_curve(
        positive, scores, 0.5
    )


def test_residuals_keep_the_weight_of_each_number() -> None:
    labels = np.arange(6.0).reshape(3, 2)
    drawn = residuals(labels, labels + 1, np.array([1.0, 2.0, 3.0]))
    assert drawn.labels == (0, 1, 2, 3, 4, 5)
    assert drawn.weights == (1, 1, 2, 2, 3, 3)
    assert residuals(labels, labels + 1).weights == ()


@pytest.fixture(params=[50, 3000], ids=["few", "many"])
def answers(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores, some of which are equal."""
    scores = RNG.random(request.param).round(2)
    return RNG.random(request.param) < scores, scores


def test_areas_are_those_of_scikit_learn(answers) -> None:
    positive, scores = answers
    assert roc_curve(positive, scores, "").area == pytest.approx(
        sk.roc_auc_score(positive, scores), abs=1e-12
    )
    assert precision_recall_curve(positive, scores, "").area == pytest.approx(
        sk.average_precision_score(positive, scores), abs=1e-12
    )


def test_points_lie_on_the_curve_of_scikit_learn(answers) -> None:
    positive, scores = answers
    x, y, _ = sk.roc_curve(positive, scores, drop_intermediate=False)
    curve = roc_curve(positive, scores, "")
    assert set(zip(curve.x, curve.y, strict=True)) <= {
        (round(a, 5), round(b, 5)) for a, b in zip(x.tolist(), y.tolist(), strict=True)
    }
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert len(curve.x) <= MAX_POINTS


def test_thresholds_give_what_scikit_learn_says(answers) -> None:
    positive, scores = answers
    curve = threshold_curve(positive, scores, 0.5)
    for place in (0, 30, 50):
        decided = scores >= curve.thresholds[place]
        assert curve.precision[place] == pytest.approx(sk.precision_score(positive, decided))
        assert curve.recall[place] == pytest.approx(sk.recall_score(positive, decided))
        assert curve.f1[place] == pytest.approx(sk.f1_score(positive, decided))
    assert threshold_curve(positive, scores * 0.5, 0.5).precision[-1] is None


def test_calibration_bins_hold_all_records_in_order() -> None:
    scores = RNG.random(1003)
    bins = calibration(RNG.random(1003) < scores, scores)
    assert sum(b.records for b in bins) == 1003
    assert [b.predicted for b in bins] == sorted(b.predicted for b in bins)
    assert all(b.low <= b.observed <= b.high for b in bins)
    assert all(abs(b.predicted - b.observed) < 0.2 for b in bins)


@pytest.mark.parametrize(("hits", "records"), [(0, 10), (3, 10), (10, 10), (988, 1000)])
def test_interval_is_that_of_scipy(hits: int, records: int) -> None:
    for confidence in (0.95, 0.8):
        found = stats.binomtest(hits, records).proportion_ci(confidence, method="wilson")
        assert wilson(hits, records, confidence) == pytest.approx((found.low, found.high))


def test_interval_of_nothing_is_everything() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_buckets_are_spread_over_the_bins() -> None:
    edges = np.array([0.0, 1.0, 2.0, 4.0])
    found = shares([(0, 2, 6), (2, 2, 3), (4, 8, 1)], edges)
    assert found.tolist() == pytest.approx([0.3, 0.3, 0.3])  # what lies above 4 is in no bin
