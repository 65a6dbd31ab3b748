"""Columns of a sample that give the label away, each by itself or two together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tfline.components.transform.explained import (
    ALONE,
    codes,
    explained_class,
    explained_number,
)
from tfline.components.transform.pairs import find_pairs
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
    known, target = _target(sample, label, is_class=is_class)
    if known.sum() < LEAST:
        return {}
    found = {}
    for name, column in sample.columns.items():
        if name != label and kinds[name] in _LOOKED_AT and not column.is_list:
            if not column.is_number and column.distinct > _MOST_VALUES * column.present:
                continue
            values = _array(column)[known]
            binned = codes(values, numeric=column.is_number)
            if is_class:
                found[name] = explained_class(binned, target.astype(np.intp))
                continue
            found[name] = explained_number(binned, target)
            if column.is_number and _has_same_order(values.astype(np.float64), target):
                found[name] = 1.0
    return found


def told_together(
    sample: Sample,
    kinds: Mapping[str, Kind],
    label: str,
    explained: Mapping[str, float],
    *,
    is_class: bool,
) -> dict[str, str]:
    """Returns the columns that give the label away together with another one, and how.

    Of the two, the one is named that explains more of the label by itself; without it, the other
    one gives nothing away.

    Args:
        sample: The records.
        kinds: What each column is.
        label: The column to predict: a class, or a number.
        explained: How much each column explains by itself; one that tells the label alone is not
            looked at.
        is_class: Whether the label is a class.
    """
    known, target = _target(sample, label, is_class=is_class)
    numbers, texts = {}, {}
    for name, column in sample.columns.items():
        alone = gives_away(explained.get(name, 0.0))
        if name == label or kinds[name] not in _LOOKED_AT or column.is_list or alone:
            continue
        values = _array(column)[known]
        if column.is_number:
            numbers[name] = values.astype(np.float64)
        else:
            texts[name] = values
    told: dict[str, str] = {}
    for pair in find_pairs(numbers, texts, target, is_class=is_class):
        names = (pair.first, pair.second)
        if not told.keys() & set(names):
            one, other = sorted(names, key=lambda name: -explained.get(name, 0.0))
            told[one] = f"gives the label away beside {other}, as {pair.form}"
    return told


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


def _target(sample: Sample, label: str, *, is_class: bool) -> tuple[npt.NDArray[np.bool_], Array]:
    """Returns which records have one label, and these: a number, or the index of a class."""
    values = sample.columns[label].values
    known = np.array([len(one) == 1 for one in values])
    flat = [one[0] for one in values if len(one) == 1]
    if is_class:
        return known, np.unique(np.array(flat), return_inverse=True)[1].astype(np.float64)
    return known, np.array(flat, np.float64)


def _array(column: Column) -> npt.NDArray[np.generic]:
    """Returns one value a record, with a value of its own for a missing one."""
    if column.is_number:
        return np.array([values[0] if values else np.nan for values in column.values], float)
    return np.array([str(values[0]) if values else "" for values in column.values])
