"""Two columns that tell the label together are found, and no two that do not."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tfline.components.transform.pairs import MOST_COLUMNS, find_pairs

ROWS = 3_000
RNG = np.random.default_rng(5)
A, B, C = RNG.lognormal(size=(3, ROWS))
NUMBERS = {"a": A, "b": B, "c": C}
WHOLE = {name: np.round(column) for name, column in NUMBERS.items()}


@pytest.mark.parametrize(
    ("label", "form"),
    [
        (A - B, "a - b"),
        (np.exp(B - A), "a - b"),
        (abs(A - B), "|a - b|"),
        (3 * (A + C) - 7, "a + c"),
        (-A * C, "a * c"),
        (B / C, "b / c"),
        (C / B, "b / c"),
    ],
)
def test_number_that_is_a_function_of_two_columns_is_found(label: np.ndarray, form: str) -> None:
    assert [pair.form for pair in find_pairs(NUMBERS, {}, label, is_class=False)] == [form]


@pytest.mark.parametrize(
    ("numbers", "label", "form"),
    [
        (NUMBERS, A > B, "a - b"),
        (WHOLE, np.sign(WHOLE["a"] - WHOLE["b"]) + 1, "a - b"),
        (WHOLE, WHOLE["a"] == WHOLE["b"], "|a - b|"),
        (NUMBERS, A + C > 3, "a + c"),
        (NUMBERS, A / C > 0.4, "a / c"),
        (NUMBERS, np.where(np.arange(ROWS) % 1500 == 7, A <= B, A > B), "a - b"),
    ],
)
def test_class_that_is_a_function_of_two_columns_is_found(
    numbers: dict[str, np.ndarray], label: np.ndarray, form: str
) -> None:
    found = find_pairs(numbers, {}, label.astype(np.float64), is_class=True)
    assert [pair.form for pair in found] == [form]


def test_missing_values_and_divisions_by_zero_are_passed_over() -> None:
    b = np.where(RNG.random(ROWS) < 0.3, np.nan, np.where(RNG.random(ROWS) < 0.1, 0.0, B))
    target = np.where(b > 0, 0.5 * b < A, False)
    [pair] = find_pairs({"a": A, "b": b}, {}, target.astype(np.float64), is_class=True)
    assert pair.form == "a / b"


def test_noise_few_records_and_rare_classes_show_nothing() -> None:
    noisy = A - B + 0.1 * RNG.normal(size=ROWS)
    assert find_pairs(NUMBERS, {}, noisy, is_class=False) == []
    assert find_pairs(NUMBERS, {}, (noisy > 0).astype(np.float64), is_class=True) == []
    few = {name: column[:100] for name, column in NUMBERS.items()}
    assert find_pairs(few, {}, few["a"] - few["b"], is_class=False) == []
    rare = (np.sort(A - B)[-20] < A - B).astype(np.float64)
    assert find_pairs(NUMBERS, {}, rare, is_class=True) == []


def test_equal_texts_are_found_and_constants_are_none() -> None:
    towns = [RNG.choice(["x", "y", "z"], ROWS) for _ in range(2)]
    same = (towns[0] == towns[1]).astype(np.float64)
    texts = {"from": towns[0], "to": towns[1]}
    assert [p.form for p in find_pairs({}, texts, same, is_class=True)] == ["from = to"]
    flat = {"a": np.ones(ROWS), "b": np.zeros(ROWS)}
    assert find_pairs(flat, {}, same, is_class=True) == []


def test_many_columns_are_looked_at_in_bounded_time() -> None:
    numbers = {f"n{i}": RNG.normal(size=5_000) for i in range(MOST_COLUMNS + 50)}
    target = numbers["n7"] - numbers["n140"]
    began = time.process_time()
    assert [pair.form for pair in find_pairs(numbers, {}, target, is_class=False)] == ["n7 - n140"]
    assert find_pairs(numbers, {}, (target > 0).astype(float), is_class=True)[0].form == "n7 - n140"
    assert time.process_time() - began < 20


def test_rare_class_beside_columns_of_few_values_takes_no_time_either() -> None:
    flat = {f"n{i}": (RNG.random(5_000) < 0.05).astype(np.float64) for i in range(80)}
    rare = (RNG.random(5_000) < 0.06).astype(np.float64)
    began = time.process_time()
    assert find_pairs(flat, {}, rare, is_class=True) == []
    assert time.process_time() - began < 10
