"""Columns of a sample that give the label away, each by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfline.components.transform.explained import (
    ALONE,
    codes,
    explained_class,
    explained_number,
)
from tfline.pipelines.init.columns import Column, Sample
from tfline.pipelines.init.kinds import Kind

Array = npt.NDArray[np.float64]

LEAST = 100
"""Among fewer records nothing is called a leak."""

SUSPICIOUS = 0.5
"""A column that explains so much is pointed out."""

_SAME_ORDER = 0.9999
_LOOKED_AT: frozenset[Kind] = frozenset({"number", "code", "category", "time"})
_MOST_VALUES = 0.2
"""Texts of more different values, as a share of the records, are remembered rather than learnt."""


def explained_by(
    sample: Sample, kinds: dict[str, Kind], label: str, *, is_class: bool
) -> dict[str, float]:
    """Returns how much of the label each column explains, on records kept apart.

    Args:
        sample: The records.
        kinds: What each column is.
        label: The column to predict: a class, or a number.
        is_class: Which of both.
    """
    known = np.array([len(values) == 1 for values in sample.columns[label].values])
    if known.sum() < LEAST:
        return {}
    flat = [values[0] for values in sample.columns[label].values if len(values) == 1]
    classes = np.unique(np.array(flat), return_inverse=True)[1] if is_class else None
    found = {}
    for name, column in sample.columns.items():
        if name != label and kinds[name] in _LOOKED_AT and not column.is_list:
            if not column.is_number and column.distinct > _MOST_VALUES * column.present:
                continue
            values = _array(column)[known]
            binned = codes(values, numeric=column.is_number)
            if classes is not None:
                found[name] = explained_class(binned, classes)
                continue
            target = np.array(flat, np.float64)
            found[name] = explained_number(binned, target)
            if column.is_number and _has_same_order(values.astype(np.float64), target):
                found[name] = 1.0
    return found


def gives_away(explained: float) -> bool:
    """Tells whether a column that explains so much of the label tells it."""
    return explained >= ALONE


def _has_same_order(values: Array, target: Array) -> bool:
    """Tells whether a number rises, or falls, whenever the label does: Spearman's correlation.

    Among few records the bins of a function hold too few of them to show it.
    """
    present = np.isfinite(values)
    if present.sum() < LEAST or np.ptp(values[present]) == 0:
        return False
    ranks = [np.unique(x[present], return_inverse=True)[1] for x in (values, target)]
    return bool(abs(np.corrcoef(ranks[0], ranks[1])[0, 1]) >= _SAME_ORDER)


def _array(column: Column) -> npt.NDArray[np.generic]:
    """Returns one value a record, with a value of its own for a missing one."""
    if column.is_number:
        return np.array([values[0] if values else np.nan for values in column.values], float)
    return np.array([str(values[0]) if values else "" for values in column.values])
