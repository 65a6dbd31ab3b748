"""Errors of forecasts at each step against NumPy, and as a part of a group's sum."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.metrics.forecasts import HorizonErrors, mase, mase_of_each
from tfline.metrics.statistic import Decision

RNG = np.random.default_rng(0)
LABELS = RNG.normal(5, 2, (300, 4)).astype(np.float32)
PREDICTIONS = (LABELS + RNG.normal(0, [0.1, 0.2, 0.4, 0.8], (300, 4))).astype(np.float32)
ERRORS = PREDICTIONS.astype(np.float64) - LABELS.astype(np.float64)


def errors(rows: slice = slice(None), weights: np.ndarray | None = None) -> HorizonErrors:
    """Returns the statistic of some of the examples."""
    return HorizonErrors.of(LABELS[rows], PREDICTIONS[rows], Decision(0), weights)


def test_scaled_error_is_one_where_the_naive_forecast_is_made() -> None:
    naive = np.roll(LABELS, 1, axis=1)[:, 1:]  # each step is what the one before it was
    scale = np.abs(naive.astype(np.float64) - LABELS[:, 1:]).mean()
    np.testing.assert_allclose(mase_of_each(errors()), [np.abs(ERRORS).mean(axis=0) / scale])
    np.testing.assert_allclose(mase(errors()), [np.abs(ERRORS).mean() / scale])


def test_statistics_of_parts_add_up() -> None:
    both = errors(slice(0, 100)) + errors(slice(100, None))
    np.testing.assert_allclose(mase_of_each(both), mase_of_each(errors()))


def test_resample_counts_examples_by_their_weights() -> None:
    weights = np.random.default_rng(1).integers(0, 3, (300, 2))
    resampled = mase_of_each(errors(weights=weights))
    for column in range(2):
        error, label = (np.repeat(x, weights[:, column], axis=0) for x in (ERRORS, LABELS))
        scale = np.abs(np.diff(label.astype(np.float64), axis=1)).mean()
        np.testing.assert_allclose(resampled[column], np.abs(error).mean(axis=0) / scale, rtol=1e-5)


@pytest.mark.parametrize("horizon", [1, 2, 4])
def test_error_of_the_train_split_is_the_scale_at_every_horizon(horizon: int) -> None:
    labels, predictions = LABELS[:, :horizon], PREDICTIONS[:, :horizon]
    statistic = HorizonErrors.of(labels, predictions, Decision(0, naive_error=0.5))
    parts = [
        HorizonErrors.of(labels[rows], predictions[rows], Decision(0, naive_error=0.5))
        for rows in (slice(0, 100), slice(100, None))
    ]
    expected = np.abs(ERRORS[:, :horizon]).mean(axis=0) / 0.5
    np.testing.assert_allclose(mase_of_each(statistic), [expected])
    np.testing.assert_allclose(mase(parts[0] + parts[1]), [expected.mean()])


def test_error_of_each_series_is_scaled_by_its_own() -> None:
    scales = np.where(np.arange(300) % 3, 0.5, 20.0)
    weights = np.random.default_rng(1).integers(0, 3, (300, 2))
    parts = [
        HorizonErrors.of(
            LABELS[rows], PREDICTIONS[rows], Decision(0, naive_error=scales[rows]), weights[rows]
        )
        for rows in (slice(0, 100), slice(100, None))
    ]
    scaled = np.abs(ERRORS).mean(axis=1) / scales
    expected = [np.average(scaled, weights=weights[:, column]) for column in range(2)]
    np.testing.assert_allclose(mase(parts[0] + parts[1]), expected)


@pytest.mark.parametrize("labels", [np.ones((5, 3)), np.ones((5, 1)), np.ones((0, 3))])
def test_scale_that_is_not_defined_gives_no_number(labels: np.ndarray) -> None:
    statistic = HorizonErrors.of(labels, labels + 1, Decision(0))
    assert np.isnan(mase(statistic)).all()
