"""The weights of the Poisson bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tfline.components.evaluator.measuring.resamples import block_weights, unit_weights


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
