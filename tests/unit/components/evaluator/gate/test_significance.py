"""Tests, intervals and Holm's correction: against SciPy, and by hand."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from tfline.components.evaluator.gate.significance import (
    adjust,
    detectable_loss,
    difference_of_independent,
    duel_evidence,
    share_evidence,
    share_interval,
    t_evidence,
)


@pytest.mark.parametrize(("hits", "trials"), [(0, 5), (3, 10), (10, 10), (812, 1000)])
@pytest.mark.parametrize("bound", [0.3, 0.8])
def test_share_is_tested_as_scipy_does(hits: int, trials: int, bound: float) -> None:
    evidence = share_evidence(hits, trials, bound, 1)
    less = stats.binomtest(hits, trials, bound, alternative="less").pvalue
    greater = stats.binomtest(hits, trials, bound, alternative="greater").pvalue
    assert (evidence.fails, evidence.holds) == pytest.approx((less, greater))
    at_most = share_evidence(hits, trials, bound, -1)
    assert (at_most.fails, at_most.holds) == (evidence.holds, evidence.fails)


@pytest.mark.parametrize(("hits", "trials"), [(0, 5), (3, 10), (10, 10), (812, 1000)])
def test_interval_of_a_share_is_that_of_scipy(hits: int, trials: int) -> None:
    expected = stats.binomtest(hits, trials).proportion_ci(0.9, method="exact")
    assert share_interval(hits, trials, 0.9) == pytest.approx((expected.low, expected.high))


def test_interval_of_no_trials_is_the_whole_range() -> None:
    assert share_interval(0, 0, 0.95) == (0.0, 1.0)


def test_duel_is_mcnemars_exact_test() -> None:
    # 2 of 10: (1 + 10 + 45) / 2^10.
    assert duel_evidence(2, 8).fails == pytest.approx(56 / 1024)
    assert duel_evidence(8, 2).holds == pytest.approx(56 / 1024)


def test_models_that_are_right_about_the_same_examples_differ_in_nothing() -> None:
    assert duel_evidence(0, 0).fails == 1.0


@pytest.mark.parametrize(("margin", "fails"), [(0.01, 1.0), (0.0, 1.0), (-0.01, 0.0)])
def test_without_an_error_nothing_is_left_to_chance(margin: float, fails: float) -> None:
    assert t_evidence(margin, 0.0, "bootstrap").fails == fails


def test_evidence_of_few_pieces_has_the_tail_of_students_t() -> None:
    assert t_evidence(-1.8124611, 1.0, "bootstrap", 11).fails == pytest.approx(0.05)
    assert t_evidence(-9.0, math.inf, "bootstrap", 1).fails == 0.5  # one piece tells nothing


def test_evidence_of_many_pieces_has_the_tail_of_the_normal_distribution() -> None:
    assert t_evidence(-1.6448536, 1.0, "bootstrap").fails == pytest.approx(0.05)


def test_detectable_loss_is_shown_four_times_in_five() -> None:
    loss = detectable_loss(0.01, 0.1, 0.95)
    z_of_a_failure = stats.norm.ppf(0.05)  # below this the p-value is under 0.05
    power = stats.norm.cdf(z_of_a_failure, loc=(0.01 - loss) / 0.1)
    assert power == pytest.approx(0.8)


def test_holm_multiplies_the_smallest_most_and_never_lets_the_order_change() -> None:
    assert adjust([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert adjust([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert adjust([]) == []


def test_difference_of_two_shares_has_newcombes_interval_and_stays_in_its_range() -> None:
    """Newcombe (1998), method 10, with the intervals of Wilson: 56/70 and 48/80."""
    first = stats.binomtest(56, 70).proportion_ci(0.95, method="wilson")
    second = stats.binomtest(48, 80).proportion_ci(0.95, method="wilson")
    low, high = difference_of_independent((0.8, *first), (0.6, *second))
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    low, high = difference_of_independent((1.0, 0.6, 1.0), (0.0, 0.0, 0.4))
    assert high == 1.0
