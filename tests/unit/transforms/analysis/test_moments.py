"""Mean, deviation and principal components, put together from parts."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.transforms.analysis.moments import Moments, PrincipalComponents
from tfline.transforms.analysis.reducer import NumberReducer


def reduce(reducer: NumberReducer, *parts: np.ndarray) -> list[np.ndarray]:
    """Reduces parts each on its own, and then their states."""
    state = reducer.start()
    for part in parts:
        state = reducer.merge(state, reducer.add(reducer.start(), part))
    return reducer.finish(state, parts[0].shape[1:])


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_moments_in_parts_are_those_of_the_whole(offset: float) -> None:
    x = (np.random.default_rng(1).normal(size=(999, 2)) + offset).astype(np.float32)
    x[3, 0], x[4, 1] = np.nan, -np.inf
    mean, deviation = reduce(Moments(), x[:1], x[1:1], x[1:600], x[600:])
    kept = np.where(np.isfinite(x), x, np.nan).astype(np.float64)
    np.testing.assert_allclose(mean, np.nanmean(kept, axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviation, np.nanstd(kept, axis=0), rtol=1e-9)


def test_moments_of_huge_values_are_finite() -> None:
    x = np.array([3.4e38, -3.4e38], np.float32)
    mean, deviation = reduce(Moments(), x)
    assert mean == 0
    np.testing.assert_allclose(deviation, 3.4e38, rtol=1e-6)


def test_components_pass_over_rows_that_lack_a_value() -> None:
    x = np.random.default_rng(2).normal(size=(50, 3)) @ np.diag([3, 2, 1])
    gappy = np.insert(x, [5, 20], np.nan, axis=0)
    whole = reduce(PrincipalComponents(2), x)
    parts = reduce(PrincipalComponents(2), gappy[:7], gappy[7:])
    for answer, expected in zip(parts, whole, strict=True):
        np.testing.assert_allclose(answer, expected, rtol=1e-9, atol=1e-12)


def test_statistic_of_no_rows_is_zero() -> None:
    for reducer in (Moments(), PrincipalComponents(1)):
        answers = reduce(reducer, np.full((2, 2), np.nan))
        assert all(not answer.any() for answer in answers)
        assert all(not a.any() for a in reducer.finish(reducer.start(), (2,)))
