"""The weights of the Poisson bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tfline.components.evaluator.measuring.resamples import block_weights


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
