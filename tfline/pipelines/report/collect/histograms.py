"""Histograms of two distributions over the same bins, and how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from tensorflow_metadata.proto.v0.statistics_pb2 import FeatureNameStatistics as Statistics

Floats = npt.NDArray[np.float64]
Buckets = Sequence[tuple[float, float, float]]
"""Low value, high value and number of values of each bucket, rising."""

BINS = 20
"""Bins of a feature whose outliers are left out."""

_REACH = 2.0
"""How far bins reach beyond the middle 80 % of the values at most, in the width of these."""


def shared_bins(by_split: Mapping[str, Statistics]) -> tuple[Floats, dict[str, Buckets]]:
    """Returns the bins in which all splits are shown, and where their counts come from.

    TFDV's own ten bins of equal width are taken unless outliers would make one of them hold nearly
    everything: then bins around the middle of the values, filled from the quantiles.

    Args:
        by_split: A numeric feature, at least one split of which has values.

    Returns:
        The edges of the bins, [n + 1], and the buckets of each split that has values.
    """
    plain = {split: _buckets(stats, heavy=False) for split, stats in by_split.items()}
    plain = {split: buckets for split, buckets in plain.items() if buckets}
    quantiles = {split: _buckets(by_split[split], heavy=True) for split in plain}
    low = min(buckets[0][0] for buckets in plain.values())
    high = max(buckets[-1][1] for buckets in plain.values())
    tenths = {split: len(buckets) // 10 for split, buckets in quantiles.items()}
    inner_low = min(buckets[tenths[split] - 1][1] for split, buckets in quantiles.items())
    inner_high = max(buckets[-tenths[split]][0] for split, buckets in quantiles.items())
    reach = _REACH * (inner_high - inner_low)
    if reach and high - low > 2 * reach:
        edges = np.linspace(max(low, inner_low - reach), min(high, inner_high + reach), BINS + 1)
        return edges, quantiles
    if not high > low:
        return np.array([low - 0.5, low + 0.5]), plain
    number = len(next(iter(plain.values())))
    return np.linspace(low, high, number + 1), plain


def shares(buckets: Buckets, edges: Floats) -> Floats:
    """Returns the share of the values in each bin, [n]; what lies outside is in no bin.

    A bucket is spread evenly over its width; one without a width is a single value.
    """
    total = sum(count for _, _, count in buckets) or 1.0
    found = np.zeros(len(edges) - 1)
    for low, high, count in buckets:
        if high > low:
            inside = np.clip(edges, low, high)
            found += count * np.diff(inside) / (high - low)
        else:
            place = int(np.clip(np.searchsorted(edges, low, "right") - 1, 0, len(found) - 1))
            found[place] += count
    return found / total


def _buckets(stats: Statistics, heavy: bool) -> Buckets:
    """Returns TFDV's quantiles (`heavy`), or its bins of equal width; empty without values."""
    for histogram in stats.num_stats.histograms:
        if (histogram.type == histogram.QUANTILES) is heavy:
            return [(b.low_value, b.high_value, b.sample_count) for b in histogram.buckets]
    return []


def value_counts(stats: Statistics) -> dict[str, float]:
    """Returns how often the most frequent values of a feature of strings occur."""
    buckets = stats.string_stats.rank_histogram.buckets
    return {bucket.label: bucket.sample_count for bucket in buckets}
