"""How differently the numbers of a feature are distributed here and in a reference.

Both are counted in the tenths of the reference, of which its statistics keep the quantiles; a
number that fills a tenth by itself, such as a 0 that stands for nothing, is a cell of its own.
Cells of equal width, which TensorFlow Data Validation compares, would put nearly all of a skewed
feature into the first one, and another one far away would move them all.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
from tensorflow_metadata.proto.v0.statistics_pb2 import FeatureNameStatistics as FeatureStats
from tensorflow_metadata.proto.v0.statistics_pb2 import Histogram

from tfline.components.artifacts.statistics import QUANTILES, value_shares
from tfline.metrics.arrays import Floats
from tfline.metrics.divergence import jensen_shannon

_CELLS = 10
"""Cells between quantiles of the reference."""


@dataclasses.dataclass(frozen=True, eq=False)
class _Spread:
    """The shares of the values that lie evenly between two numbers, or at one.

    Attributes:
        low: float64 [n].
        high: float64 [n], as large or larger.
        share: float64 [n], of sum 1.
    """

    low: Floats
    high: Floats
    share: Floats

    def up_to(self, x: float, *, inclusive: bool) -> float:
        """Returns the share of the values below x, or up to it."""
        width = self.high - self.low
        inside = np.clip((x - self.low) / np.where(width > 0, width, 1), 0, 1)
        at = self.low <= x if inclusive else self.low < x
        return float(np.sum(self.share * np.where(width > 0, inside, at)))


def divergence(now: FeatureStats, then: FeatureStats) -> float | None:
    """Returns the Jensen-Shannon divergence of two features of numbers, to base 2.

    Args:
        now: The statistics of a feature.
        then: Those of the reference.

    Returns:
        0 if they are distributed alike, 1 if they have nothing in common; None if the statistics
        cannot tell: there are no values, or infinite ones, or too few quantiles.
    """
    quantiles, of_now, of_then = _quantiles(then), _spread(now), _spread(then)
    if quantiles is None or of_now is None or of_then is None:
        return None
    return jensen_shannon(_cells(of_now, quantiles), _cells(of_then, quantiles))


def _cells(spread: _Spread, quantiles: _Spread) -> Floats:
    """Returns the shares of a spread in the cells of the reference, and beyond them."""
    edges = [*quantiles.low[:: QUANTILES // _CELLS], quantiles.high[-1]]
    alone = {edge for edge, after in itertools.pairwise(edges) if edge == after}
    reached = [0.0]
    for edge in dict.fromkeys(edges):
        if edge in alone:
            reached.append(spread.up_to(edge, inclusive=False))
        reached.append(spread.up_to(edge, inclusive=True))
    return np.diff([*reached, 1.0]).clip(0)


def _spread(stats: FeatureStats) -> _Spread | None:
    """Returns where the values are: of integers that are counted exactly, else by quantiles."""
    counted = value_shares(stats)
    if counted is None:
        return _quantiles(stats)
    values = np.array([float(value) for value in counted.shares])
    return _Spread(values, values, np.array([*counted.shares.values()]))


def _quantiles(stats: FeatureStats) -> _Spread | None:
    for histogram in stats.num_stats.histograms:
        if histogram.type == Histogram.QUANTILES and len(histogram.buckets) == QUANTILES:
            buckets = histogram.buckets
            low = np.array([bucket.low_value for bucket in buckets])
            high = np.array([bucket.high_value for bucket in buckets])
            share = np.array([bucket.sample_count for bucket in buckets])
            if np.isfinite([low, high]).all() and share.sum() > 0:
                return _Spread(low, high, share / share.sum())
    return None
