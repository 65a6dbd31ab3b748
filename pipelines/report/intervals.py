"""Confidence intervals of what a page shows."""

from __future__ import annotations

import math

Z = 1.959964
"""97.5 % quantile of the normal distribution: two-sided 95 %."""


def wilson(hits: int, records: int) -> tuple[float, float]:
    """Returns the 95 % interval of a share.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    Args:
        hits: How often it was so.
        records: Of how many; 0 gives the whole interval.
    """
    if not records:
        return 0.0, 1.0
    share, z2 = hits / records, Z**2 / records
    middle = (share + z2 / 2) / (1 + z2)
    reach = Z * math.sqrt(share * (1 - share) / records + z2 / records / 4) / (1 + z2)
    return max(0.0, middle - reach), min(1.0, middle + reach)
