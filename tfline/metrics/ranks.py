"""Ordered classes: how many ranks a decision is off. The rank of a class is its place, from 0.

labels 0 1 2, decided 0 2 2:  one of three is one rank off, so rank_mae is 1/3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.metrics.sums import ratio
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats
    from tfline.metrics.classes import Confusion
else:
    np = lazy_import("numpy")


def rank_mae(confusion: Confusion) -> Floats:
    """Returns how many ranks lie between the label and the predicted class, mean over examples."""
    counts = confusion.counts
    return ratio((counts * np.abs(_apart(counts))).sum(axis=(1, 2)), counts.sum(axis=(1, 2)))


def quadratic_kappa(confusion: Confusion) -> Floats:
    """Returns Cohen's kappa with quadratic weights (Cohen 1968).

    1 less the squared distances of the ranks over those that chance would give: decisions as
    frequent as these, whatever the label is. NaN where all labels and decisions are one class.
    """
    counts = confusion.counts.astype(np.float64)  # [r, k, k]
    squares = np.square(_apart(counts))
    labelled, predicted = counts.sum(axis=2), counts.sum(axis=1)  # [r, k]
    by_chance = labelled[:, :, None] * predicted[:, None, :]  # [r, k, k]
    examples = counts.sum(axis=(1, 2))  # [r]
    found = (counts * squares).sum(axis=(1, 2)) * examples
    return 1 - ratio(found, (by_chance * squares).sum(axis=(1, 2)))


def _apart(counts: Array) -> Array:
    """Returns the difference of the ranks of each pair of classes, [k, k]."""
    places = np.arange(counts.shape[-1])
    apart: Array = np.subtract.outer(places, places)
    return apart
