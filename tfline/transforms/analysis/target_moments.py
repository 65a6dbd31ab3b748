"""What the scale of a number to predict follows from."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tfline.transforms.analysis.moments import Moments
from tfline.transforms.analysis.order import Extremes
from tfline.transforms.analysis.reducer import Array, Floats, NumberReducer, Shape

_MOMENTS, _EXTREMES = Moments(), Extremes()


@dataclasses.dataclass(frozen=True)
class TargetMoments(NumberReducer):
    """Mean and deviation of the first tensor, and the smallest value of the second, by column.

    The deviation of a constant is 1: it is divided by.
    """

    def start(self) -> Any:  # noqa: D102
        return _MOMENTS.start(), _EXTREMES.start(), _EXTREMES.start()

    def add(self, state: Any, *batch: Array) -> Any:  # noqa: D102
        transformed, raw = batch
        return (
            _MOMENTS.add(state[0], transformed),
            _EXTREMES.add(state[1], transformed),
            _EXTREMES.add(state[2], raw),
        )

    def merge(self, state: Any, other: Any) -> Any:  # noqa: D102
        reducers = (_MOMENTS, _EXTREMES, _EXTREMES)
        return tuple(r.merge(*pair) for r, *pair in zip(reducers, state, other, strict=True))

    def shapes(self, shape: Shape) -> list[Shape]:  # noqa: D102
        return [shape, shape, shape]

    def finish(self, state: Any, shape: Shape) -> list[Floats]:  # noqa: D102
        mean, deviation = _MOMENTS.finish(state[0], shape)
        low, high = _EXTREMES.finish(state[1], shape)  # rounded, a constant has a deviation
        smallest, _ = _EXTREMES.finish(state[2], shape)
        return [mean, np.where((low == high) | (deviation == 0), 1.0, deviation), smallest]
