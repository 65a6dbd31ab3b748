"""How closely the raw features of a sample go together, numbers and categories alike.

two numbers             Spearman's rank correlation, -1 to 1
a number, a category    the correlation ratio of the number's ranks, 0 to 1 (Kelley's epsilon,
                        1935, which does not grow with the number of categories alone)
two categories          Cramer's V with Bergsma's correction (2013), 0 to 1
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tfline.components.evaluator.evidence.evidence_file import Associations

MAX_FEATURES = 24
"""Features that are compared; a larger square could not be read."""

RECORDS = 1500
"""Records that are compared at most."""

_FEW = 20
"""A number with at most so many distinct values is a category: an hour, a class."""


def associate(records: Sequence[Mapping[str, Any]], label: str) -> Associations | None:
    """Compares the label and the features of some records, each with each.

    Args:
        records: Raw feature to its only value: int, float, str or None.
        label: The raw feature that holds the label.

    Returns:
        The label first, then the features that go with it most closely; None if there are no two
        columns to compare. A column with a text of its own in nearly every record is left out.
    """
    table = pd.DataFrame.from_records(records[:RECORDS])
    columns = {str(name): _column(table[name]) for name in table}
    usable = {name: column for name, column in columns.items() if column is not None}
    if label not in usable or len(usable) < 2:
        return None
    others = {
        name: _association(usable[label], column)
        for name, column in usable.items()
        if name != label
    }
    closest = sorted(others, key=lambda name: (-abs(np.nan_to_num(others[name])), name))
    names = [label, *closest[:MAX_FEATURES]]
    square = np.ones((len(names), len(names)))
    for i, j in itertools.combinations(range(len(names)), 2):
        known = others[names[j]] if i == 0 else _association(usable[names[i]], usable[names[j]])
        square[i, j] = square[j, i] = known
    return Associations(
        names=tuple(names),
        values=tuple(
            tuple(None if math.isnan(value) else round(value, 4) for value in row)
            for row in square.tolist()
        ),
        records=len(table),
    )


def _column(values: pd.Series) -> pd.Series | None:
    """Returns ranks (float64), categories (codes, int64), or None for neither."""
    present = values.dropna()
    distinct = present.nunique()
    if distinct < 2:
        return None
    if pd.api.types.is_numeric_dtype(values.infer_objects()) and distinct > _FEW:
        return values.astype(np.float64)
    if distinct > max(_FEW, len(present) // 2):
        return None
    codes, _ = pd.factorize(values)  # what is missing is a category, too: -1
    return pd.Series(codes.astype(np.int64), index=values.index)


def _association(one: pd.Series, other: pd.Series) -> float:
    """Returns the association of two columns; NaN if it is not defined."""
    both = one.notna() & other.notna()
    one, other = one[both], other[both]
    if one.nunique() < 2 or other.nunique() < 2:
        return math.nan
    numbers = [column.dtype == np.float64 for column in (one, other)]
    if all(numbers):
        return float(one.rank().corr(other.rank()))
    if any(numbers):
        return _correlation_ratio(*((one, other) if numbers[0] else (other, one)))
    return _cramers_v(one, other)


def _correlation_ratio(numbers: pd.Series, categories: pd.Series) -> float:
    ranks = numbers.rank().to_numpy()
    ranks = ranks - ranks.mean()
    codes = categories.to_numpy() + 1  # what is missing is 0
    sizes, sums = np.bincount(codes), np.bincount(codes, ranks)
    occurs = sizes > 0
    total = float((ranks**2).sum())
    within = total - float((sums[occurs] ** 2 / sizes[occurs]).sum())
    freedom = len(ranks) - int(occurs.sum())
    if freedom <= 0 or total == 0:
        return math.nan
    return math.sqrt(max(0.0, 1 - within / total * (len(ranks) - 1) / freedom))


def _cramers_v(one: pd.Series, other: pd.Series) -> float:
    codes, others = one.to_numpy() + 1, other.to_numpy() + 1
    width = int(others.max()) + 1
    counts = np.bincount(codes * width + others, minlength=(int(codes.max()) + 1) * width)
    counts = counts.reshape(-1, width)
    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]  # [r, k]
    total = counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    phi_squared = float(((counts - expected) ** 2 / expected).sum() / total)
    r, k = counts.shape
    corrected = max(0.0, phi_squared - (r - 1) * (k - 1) / (total - 1))
    r, k = (n - (n - 1) ** 2 / (total - 1) for n in (r, k))
    smaller = min(r, k) - 1
    return math.sqrt(min(1.0, corrected / smaller)) if smaller > 0 else math.nan
