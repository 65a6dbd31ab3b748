"""The weights of the Poisson bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tfline.components.evaluator.measuring.resamples import (
    block_weights,
    expanded_tail,
    time_weights,
    unit_weights,
)


def test_weights_have_the_probabilities_of_a_poisson_variable() -> None:
    weights = block_weights((1, 2, 3), 5000, 100)
    assert weights.shape == (5000, 101)
    share = np.bincount(weights[:, 1:].ravel(), minlength=8)[:8] / 500_000
    assert share == pytest.approx(stats.poisson(1).pmf(np.arange(8)), abs=0.003)


def test_first_column_is_the_examples_as_they_are() -> None:
    assert (block_weights((1, 2, 3), 50, 10)[:, 0] == 1).all()


def test_same_seed_gives_the_same_weights_and_another_block_others() -> None:
    first = block_weights((1, 2, 3), 50, 10).copy()
    other = block_weights((1, 2, 4), 50, 10)
    assert (block_weights((1, 2, 3), 50, 10) == first).all()
    assert (other != first).any()


def test_examples_of_a_unit_share_their_weights_wherever_they_are() -> None:
    units = np.array([7, 8, 7, 9], np.uint64)
    weights = unit_weights(0, units, 50)
    assert (weights[0] == weights[2]).all()
    assert (weights[0] != weights[1]).any()
    assert (unit_weights(0, np.array([9, 7], np.uint64), 50) == weights[[3, 0]]).all()
    assert (unit_weights(1, units, 50) != weights).any()
    assert (weights[:, 0] == 1).all()


def test_weights_of_units_are_poisson() -> None:
    weights = unit_weights(3, np.arange(4000, dtype=np.uint64), 100)[:, 1:].astype(float)
    assert weights.mean() == pytest.approx(1, abs=0.01)
    assert weights.var() == pytest.approx(1, abs=0.02)
    correlations = np.corrcoef(weights[:, :20].T) - np.eye(20)
    assert np.abs(correlations).max() < 0.08


def test_windows_of_a_block_of_time_share_their_weights_wherever_time_is_cut() -> None:
    places = np.repeat(np.arange(0, 400, 0.1), 2)
    weights = time_weights(0, places, 100)
    assert (weights[:, 0] == 1).all()
    assert (weights[::2] == weights[1::2]).all()  # of the same time
    part = np.arange(300, 340)
    assert (time_weights(0, places[part], 100) == weights[part]).all()  # in another file
    numbers = weights[::2, 1:].astype(float)
    assert numbers.mean() == pytest.approx(1, abs=0.02)
    assert numbers.var() == pytest.approx(1, abs=0.05)
    for apart, alike in [(1, 0.9), (5, 0.5), (10, 0.0), (30, 0.0)]:
        one, other = numbers[:-apart].ravel(), numbers[apart:].ravel()
        assert np.corrcoef(one, other)[0, 1] == pytest.approx(alike, abs=0.03)


def test_tail_of_few_pieces_is_that_of_students_t() -> None:
    assert expanded_tail(0.025, 1e6) == pytest.approx(0.025, rel=1e-3)
    wider = stats.t(9).ppf(0.025) * (10 / 9) ** 0.5
    assert expanded_tail(0.025, 10) == pytest.approx(stats.norm.cdf(wider))
