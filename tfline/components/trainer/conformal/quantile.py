"""The quantile of split conformal prediction (Vovk et al. 2005; Lei et al. 2018). NumPy alone."""

from __future__ import annotations

import numpy as np

from tfline.metrics.arrays import Array, Floats


def conformal_quantile(scores: Floats, weights: Floats, level: float) -> float:
    """Returns the score that the next one does not exceed with a probability of `level`.

    Of n scores that count the same it is the ceil((n + 1) level)-th smallest: the next record is
    one more, and may have any rank among them. Of weights w it is the smallest score below which,
    itself included, there are `level` of all weights and of one more, their mean.

    Args:
        scores: Of records that the model was not trained on, [n].
        weights: How much each counts, [n].
        level: Between 0 and 1.

    Returns:
        Infinity if there are too few.
    """
    counted = weights > 0
    scores, weights = scores[counted], weights[counted]
    if not len(scores):
        return float("inf")
    order = np.argsort(scores, kind="stable")
    below = np.cumsum(weights[order])
    wanted = level * (below[-1] + weights.mean())
    place = int(np.searchsorted(below, wanted * (1 - 1e-12)))
    return float(scores[order[place]]) if place < len(scores) else float("inf")


def quantiles_by_group(
    scores: Floats, weights: Floats, level: float, groups: Array | None
) -> tuple[Floats, list[str | int]]:
    """Returns the quantile of all records, and of each group that has enough.

    Args:
        scores: [n, numbers].
        weights: [n].
        level: Between 0 and 1.
        groups: The group of each record, [n]; None: they are all alike.

    Returns:
        Quantiles float64 [1 + groups, numbers], those of all records first; and the groups' values.
    """

    def of(rows: Array) -> list[float]:
        return [conformal_quantile(column, weights[rows], level) for column in scores[rows].T]

    found = [of(np.ones(len(scores), np.bool_))]
    values: list[str | int] = []
    for value in np.unique(groups) if groups is not None else ():
        quantiles = of(groups == value)
        if np.isfinite(quantiles).all():
            found.append(quantiles)
            values.append(value.decode() if isinstance(value, bytes) else int(value))
    return np.array(found, np.float64), values
