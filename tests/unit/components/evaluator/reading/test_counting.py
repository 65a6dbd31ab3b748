"""What the errors of each forecast are compared with, from the records to a group's decision."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.components.artifacts.naive import NaiveErrors
from tfline.components.evaluator.reading.blocks import Block
from tfline.components.evaluator.reading.counting import Counting, count_examples, find_counting
from tfline.components.evaluator.reading.groups import group_block
from tfline.metrics.slice_by import SliceBy
from tfline.metrics.slices import Column
from tfline.metrics.statistic import Decision

NAIVE = NaiveErrors(3.0, "shop", {"a": 0.5, "7": 20.0})


@pytest.mark.parametrize(
    ("values", "expected"),
    [([b"a", b"c", b"a"], [0.5, 3.0, 0.5]), ([7, 8, 7], [20.0, 3.0, 20.0])],
)
def test_errors_of_a_slice_are_compared_with_those_of_their_series(
    values: list[bytes | int], expected: list[float]
) -> None:
    counting = Counting(naive=NAIVE)
    assert counting.keys == ("shop",)
    assert counting.independent
    dtype = object if isinstance(values[0], bytes) else np.int64
    columns = {"shop": Column(np.array([0, 2, 3]), np.array(values, dtype))}  # 1 has none
    counted = count_examples(counting, columns, 4, (0, 0), str)
    np.testing.assert_array_equal(counted.naive_errors, [expected[0], 3.0, *expected[1:]])
    labels = np.zeros((4, 2))
    block = Block(labels, {"": labels}, columns, (0, 0), counted)
    groups = {group.key: group for group in group_block(block, [(SliceBy(name="shop"),)])}
    decided = groups[(("shop", "a" if dtype is object else 7),)].decision(Decision(0, 0.5, 3.0))
    assert decided.naive_error is not None
    np.testing.assert_array_equal(decided.naive_error, [expected[0], expected[2]])
    block = block.take(np.array([1, 3]))
    np.testing.assert_array_equal(block.counted.naive_errors, [3.0, expected[2]])


@pytest.mark.parametrize("naive", [None, NaiveErrors(3.0), NaiveErrors(None, "shop")])
def test_series_is_not_read_where_it_says_nothing(naive: NaiveErrors | None) -> None:
    counting = find_counting(None, "group", (), naive)
    assert counting.keys == ("group",)
