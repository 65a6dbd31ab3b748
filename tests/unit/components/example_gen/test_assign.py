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


def test_by_stratum_is_exact_in_each_stratum() -> None:
    strata = np.repeat([7, -3, 10**15], [1000, 100, 10])
    split = assign.by_stratum(np.random.default_rng(0).permutation(strata), FRACTIONS, seed=42)
    shuffled = np.random.default_rng(0).permutation(strata)
    for value, size in ((7, 1000), (-3, 100), (10**15, 10)):
        counts = np.bincount(split[shuffled == value], minlength=3)
        np.testing.assert_array_equal(counts, np.array(FRACTIONS) * size)


def test_by_stratum_is_random_but_repeatable() -> None:
    strata = np.zeros(100, np.int64)
    split = assign.by_stratum(strata, [0.5, 0.5], seed=42)
    assert split[:50].any()
    np.testing.assert_array_equal(assign.by_stratum(strata, [0.5, 0.5], seed=42), split)
    assert (assign.by_stratum(strata, [0.5, 0.5], seed=43) != split).any()


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
        assign.by_stratum(values, [1.0], 42),
        assign.by_time(values, [1.0]),
    ):
        assert split.tolist() == [0] * 5
