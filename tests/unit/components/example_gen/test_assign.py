"""Which record goes to which split, in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.components.example_gen import assign

FRACTIONS = [0.7, 0.2, 0.1]


def test_by_hash_meets_the_fractions_on_average() -> None:
    split = assign.by_hash(np.arange(100_000), FRACTIONS, seed=42)
    np.testing.assert_allclose(np.bincount(split) / 100_000, FRACTIONS, atol=0.005)


def test_by_hash_depends_on_value_and_seed_alone() -> None:
    values = np.arange(1000)
    split = assign.by_hash(values, FRACTIONS, seed=42)
    np.testing.assert_array_equal(assign.by_hash(values[::-1], FRACTIONS, 42), split[::-1])
    assert (assign.by_hash(values, FRACTIONS, seed=43) != split).any()


@pytest.mark.parametrize(
    ("seed", "point"), [(1, 0xE220A8397B1DCDAF / 2**64), (2, 0x6E789E6AA1B965F4 / 2**64)]
)
def test_by_hash_follows_the_published_numbers_of_splitmix64(seed: int, point: float) -> None:
    zero = np.zeros(1, np.int64)
    assert assign.by_hash(zero, [point - 1e-9, 1 - point + 1e-9], seed).tolist() == [1]
    assert assign.by_hash(zero, [point + 1e-9, 1 - point - 1e-9], seed).tolist() == [0]


def test_by_hash_accepts_a_negative_seed() -> None:
    assert set(assign.by_hash(np.arange(100), [0.5, 0.5], seed=-1)) == {0, 1}


def fingerprints(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**63 - 1, count)


def test_by_stratum_is_exact_in_each_stratum() -> None:
    strata = np.repeat([7, -3, 10**15], [1000, 100, 10])
    shuffled = np.random.default_rng(0).permutation(strata)
    split = assign.by_stratum(shuffled, fingerprints(1110), FRACTIONS, seed=42)
    for value, size in ((7, 1000), (-3, 100), (10**15, 10)):
        counts = np.bincount(split[shuffled == value], minlength=3)
        np.testing.assert_allclose(counts, np.array(FRACTIONS) * size, atol=1)


def test_by_stratum_depends_on_records_and_seed_and_not_on_their_order() -> None:
    strata, records = np.arange(1000) % 3, fingerprints(1000)
    split = assign.by_stratum(strata, records, [0.5, 0.5], seed=42)
    backwards = assign.by_stratum(strata[::-1], records[::-1], [0.5, 0.5], seed=42)
    np.testing.assert_array_equal(backwards, split[::-1])
    assert (assign.by_stratum(strata, records, [0.5, 0.5], seed=43) != split).any()


def test_by_stratum_keeps_the_split_of_records_when_others_come_and_go() -> None:
    strata, records = np.random.default_rng(1).integers(0, 5, 21_000), fingerprints(21_000)
    before = assign.by_stratum(strata[:20_000], records[:20_000], FRACTIONS, seed=42)
    after = assign.by_stratum(strata[1000:], records[1000:], FRACTIONS, seed=42)
    assert np.mean(before[1000:] != after[:19_000]) < 0.02


def test_by_stratum_never_divides_equal_records() -> None:
    records = np.repeat(fingerprints(300), 4)
    split = assign.by_stratum(np.repeat(np.arange(300) % 7, 4), records, FRACTIONS, seed=42)
    assert (split.reshape(300, 4) == split[::4, np.newaxis]).all()
    np.testing.assert_allclose(np.bincount(split) / 1200, FRACTIONS, atol=0.02)


def test_by_stratum_meets_the_fractions_over_many_small_strata() -> None:
    strata = np.repeat(np.arange(3000), 3)
    split = assign.by_stratum(strata, fingerprints(9000), [0.6, 0.2, 0.2], seed=42)
    np.testing.assert_allclose(np.bincount(split) / 9000, [0.6, 0.2, 0.2], atol=0.02)
    assert len(np.unique(strata[split == 0])) == 3000  # each is in the train split


def test_by_stratum_learns_a_value_that_occurs_once() -> None:
    split = assign.by_stratum(np.arange(100), fingerprints(100), [0.2, 0.8], seed=42)
    assert set(split) == {1}


def test_numbers_are_stratified_by_quantiles() -> None:
    numbers = np.random.default_rng(0).lognormal(size=1000)
    assert np.bincount(assign.quantile_bins(numbers, 4)).tolist() == [250] * 4
    assert assign.quantile_bins(np.array([1.0, np.nan, 1.0]), 3).tolist() == [1, 3, 1]


def test_by_time_leaves_out_what_begins_before_the_earlier_records_have_ended() -> None:
    starts = np.arange(20)  # windows of 3 rows
    split = assign.by_time(starts, [0.5, 0.5], ends=starts + 2)
    assert split.tolist() == [0] * 10 + [assign.LEFT_OUT] * 2 + [1] * 8


def test_by_time_leaves_out_the_embargo() -> None:
    split = assign.by_time(np.arange(20), [0.5, 0.5], embargo=3)
    assert split.tolist() == [0] * 10 + [assign.LEFT_OUT] * 2 + [1] * 8


def test_by_time_puts_the_earliest_first() -> None:
    times = np.random.default_rng(0).permutation(10)
    split = assign.by_time(times, FRACTIONS)
    np.testing.assert_array_equal(split, np.digitize(times, [7, 9]))


@pytest.mark.parametrize("fractions", [[0.5, 0.5], [0.35, 0.3, 0.35]])
def test_by_time_never_divides_equal_times(fractions: list[float]) -> None:
    times = np.array([1, 1, 1, 2, 2, 2, 2, 3, 3])
    split = assign.by_time(times, fractions)
    for time in (1, 2, 3):
        assert len(set(split[times == time])) == 1


def test_by_time_leaves_a_split_empty_when_all_times_are_equal() -> None:
    assert set(assign.by_time(np.ones(10), [0.5, 0.5])) == {1}


def test_one_split_takes_all() -> None:
    values = np.arange(5)
    for split in (
        assign.by_hash(values, [1.0], 42),
        assign.by_stratum(values, values, [1.0], 42),
        assign.by_time(values, [1.0]),
    ):
        assert split.tolist() == [0] * 5
