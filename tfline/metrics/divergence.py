"""How far two distributions are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Floats
else:
    np = lazy_import("numpy")


def jensen_shannon(one: Floats, other: Floats) -> float:
    """Returns the Jensen-Shannon divergence of two distributions, 0 (equal) to 1 (disjoint).

    Lin (1991), "Divergence measures based on the Shannon entropy"; in bits.

    Args:
        one: Weights, [n].
        other: Weights, [n].

    Returns:
        NaN if one has no weight.
    """
    if not one.sum() or not other.sum():
        return float("nan")
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2
    return float(_relative_entropy(p, middle) / 2 + _relative_entropy(q, middle) / 2)


def _relative_entropy(p: Floats, q: Floats) -> float:
    some = p > 0
    return float((p[some] * np.log2(p[some] / q[some])).sum())
