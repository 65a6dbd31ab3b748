"""The artifact of StatisticsGen: statistics by split, in TensorFlow Data Validation's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorflow_metadata.proto.v0 import statistics_pb2

if TYPE_CHECKING:
    from tfx.types import artifact


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
