"""How often each integer occurs, beside TensorFlow Data Validation's own statistics.

TFDV takes an integer for a measure, of which it keeps mean, quantiles and a histogram. Codes of
categories and classes are integers, too: what counts of those is how often each occurs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from tensorflow_data_validation.statistics.generators import stats_generator
from tensorflow_data_validation.types import FeaturePath
from tensorflow_metadata.proto.v0 import statistics_pb2

from tfline.components.artifacts.statistics import INTEGERS, MOST_INTEGERS

_Counts = Counter[int] | None
"""None: there are more integers than are counted."""


class IntegerCounts(stats_generator.CombinerFeatureStatsGenerator):
    """Counts the values of each feature of integers that has at most `MOST_INTEGERS` of them."""

    def __init__(self) -> None:
        super().__init__("IntegerCounts", schema=None)

    def create_accumulator(self) -> _Counts:
        """Returns counts of nothing."""
        return Counter()

    def add_input(self, accumulator: _Counts, path: FeaturePath, values: pa.Array) -> _Counts:
        """Counts the values of some records.

        Args:
            accumulator: Of the records before.
            path: The feature; not used.
            values: Its values, a list of each record.
        """
        if accumulator is None or pa.types.is_null(values.type):
            return accumulator
        flat = values.flatten()
        if not pa.types.is_integer(flat.type):
            return accumulator
        found, counts = np.unique(flat.to_numpy(zero_copy_only=False), return_counts=True)
        return _limited(
            accumulator + Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))
        )

    def merge_accumulators(self, accumulators: Iterable[_Counts]) -> _Counts:
        """Returns the counts of all."""
        total: Counter[int] = Counter()
        for counts in accumulators:
            if counts is None or _limited(total := total + counts) is None:
                return None
        return total

    def extract_output(self, accumulator: _Counts) -> statistics_pb2.FeatureNameStatistics:
        """Returns a custom statistic: the integers with their counts, the most frequent first."""
        stats = statistics_pb2.FeatureNameStatistics()
        if accumulator:
            histogram = stats.custom_stats.add(name=INTEGERS).rank_histogram
            for rank, (value, count) in enumerate(_ranked(accumulator)):
                histogram.buckets.add(
                    low_rank=rank, high_rank=rank, label=str(value), sample_count=count
                )
        return stats


def _ranked(counts: Counter[int]) -> list[tuple[int, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _limited(counts: Counter[int]) -> _Counts:
    return counts if len(counts) <= MOST_INTEGERS else None
