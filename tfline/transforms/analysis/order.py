"""Smallest, largest, quantiles, most frequent: what the order of the values tells."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from functools import partial
from typing import Any

import numpy as np

from tfline.transforms.analysis.reducer import Array, Floats, NumberReducer, Shape

EXACT_VALUES = 1 << 18
"""Quantiles of a feature with up to so many values are exact: one or two MiB a level. The columns
of a vector share them, down to `FEWEST_VALUES` each."""

FEWEST_VALUES = 1 << 12

MOST_DISTINCT = 1 << 18
"""So many distinct values are counted; of more, those that have been seen least are forgotten."""

Bounds = tuple[Floats, Floats]
Levels = list[list[Array]]
"""Values of one column by their weight: one at level i stands for 2 ** i."""


@dataclasses.dataclass(frozen=True)
class Extremes(NumberReducer):
    """The smallest and the largest finite value, column by column."""

    def start(self) -> Bounds | None:  # noqa: D102
        return None

    def add(self, state: Bounds | None, *batch: Array) -> Bounds | None:  # noqa: D102
        if not len(batch[0]):
            return state
        x = batch[0].astype(np.float64)
        finite = np.isfinite(x)
        low = np.where(finite, x, np.inf).min(axis=0)
        high = np.where(finite, x, -np.inf).max(axis=0)
        return self.merge(state, (low, high))

    def merge(self, state: Bounds | None, other: Bounds | None) -> Bounds | None:  # noqa: D102
        if state is None or other is None:
            return other if state is None else state
        return np.minimum(state[0], other[0]), np.maximum(state[1], other[1])

    def shapes(self, shape: Shape) -> list[Shape]:  # noqa: D102
        return [shape, shape]

    def finish(self, state: Bounds | None, shape: Shape) -> list[Floats]:  # noqa: D102
        if state is None:
            return [np.zeros(shape), np.zeros(shape)]
        return [np.where(np.isfinite(bound), bound, 0.0) for bound in state]


@dataclasses.dataclass(frozen=True)
class Quantiles(NumberReducer):
    """Quantiles of the finite values, column by column, with linear interpolation.

    Exact for up to `EXACT_VALUES` values. Of more, the sorted values are halved whenever a level
    is full, each of the rest standing for two (Manku, Rajagopalan and Lindsay 1998): the rank is
    then wrong by about `levels / EXACT_VALUES` of the rows, some hundred-thousandths.

    Attributes:
        probabilities: Which quantiles, each in [0, 1].
    """

    probabilities: tuple[float, ...]

    def start(self) -> list[Levels]:  # noqa: D102
        return []

    def add(self, state: list[Levels], *batch: Array) -> list[Levels]:  # noqa: D102
        columns = _columns(batch[0])
        return self.merge(state, [[[_compact(column[np.isfinite(column)])]] for column in columns])

    def merge(self, state: list[Levels], other: list[Levels]) -> list[Levels]:  # noqa: D102
        if not state or not other:
            return state or other
        room = max(FEWEST_VALUES, EXACT_VALUES // len(state))
        return [_merge_levels(*pair, room) for pair in zip(state, other, strict=True)]

    def shapes(self, shape: Shape) -> list[Shape]:  # noqa: D102
        return [(*shape, len(self.probabilities))]

    def finish(self, state: list[Levels], shape: Shape) -> list[Floats]:  # noqa: D102
        [answer] = self.shapes(shape)
        if not state:
            return [np.zeros(answer)]
        columns = [_interpolate(levels, self.probabilities) for levels in state]
        return [np.stack(columns).reshape(answer)]


@dataclasses.dataclass(frozen=True)
class MostFrequent(NumberReducer):
    """The most frequent finite value, column by column; the smallest of several.

    Of more than `MOST_DISTINCT` distinct values, those that have been seen least are forgotten.
    """

    def start(self) -> list[Counter[float]]:  # noqa: D102
        return []

    def add(self, state: list[Counter[float]], *batch: Array) -> list[Counter[float]]:  # noqa: D102
        columns = _columns(batch[0])
        return self.merge(state, [Counter(x[np.isfinite(x)].tolist()) for x in columns])

    def merge(  # noqa: D102
        self, state: list[Counter[float]], other: list[Counter[float]]
    ) -> list[Counter[float]]:
        if not state or not other:
            return state or other
        room = max(1, MOST_DISTINCT // len(state))
        for counter, more in zip(state, other, strict=True):
            counter.update(more)
            forget_rare(counter, room)
        return state

    def shapes(self, shape: Shape) -> list[Shape]:  # noqa: D102
        return [shape]

    def finish(self, state: list[Counter[float]], shape: Shape) -> list[Floats]:  # noqa: D102
        if not state:
            return [np.zeros(shape)]
        found = [min(c, key=partial(_rarity, c), default=0.0) for c in state]
        return [np.array(found).reshape(shape)]


@dataclasses.dataclass(frozen=True)
class Rows(NumberReducer):
    """How many rows there are."""

    def start(self) -> int:  # noqa: D102
        return 0

    def add(self, state: int, *batch: Array) -> int:  # noqa: D102
        return state + len(batch[0])

    def merge(self, state: int, other: int) -> int:  # noqa: D102
        return state + other

    def shapes(self, shape: Shape) -> list[Shape]:  # noqa: D102
        return [()]

    def finish(self, state: int, shape: Shape) -> list[Floats]:  # noqa: D102
        return [np.array(float(state))]


def forget_rare(counter: Counter[Any], room: int) -> None:
    """Leaves the more frequent half of a counter that has more than `room` entries."""
    if len(counter) > room:
        kept = counter.most_common(max(1, room // 2))
        counter.clear()
        counter.update(dict(kept))


def _columns(x: Array) -> Array:
    """Returns rows [rows] or [rows, n] as columns [1, rows] or [n, rows]."""
    return x.reshape(len(x), math.prod(x.shape[1:])).T


def _rarity(counter: Counter[float], value: float) -> tuple[int, float]:
    return -counter[value], value


def _compact(values: Array) -> Array:
    """Returns values in 32 bits if they lose nothing: those of a tf.Example, and small integers."""
    single = values.astype(np.float32)
    return single if np.array_equal(single, values) else values


def _merge_levels(levels: Levels, other: Levels, room: int) -> Levels:
    for level, parts in enumerate(other):
        if level == len(levels):
            levels.append([])
        levels[level] += parts
    level = 0
    while level < len(levels):
        if sum(map(len, levels[level])) > room:
            values = np.sort(np.concatenate(levels[level]))
            even = len(values) // 2 * 2
            levels[level] = [values[even:]]
            if level + 1 == len(levels):
                levels.append([])
            # which of two neighbours stays must favour neither end
            levels[level + 1].append(values[len(levels[level + 1]) % 2 : even : 2])
        level += 1
    return levels


def _interpolate(levels: Levels, probabilities: tuple[float, ...]) -> Floats:
    values = np.concatenate([part for parts in levels for part in parts]).astype(np.float64)
    if not len(values):
        return np.zeros(len(probabilities))
    weights = np.repeat([2**i for i in range(len(levels))], [sum(map(len, p)) for p in levels])
    order = np.argsort(values, kind="stable")
    weights = weights[order]
    # the middle of the ranks that a value stands for; its own rank if it stands for itself
    ranks = np.cumsum(weights) - (weights + 1) / 2
    wanted = np.array(probabilities) * (weights.sum() - 1)
    found: Floats = np.interp(wanted, ranks, values[order])
    return found
