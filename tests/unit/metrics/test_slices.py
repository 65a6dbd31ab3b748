"""Which examples are in which slice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tfline.metrics.slice_by import SliceBy
from tfline.metrics.slices import MISSING, Column, group_rows
from tfline.transforms.errors import DataError, SpecError


def column(values: list[Any], dtype: Any = object) -> Column:
    """Returns a column; each item is None, a value, or a list of values."""
    lists = [[] if v is None else v if isinstance(v, list) else [v] for v in values]
    rows = [row for row, items in enumerate(lists) for _ in items]
    return Column(np.array(rows, np.int64), np.array([v for items in lists for v in items], dtype))


def groups(slices: list[Any], columns: dict[str, Column], examples: int) -> dict[Any, list[int]]:
    cross = tuple(map(SliceBy.model_validate, slices))
    return {key: rows.tolist() for key, rows in group_rows(cross, columns, examples)}


def test_slice_of_a_feature_has_the_rows_of_each_value() -> None:
    columns = {"pay": column([b"cash", b"card", b"cash", b"caf\xc3\xa9"])}
    assert groups(["pay"], columns, 4) == {
        (("pay", "cash"),): [0, 2],
        (("pay", "card"),): [1],
        (("pay", "café"),): [3],
    }


def test_slice_values_keep_their_type() -> None:
    columns = {"hour": column([3, 4, 3], np.int64)}
    result = groups(["hour"], columns, 3)
    assert result == {(("hour", 3),): [0, 2], (("hour", 4),): [1]}
    assert all(type(value) is int for ((_, value),) in result)


def test_examples_without_the_feature_are_a_slice() -> None:
    columns = {"hour": column([3, None, None], np.int64)}
    assert groups(["hour"], columns, 3) == {(("hour", 3),): [0], (("hour", MISSING),): [1, 2]}


def test_feature_that_no_example_has_is_one_slice() -> None:
    assert groups(["hour"], {"hour": column([None, None])}, 2) == {(("hour", MISSING),): [0, 1]}


def test_example_with_several_values_is_in_the_slice_of_each() -> None:
    columns = {"tag": column([[b"a", b"b", b"a"], b"b"])}
    assert groups(["tag"], columns, 2) == {(("tag", "a"),): [0], (("tag", "b"),): [0, 1]}


def test_cross_of_features_is_sorted_by_feature() -> None:
    columns = {"b": column([1, 1, 2], np.int64), "a": column([b"x", None, b"x"])}
    assert groups(["b", "a"], columns, 3) == {
        (("a", "x"), ("b", 1)): [0],
        (("a", MISSING), ("b", 1)): [1],
        (("a", "x"), ("b", 2)): [2],
    }


def test_too_many_slices_are_refused() -> None:
    with pytest.raises(SpecError, match="gives 1,001 slices in 1,001 records"):
        groups(["id"], {"id": column(list(range(1001)), np.int64)}, 1001)


def test_buckets_have_their_lower_bound_and_not_their_upper_one() -> None:
    columns = {"fare": column([5.0, 10.0, 19.9, 20.0, 50.0, None, float("nan")], np.float32)}
    assert groups([{"fare": [10, 20, 50]}], columns, 7) == {
        (("fare", "below 10"),): [0],
        (("fare", "[10, 20)"),): [1, 2],
        (("fare", "[20, 50)"),): [3],
        (("fare", "50 and more"),): [4],
        (("fare", MISSING),): [5, 6],
    }


def test_condition_slices_into_yes_and_no() -> None:
    columns = {"a": column([1, 5, None], np.int64), "b": column([2.0, 4.0, 1.0], np.float32)}
    assert groups([{"more": "a > b"}], columns, 3) == {
        (("more", "no"),): [0],
        (("more", "yes"),): [1],
        (("more", MISSING),): [2],
    }


def test_formula_that_is_a_number_slices_by_its_value() -> None:
    columns = {"hour": column([1, 7, 13], np.int64)}
    result = groups([{"part": "hour % 6"}], columns, 3)
    assert result == {(("part", 1),): [0, 1, 2]}


def test_cross_of_a_value_and_buckets() -> None:
    columns = {"pay": column([b"cash", b"card"]), "fare": column([1.0, 30.0], np.float32)}
    assert groups(["pay", {"fare": [20]}], columns, 2) == {
        (("fare", "below 20"), ("pay", "cash")): [0],
        (("fare", "20 and more"), ("pay", "card")): [1],
    }


@pytest.mark.parametrize("by", [{"pay": [10]}, {"much": "pay > 10"}])
def test_text_has_no_buckets(by: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"needs numbers\. Received text, such as b'cash'"):
        groups([by], {"pay": column([b"cash"])}, 1)
