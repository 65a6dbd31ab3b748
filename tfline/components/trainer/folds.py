"""How cross-validation divides examples: as the splits of the pipeline do.

What belongs together stays together, and what comes later is never learnt from: else a fold that is
held out tells nothing of new customers, or of tomorrow.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
)

from tfline.transforms.errors import DataError

Indices = npt.NDArray[np.int64]
Fold = tuple[Indices, Indices]
"""The examples to train on, and those that are held out."""

INNER = 0.1
"""The share of a training fold by which its best epoch is chosen."""

Rule = Literal["random", "group", "time"]


@dataclasses.dataclass(frozen=True)
class Division:
    """What divides the examples.

    Attributes:
        by: ``random``: at random, by class where there are classes; ``group``: no group is in two
            folds; ``time``: each fold is later than what is trained on (forward chaining).
        values: The group, or the time, of each example, [n]; None if it is random.
        ends: When each example ends, [n], if that is later than its time; None: it is not.
        embargo: How much time lies at least between training and what is held out.
    """

    by: Rule = "random"
    values: npt.NDArray[Any] | None = None
    ends: npt.NDArray[Any] | None = None
    embargo: float = 0.0


RANDOM = Division()


def divide(labels: npt.NDArray[Any], division: Division, folds: int, seed: int) -> Iterator[Fold]:
    """Yields the folds.

    Args:
        labels: The class of each example, integers [n]; or anything of that length.
        division: What divides them.
        folds: How many there are.
        seed: Of random folds.

    Raises:
        DataError: There are too few examples, groups or times; or too few of a class.
    """
    if division.by == "time":
        yield from _by_time(division, folds)
        return
    rows = np.zeros(len(labels))
    if division.by == "group":
        groups = _values(division)
        _check(len(np.unique(groups)), folds, "groups")
        yield from GroupKFold(folds).split(rows, labels, groups)
        return
    stratified = _has_classes(labels)
    least = int(np.unique(labels, return_counts=True)[1].min()) if stratified else len(labels)
    _check(least, folds, "examples of a class" if stratified else "examples in the train split")
    kind = StratifiedKFold if stratified else KFold
    yield from kind(folds, shuffle=True, random_state=seed).split(rows, labels)


def inner_split(labels: npt.NDArray[Any], division: Division, train: Indices, seed: int) -> Fold:
    """Divides a training fold, so that its best epoch is chosen without what is held out.

    Args:
        labels: Of all examples; see `divide`.
        division: What divides them.
        train: The examples of the training fold.
        seed: Of a random division.

    Returns:
        The examples to train on, and those by which the epoch is chosen.

    Raises:
        DataError: A fold is too short to be divided again.
    """
    if division.by == "time":
        times = _values(division)[train]
        held = times >= np.quantile(times, 1 - INNER)
        first = times[held].min()
        inner = train[_before(division, train, first) & ~held]
        _check(len(inner), 1, "examples before those that choose the epoch")
        return inner, train[held]
    rows = np.zeros(len(train))
    arguments = {"n_splits": 1, "test_size": INNER, "random_state": seed}
    groups = None
    kind: Any = ShuffleSplit
    if division.by == "group":
        groups, kind = _values(division)[train], GroupShuffleSplit
    elif _has_classes(labels) and np.bincount(labels[train]).min() * INNER >= 1:
        kind = StratifiedShuffleSplit
    inner, chosen = next(kind(**arguments).split(rows, labels[train], groups))
    return train[inner], train[chosen]


def _by_time(division: Division, folds: int) -> Iterator[Fold]:
    """Yields folds each of which is later than all that is trained on."""
    times = _values(division)
    distinct = np.unique(times)
    _check(len(distinct), folds + 1, "different times")
    begins = np.quantile(times, np.arange(1, folds + 1) / (folds + 1), method="higher")
    for begin, end in zip(begins, [*begins[1:], None], strict=True):
        held = times >= begin if end is None else (times >= begin) & (times < end)
        train = _before(division, np.arange(len(times)), begin)
        if not held.any() or not train.any():
            raise DataError(
                f"{folds} folds by time need as many different times, and room for the embargo",
                hint="Ask for fewer folds.",
            )
        yield np.flatnonzero(train), np.flatnonzero(held)


def _before(division: Division, rows: Indices, begin: Any) -> npt.NDArray[np.bool_]:
    """Returns which examples are over, with the embargo, before a time."""
    times = _values(division)[rows]
    ends = times if division.ends is None else division.ends[rows]
    over: npt.NDArray[np.bool_] = (times < begin) & (ends + division.embargo <= begin)
    return over


def _values(division: Division) -> npt.NDArray[Any]:
    if division.values is None:
        raise ValueError(f"A division by {division.by} needs values.")
    return division.values


def _has_classes(labels: npt.NDArray[Any]) -> bool:
    return labels.ndim == 1 and labels.dtype.kind in "iu"


def _check(there: int, folds: int, what: str) -> None:
    if there < folds:
        raise DataError(
            f"{folds} fold{'s' * (folds > 1)} need {folds} {what} at least. Received: {there}",
            hint="Ask for fewer folds.",
        )
