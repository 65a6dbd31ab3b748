"""Two columns that tell the label together: their difference, sum, product, ratio or equality.

Which of two is the larger, a profit beside what was earned and what was spent, a share that is
above a bound: none of the columns tells it alone. NumPy alone; the time is bounded, as few rows and
few columns are looked at before all rows are.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Classes = npt.NDArray[np.intp]
Texts = npt.NDArray[np.generic]

LEAST = 200
"""Fewer records show nothing: among few, some function of two columns fits by chance."""

MOST_COLUMNS = 100
"""Of more numbers, those are looked at that go with the label most."""

_MOST_CLASSES = 10
_LEAST_OF_CLASS = 30
_PROBED = 256
_PROBED_CHANGES = 4
_PROBED_ORDER = 0.99
_SAME_ORDER = 0.9999
_MISTAKES = 0.001

_PRESENT = 0.5


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two columns whose combination tells the label.

    Attributes:
        first: A column.
        second: The other one.
        form: How they are combined, with their names.
    """

    first: str
    second: str
    form: str


Combine = Callable[[Array, Array], Array]

COMBINATIONS: Mapping[str, Combine] = {
    "{} - {}": lambda a, b: a - b,
    "|{} - {}|": lambda a, b: abs(a - b),
    "{} + {}": lambda a, b: a + b,
    "{} * {}": lambda a, b: a * b,
    "{} / {}": lambda a, b: _ratio(a, b),
    "{1} / {0}": lambda a, b: _ratio(b, a),
}
"""What is tried of each two numbers; the absolute difference is 0 where both are equal."""


def find_pairs(
    numbers: Mapping[str, Array], texts: Mapping[str, Texts], target: Array, *, is_class: bool
) -> list[Pair]:
    """Returns the pairs of columns that tell the label, one combination of each.

    A number is told if it rises whenever the combination does (or falls); a class, if the classes
    are one after the other in the order of the combination, but for a mistake in a thousand.

    Args:
        numbers: Columns of numbers, [records] each; NaN is missing.
        texts: Columns of categories, [records] each; only whether two are equal is looked at.
        target: The label: a number, or the index of a class.
        is_class: Which of both.
    """
    if len(target) < LEAST or (is_class and not _is_judged(target)):
        return []
    tells = _Classes(target) if is_class else _Numbers(target)
    found = list(_of_numbers(_likely(numbers, target), tells))
    if is_class:
        for (first, a), (second, b) in itertools.combinations(texts.items(), 2):
            if tells.by((a == b).astype(np.float64)):
                found.append(Pair(first, second, f"{first} = {second}"))
    return found


def _is_judged(target: Array) -> bool:
    counts = np.bincount(target.astype(np.intp))
    counts = counts[counts > 0]
    return 1 < len(counts) <= _MOST_CLASSES and bool(counts.min() >= _LEAST_OF_CLASS)


def _likely(numbers: Mapping[str, Array], target: Array) -> dict[str, Array]:
    """Returns the numbers that are looked at."""
    kept = {
        name: values
        for name, values in numbers.items()
        if np.isfinite(values).mean() >= _PRESENT and np.ptp(values[np.isfinite(values)]) > 0
    }
    if len(kept) <= MOST_COLUMNS:
        return kept
    goes = {}
    for name, values in kept.items():
        known = np.isfinite(values)
        goes[name] = _ordered_alike(values[known], target[known])
    chosen = sorted(kept, key=lambda name: -goes[name])[:MOST_COLUMNS]
    return {name: kept[name] for name in kept if name in chosen}


class _Numbers:
    """Tells which combinations have the order of a number."""

    def __init__(self, target: Array) -> None:
        self._target = target
        self.rows = _spread(len(target), _PROBED)
        self._probed = _ranks(target[self.rows][:, None])[:, 0]

    def probably(self, values: Array) -> npt.NDArray[np.bool_]:
        """Tells it of columns of the probed rows, [probed, columns] -> [columns]."""
        found = _correlation(_ranks(values), self._probed, np.isfinite(values))
        return abs(found) >= _PROBED_ORDER

    def by(self, values: Array) -> bool:
        """Tells it of a combination of all rows, [records]."""
        known = np.isfinite(values)
        if known.sum() < LEAST or known.mean() < _PRESENT:
            return False
        found = _ordered_alike(values[known], self._target[known])
        return found >= _SAME_ORDER


