"""Confidence intervals of what a page shows."""

from __future__ import annotations

import math
import statistics


def wilson(hits: float, records: float, confidence: float = 0.95) -> tuple[float, float]:
    """Returns the interval of a share.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    Args:
        hits: How often it was so.
        records: Of how many, which may be a fraction; 0 gives the whole interval.
        confidence: Of the interval, two-sided.
    """
    if not records:
        return 0.0, 1.0
    z = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
    share, z2 = hits / records, z**2 / records
    middle = (share + z2 / 2) / (1 + z2)
    reach = z * math.sqrt(share * (1 - share) / records + z2 / records / 4) / (1 + z2)
    return max(0.0, middle - reach), min(1.0, middle + reach)
