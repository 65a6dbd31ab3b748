"""Mean, standard deviation, principal components: what sums of powers tell.

Batches are merged by the formula of Chan, Golub and LeVeque (1979), which stays exact where a sum
of squares cancels.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from tfline.transforms.analysis.reducer import Array, Floats, NumberReducer, Shape

State = tuple[Floats, Floats, Floats]
"""Count, mean, and sum of squared (or crossed) deviations."""


@dataclasses.dataclass(frozen=True)
class Moments(NumberReducer):
    """Mean and standard deviation (of the population) of the finite values, column by column."""

    def start(self) -> State | None:  # noqa: D102
        return None

    def add(self, state: State | None, *batch: Array) -> State | None:  # noqa: D102
        x = batch[0].astype(np.float64)
        finite = np.isfinite(x)
        count = finite.sum(axis=0).astype(np.float64)
        mean = _divide(np.where(finite, x, 0.0).sum(axis=0), count)
        squares = np.where(finite, (np.where(finite, x, 0.0) - mean) ** 2, 0.0).sum(axis=0)
        return self.merge(state, (count, mean, squares))

    def merge(self, state: State | None, other: State | None) -> State | None:  # noqa: D102
        if state is None or other is None:
            return other if state is None else state
        count = state[0] + other[0]
        delta = other[1] - state[1]
        mean = state[1] + delta * _divide(other[0], count)
        squares = state[2] + other[2] + delta**2 * _divide(state[0] * other[0], count)
        return count, mean, squares

    def shapes(self, shape: Shape) -> list[Shape]:  # noqa: D102
        return [shape, shape]

    def finish(self, state: State | None, shape: Shape) -> list[Floats]:  # noqa: D102
        if state is None:
            return [np.zeros(shape), np.zeros(shape)]
        return [state[1], np.sqrt(_divide(state[2], state[0]))]


@dataclasses.dataclass(frozen=True)
class PrincipalComponents(NumberReducer):
    """Mean, principal axes and the deviation along each, of rows [n] whose values are all finite.

    Attributes:
        components: How many axes.
    """

    components: int

    def start(self) -> State | None:  # noqa: D102
        return None

    def add(self, state: State | None, *batch: Array) -> State | None:  # noqa: D102
        x = batch[0][np.isfinite(batch[0]).all(axis=1)].astype(np.float64)  # [complete, n]
        if not len(x):
            return state
        mean = x.mean(axis=0)
        crossed = (x - mean).T @ (x - mean)  # [n, n]
        return self.merge(state, (np.array(float(len(x))), mean, crossed))

    def merge(self, state: State | None, other: State | None) -> State | None:  # noqa: D102
        if state is None or other is None:
            return other if state is None else state
        count = state[0] + other[0]
        delta = other[1] - state[1]
        mean = state[1] + delta * (other[0] / count)
        crossed = state[2] + other[2] + np.outer(delta, delta) * (state[0] * other[0] / count)
        return count, mean, crossed

    def shapes(self, shape: Shape) -> list[Shape]:  # noqa: D102
        return [shape, (self.components, *shape), (self.components,)]

    def finish(self, state: State | None, shape: Shape) -> list[Floats]:  # noqa: D102
        if state is None:
            return [np.zeros(answer) for answer in self.shapes(shape)]
        count, mean, crossed = state
        # eigh sorts ascending; an axis has no direction, so its largest part is made positive
        values, vectors = np.linalg.eigh(crossed)
        axes = vectors.T[::-1][: self.components]  # [components, n]
        largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, np.newaxis], axis=1)
        deviations = np.sqrt(np.maximum(values[::-1][: self.components], 0) / max(count - 1, 1))
        return [mean, axes * np.where(largest < 0, -1.0, 1.0), deviations]


def _divide(x: Floats, y: Floats) -> Floats:
    """Returns x / y, and 0 where y is 0."""
    return np.divide(x, y, out=np.zeros_like(x), where=y != 0)
