"""The artifact of StatisticsGen: statistics by split, in TensorFlow Data Validation's form."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import statistics_pb2

if TYPE_CHECKING:
    from tfx.types import artifact

INTEGERS = "integers"
"""The custom statistic that tells how often each integer occurs."""

MOST_INTEGERS = 1000
"""Of a feature with more different integers, none is counted."""

QUANTILES = 100
"""Buckets between the quantiles of a feature of numbers."""


@dataclasses.dataclass(frozen=True)
class ValueShares:
    """How often the values of a category occur.

    Attributes:
        shares: Of the values that the statistics list, between 0 and 1; a text in quotes.
        complete: Whether they list every value.
    """

    shares: Mapping[str, float]
    complete: bool


def read_statistics(
    statistics: artifact.Artifact,
) -> dict[str, statistics_pb2.DatasetFeatureStatisticsList]:
    """Returns the statistics of each split."""
    from tfx.components.statistics_gen import stats_artifact_utils
    from tfx.types import artifact_utils

    return {
        split: stats_artifact_utils.load_statistics(statistics, split).proto()
        for split in artifact_utils.decode_split_names(statistics.split_names)
    }


def feature_key(stats: statistics_pb2.FeatureNameStatistics) -> str:
    """Returns the raw feature that statistics are of."""
    return stats.name or ".".join(stats.path.step)


def common_statistics(
    stats: statistics_pb2.FeatureNameStatistics,
) -> statistics_pb2.CommonStatistics:
    """Returns what statistics of any type of feature have in common: counts of values."""
    kind = stats.WhichOneof("stats")
    if kind == "num_stats":
        return stats.num_stats.common_stats
    if kind == "bytes_stats":
        return stats.bytes_stats.common_stats
    return stats.string_stats.common_stats


def value_shares(stats: statistics_pb2.FeatureNameStatistics) -> ValueShares | None:
    """Returns how often texts or integers occur; None if the statistics do not count them."""
    total = common_statistics(stats).tot_num_values
    if not total:
        return None
    if stats.WhichOneof("stats") == "string_stats":
        buckets = stats.string_stats.rank_histogram.buckets
        shares = {repr(bucket.label): bucket.sample_count / total for bucket in buckets}
        return ValueShares(shares, len(buckets) >= stats.string_stats.unique)
    for custom in stats.custom_stats:
        if custom.name == INTEGERS:
            buckets = custom.rank_histogram.buckets
            shares = {bucket.label: bucket.sample_count / total for bucket in buckets}
            return ValueShares(shares, complete=True)
    return None