class _Classes:
    """Tells by which combinations the classes are one after the other."""

    def __init__(self, target: Array) -> None:
        self._target = np.unique(target, return_inverse=True)[1]
        self._changes = len(np.unique(self._target)) - 1
        # As many of each class; rows whose combination is the same stay mixed.
        each = [np.flatnonzero(self._target == one) for one in range(self._changes + 1)]
        share = _PROBED // len(each)
        self.rows = np.sort(np.concatenate([rows[_spread(len(rows), share)] for rows in each]))
        self._probed = self._target[self.rows]

    def probably(self, values: Array) -> npt.NDArray[np.bool_]:
        """Tells it of columns of the probed rows, [probed, columns] -> [columns]."""
        order = np.argsort(values, axis=0, kind="stable")  # what is missing comes last
        ordered, known = self._probed[order], np.isfinite(values).sum(axis=0)
        both = np.arange(1, len(values))[:, None] < known
        changes = ((ordered[1:] != ordered[:-1]) & both).sum(axis=0)
        found: npt.NDArray[np.bool_] = changes <= self._changes + _PROBED_CHANGES
        return found

    def by(self, values: Array) -> bool:
        """Tells it of a combination of all rows, [records]."""
        known = np.isfinite(values)
        if known.sum() < LEAST or known.mean() < _PRESENT:
            return False
        target = self._target[known]
        _, group = np.unique(values[known], return_inverse=True)
        counts = np.zeros((group.max() + 1, target.max() + 1), np.intp)
        np.add.at(counts, (group, target), 1)
        mistakes = int((counts.sum(axis=1) - counts.max(axis=1)).sum())
        allowed = int(_MISTAKES * len(target)) - mistakes
        if allowed < 0 or np.bincount(target).max() == len(target):
            return False
        return _changes(counts.argmax(axis=1), counts.sum(axis=1), allowed) <= self._changes


def _changes(classes: Classes, sizes: Classes, passed_over: int) -> int:
    """Returns how often the class changes along groups of records, without the shortest runs.

    Args:
        classes: The class of each group, in their order.
        sizes: How many records each has.
        passed_over: So many records of runs of one class are passed over.
    """
    run = np.concatenate([[0], np.cumsum(classes[1:] != classes[:-1])])
    lengths = np.bincount(run, sizes)
    shortest = np.argsort(lengths, kind="stable")
    dropped = shortest[np.cumsum(lengths[shortest]) <= passed_over]
    kept = classes[~np.isin(run, dropped)]
    return int((kept[1:] != kept[:-1]).sum())


def _of_numbers(numbers: Mapping[str, Array], tells: _Numbers | _Classes) -> Iterator[Pair]:
    """Yields the first combination that tells the label, of each two numbers of which one does."""
    names = list(numbers)
    if len(names) < 2:
        return
    probed = np.column_stack([numbers[name][tells.rows] for name in names])
    for i, first in enumerate(names[:-1]):
        told: set[str] = set()
        for form, combine in COMBINATIONS.items():
            with np.errstate(all="ignore"):
                combined = combine(probed[:, [i]], probed[:, i + 1 :])
            for j in np.flatnonzero(tells.probably(combined)):
                second = names[i + 1 + j]
                with np.errstate(all="ignore"):
                    whole = combine(numbers[first], numbers[second])
                if second not in told and tells.by(whole):
                    told.add(second)
                    yield Pair(first, second, form.format(first, second))


def _ratio(a: Array, b: Array) -> Array:
    """Returns a / b; NaN where b is 0."""
    return np.where(b == 0, np.nan, a / np.where(b == 0, 1.0, b))


def _spread(records: int, most: int) -> npt.NDArray[np.intp]:
    """Returns rows that are spread over all of them, not more than `most`."""
    return np.unique(np.linspace(0, records - 1, most).astype(np.intp))


def _ordered_alike(values: Array, target: Array) -> float:
    """Returns the absolute correlation of the ranks of two columns, [records] each."""
    ranks, others = _ranks(values[:, None]), _ranks(target[:, None])[:, 0]
    return float(abs(_correlation(ranks, others, np.ones(ranks.shape, bool))[0]))


def _ranks(values: Array) -> Array:
    """Returns the rank of each value in its column, the same for equal ones, [rows, columns]."""
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    steps = np.zeros(values.shape)
    steps[1:] = ordered[1:] != ordered[:-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, np.cumsum(steps, axis=0), axis=0)
    return ranks


def _correlation(columns: Array, target: Array, known: npt.NDArray[np.bool_]) -> Array:
    """Returns Pearson's correlation of each column with the target, [columns]; 0 of constants.

    Args:
        columns: [rows, columns].
        target: [rows].
        known: The values that are looked at, [rows, columns].
    """
    count = np.maximum(known.sum(axis=0), 1)
    x = np.where(known, columns - (columns * known).sum(axis=0) / count, 0)
    y = np.where(known, target[:, None] - (target @ known) / count, 0)
    size = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    found: Array = (x * y).sum(axis=0) / np.where(size > 0, size, np.inf)
    return found
