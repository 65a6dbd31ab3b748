"""Integers are counted as they are, however the records are split into batches."""

from __future__ import annotations

import pyarrow as pa
import pytest
import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
from tensorflow_data_validation.types import FeaturePath

from tfline.components.artifacts.statistics import INTEGERS, MOST_INTEGERS
from tfline.components.statistics_gen.integer_counts import IntegerCounts

PATH = FeaturePath(["code"])


def counts(*batches: pa.Array, merged: bool = False) -> dict[str, float] | None:
    """Returns what the generator makes of batches, one after the other or side by side."""
    generator = IntegerCounts()
    if merged:
        each = [generator.add_input(generator.create_accumulator(), PATH, b) for b in batches]
        accumulator = generator.merge_accumulators(each)
    else:
        accumulator = generator.create_accumulator()
        for batch in batches:
            accumulator = generator.add_input(accumulator, PATH, batch)
    found = generator.extract_output(accumulator).custom_stats
    if not found:
        return None
    [custom] = found
    assert custom.name == INTEGERS
    return {bucket.label: bucket.sample_count for bucket in custom.rank_histogram.buckets}


@pytest.mark.parametrize("merged", [False, True])
def test_values_of_lists_are_counted_the_most_frequent_first(merged: bool) -> None:
    found = counts(pa.array([[2**53 + 1], None, [7, 7]]), pa.array([[7], []]), merged=merged)
    assert list((found or {}).items()) == [("7", 3.0), ("9007199254740993", 1.0)]


@pytest.mark.parametrize("merged", [False, True])
def test_more_integers_than_are_kept_are_not_counted(merged: bool) -> None:
    half = MOST_INTEGERS // 2
    low = pa.array([[value] for value in range(half)])
    high = pa.array([[value] for value in range(half, MOST_INTEGERS)])
    assert len(counts(low, high, merged=merged) or {}) == MOST_INTEGERS
    assert counts(low, high, pa.array([[-1]]), merged=merged) is None


def test_floats_and_texts_are_not_counted() -> None:
    assert counts(pa.array([[0.5]]), pa.array([[1.0]])) is None
    assert counts(pa.array([["1"]])) is None
    assert counts(pa.nulls(3)) is None
