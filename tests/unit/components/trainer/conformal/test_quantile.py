"""Quantiles that cover: exactly as often as asked, by group and by weight."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.components.trainer.conformal.quantile import conformal_quantile, quantiles_by_group


@pytest.mark.parametrize(
    ("count", "level", "rank"), [(9, 0.9, 9), (10, 0.9, 10), (19, 0.9, 18), (99, 0.5, 50)]
)
def test_quantile_is_of_one_record_more_than_there_are(count: int, level: float, rank: int) -> None:
    scores = np.random.default_rng(0).permutation(np.arange(1.0, count + 1))
    assert conformal_quantile(scores, np.ones(count), level) == rank


def test_too_few_records_bound_nothing() -> None:
    assert conformal_quantile(np.arange(8.0), np.ones(8), 0.9) == np.inf
    assert conformal_quantile(np.arange(8.0), np.zeros(8), 0.5) == np.inf


def test_weight_is_a_record_so_often() -> None:
    scores = np.arange(40.0)
    weights = np.tile([1.0, 3.0], 20)
    often = np.repeat(scores, weights.astype(int))
    found = conformal_quantile(scores, weights, 0.8)
    assert abs(found - conformal_quantile(often, np.ones(80), 0.8)) <= 1
    assert conformal_quantile(scores, 7.0 * weights, 0.8) == found


def test_coverage_is_that_asked_for_in_the_mean_of_50_splits() -> None:
    """Of heavy tails and of few records, of which a plain quantile covers too little."""
    chance = np.random.default_rng(0)
    plain, corrected = [], []
    for _ in range(50):
        seen, new = np.abs(chance.standard_t(2, [2, 4000]))
        few = seen[:40]
        quantile = conformal_quantile(few, np.ones(40), 0.9)
        corrected.append(np.mean(new <= quantile))
        plain.append(np.mean(new <= np.quantile(few, 0.88)))
    assert 0.89 < np.mean(corrected) < 0.915
    assert np.mean(plain) < 0.89


def test_each_group_is_covered_by_itself_if_it_has_enough() -> None:
    chance = np.random.default_rng(0)
    groups = np.repeat(np.array([b"calm", b"rare", b"wild"]), [500, 3, 500])
    scores = np.abs(chance.normal(size=(1003, 2))) * np.where(groups == b"wild", 10, 1)[:, None]
    quantiles, values = quantiles_by_group(scores, np.ones(1003), 0.9, groups)
    assert values == ["calm", "wild"]
    assert quantiles.shape == (3, 2)
    for row, value in enumerate([b"calm", b"wild"], start=1):
        covered = (scores[groups == value] <= quantiles[row]).mean(axis=0)
        np.testing.assert_allclose(covered, 0.9, atol=0.005)
    assert (scores[groups == b"calm"] <= quantiles[0]).mean() == 1.0
