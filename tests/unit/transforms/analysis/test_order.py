"""Quantiles and their kin: exact, in parts, and of more values than are kept."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.transforms.analysis import order
from tfline.transforms.analysis.order import Extremes, MostFrequent, Quantiles, Rows
from tfline.transforms.analysis.reducer import NumberReducer

PROBABILITIES = (0.0, 0.1, 0.25, 0.5, 0.9, 1.0)


def reduce(reducer: NumberReducer, *parts: np.ndarray) -> list[np.ndarray]:
    """Reduces parts each on its own, and then their states."""
    state = reducer.start()
    for part in parts:
        state = reducer.merge(state, reducer.add(reducer.start(), part))
    return reducer.finish(state, parts[0].shape[1:])


def test_quantiles_in_parts_are_those_of_the_whole() -> None:
    x = np.random.default_rng(1).normal(size=(1001, 3)).astype(np.float32)
    x[5, 1], x[6, 2] = np.nan, np.inf
    [found] = reduce(Quantiles(PROBABILITIES), x[:10], x[10:10], x[10:700], x[700:])
    expected = np.nanquantile(
        np.where(np.isfinite(x), x, np.nan).astype(np.float64), PROBABILITIES, axis=0
    )
    np.testing.assert_allclose(found, expected.T, rtol=1e-12)


def test_quantiles_of_more_values_than_are_kept_have_nearly_the_right_rank(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order, "EXACT_VALUES", 1000)
    monkeypatch.setattr(order, "FEWEST_VALUES", 1)
    rng = np.random.default_rng(2)
    x = rng.permutation(np.arange(100_000, dtype=np.float32))
    [found] = reduce(Quantiles(PROBABILITIES), *np.split(x, 200))
    np.testing.assert_allclose(found / 100_000, PROBABILITIES, atol=0.008)


def test_quantiles_keep_a_bounded_number_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "EXACT_VALUES", 100)
    monkeypatch.setattr(order, "FEWEST_VALUES", 1)
    reducer = Quantiles((0.5,))
    state = reducer.start()
    for _ in range(100):
        state = reducer.add(state, np.ones(77, np.float32))
    kept = sum(len(part) for level in state[0] for part in level)
    assert kept <= 100 * len(state[0])
    assert sum(len(part) << i for i, level in enumerate(state[0]) for part in level) == 7700


@pytest.mark.parametrize(
    ("reducer", "answers"),
    [(Quantiles((0.5,)), [[0.0]]), (Extremes(), [0, 0]), (MostFrequent(), [0]), (Rows(), [0])],
)
def test_statistic_of_no_rows_is_defined(reducer: NumberReducer, answers: list[object]) -> None:
    found = reducer.finish(reducer.start(), ())
    for answer, expected in zip(found, answers, strict=True):
        np.testing.assert_array_equal(answer, expected)
    empty = reduce(reducer, np.zeros(0, np.float32))
    assert all(np.isfinite(answer).all() for answer in empty)


def test_extremes_and_most_frequent_value_pass_over_what_is_missing() -> None:
    x = np.array([[3, 1], [np.nan, 2], [-1, np.inf], [3, 2], [-1, 1]], np.float32)
    low, high = reduce(Extremes(), x[:2], x[2:])
    assert (low.tolist(), high.tolist()) == ([-1, 1], [3, 2])
    [found] = reduce(MostFrequent(), x[:2], x[2:])
    assert found.tolist() == [-1, 1]


def test_columns_of_a_vector_share_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "EXACT_VALUES", 4000)
    monkeypatch.setattr(order, "FEWEST_VALUES", 10)
    values = np.random.default_rng(0).random((20_000, 40))
    reducer = order.Quantiles((0.5,))
    state = reducer.start()
    for batch in np.split(values, 20):
        state = reducer.add(state, batch)
    kept = sum(len(part) for levels in state for parts in levels for part in parts)
    assert kept < 40 * 100 * 12
    [[*medians]] = reducer.finish(state, (40,))
    np.testing.assert_allclose(np.ravel(medians), 0.5, atol=0.05)


def test_large_integers_keep_their_digits_among_quantiles() -> None:
    times = np.arange(1_700_000_000, 1_700_000_101, dtype=np.float64)
    reducer = order.Quantiles((0.5,))
    [found] = reducer.finish(reducer.add(reducer.start(), times), ())
    assert found.tolist() == [1_700_000_050]


def test_most_frequent_value_is_found_among_more_than_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order, "MOST_DISTINCT", 100)
    rng = np.random.default_rng(0)
    reducer = order.MostFrequent()
    state = reducer.start()
    for _ in range(50):
        state = reducer.add(state, np.concatenate([rng.random(200), np.full(20, 7.0)]))
    assert len(state[0]) <= 100
    assert reducer.finish(state, ())[0] == 7.0
