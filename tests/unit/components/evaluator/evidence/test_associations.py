"""Associations between columns of numbers and categories."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tfline.components.evaluator.evidence.associations import MAX_FEATURES, associate
from tfline.components.evaluator.evidence.evidence_file import Associations

RNG = np.random.default_rng(3)
N = 400


def table(**columns: object) -> list[dict[str, object]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def value(found: Associations | None, one: str, other: str) -> float:
    assert found is not None
    entry = found.values[found.names.index(one)][found.names.index(other)]
    assert entry is not None
    return entry


def test_numbers_are_compared_by_rank() -> None:
    a = RNG.normal(size=N)
    b = -np.exp(a) + RNG.normal(size=N)
    found = associate(table(y=a, x=b), "y")
    assert value(found, "y", "x") == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-4)
    assert value(found, "x", "y") == value(found, "y", "x")


def test_categories_that_determine_each_other_are_one_and_independent_ones_near_zero() -> None:
    label = RNG.choice(["a", "b", "c"], N)
    found = associate(
        table(y=label, same=[f"is {x}" for x in label], other=RNG.choice([*"uvw"], N)), "y"
    )
    assert value(found, "y", "same") == pytest.approx(1, abs=0.01)
    assert value(found, "y", "other") < 0.1
    assert found is not None
    assert found.names == ("y", "same", "other")


def test_number_that_follows_a_category_is_near_one() -> None:
    label = RNG.integers(0, 2, N)
    found = associate(table(y=label, near=label * 10 + RNG.random(N), far=RNG.random(N)), "y")
    # The ranks of two classes of half each: 3/4 of their variance lies between the classes.
    assert value(found, "y", "near") == pytest.approx(np.sqrt(3) / 2, abs=0.01)
    assert abs(value(found, "y", "far")) < 0.15


def test_columns_that_say_nothing_are_left_out() -> None:
    names = [f"person {i}" for i in range(N)]
    found = associate(table(y=RNG.integers(0, 2, N), one=[1] * N, name=names), "y")
    assert found is None


def test_missing_numbers_are_left_out_and_missing_categories_are_one() -> None:
    label = RNG.integers(0, 2, N)
    number = [None if i % 3 else float(x) for i, x in enumerate(RNG.random(N))]
    told = [None if x else "told" for x in label]
    other = [*["told", "said"] * (N // 2)]
    found = associate(table(y=label, number=number, told=told, other=other), "y")
    assert found is not None
    assert "told" not in found.names  # one value only
    assert set(found.names) == {"y", "number", "other"}


def test_only_the_closest_features_are_kept() -> None:
    label = RNG.integers(0, 2, N)
    noise = {f"x{i}": RNG.random(N) for i in range(MAX_FEATURES)}
    found = associate(table(y=label, **noise, near=label + RNG.random(N)), "y")
    assert found is not None
    assert len(found.names) == MAX_FEATURES + 1
    assert found.names[:2] == ("y", "near")
