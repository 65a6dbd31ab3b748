"""What the scale of a number to predict follows from."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tfline.transforms.analysis.moments import Moments
from tfline.transforms.analysis.order import Extremes
from tfline.transforms.analysis.reducer import Array, Floats, NumberReducer, Shape

_ROUNDING = 1e-12
"""A deviation of so much of the mean, and less, is that of a constant."""

_MOMENTS, _EXTREMES = Moments(), Extremes()


@dataclasses.dataclass(frozen=True)
class TargetMoments(NumberReducer):
    """Mean and deviation of the first tensor, and the smallest value of the second, by column.

    The deviation of a constant is 1: it is divided by.
    """

    def start(self) -> Any:  # noqa: D102
        return _MOMENTS.start(), _EXTREMES.start()

    def add(self, state: Any, *batch: Array) -> Any:  # noqa: D102
        transformed, raw = batch
        return _MOMENTS.add(state[0], transformed), _EXTREMES.add(state[1], raw)

    def merge(self, state: Any, other: Any) -> Any:  # noqa: D102
        return _MOMENTS.merge(state[0], other[0]), _EXTREMES.merge(state[1], other[1])

    def shapes(self, shape: Shape) -> list[Shape]:  # noqa: D102
        return [shape, shape, shape]

    def finish(self, state: Any, shape: Shape) -> list[Floats]:  # noqa: D102
        mean, deviation = _MOMENTS.finish(state[0], shape)
        smallest, _ = _EXTREMES.finish(state[1], shape)
        constant = deviation <= _ROUNDING * np.abs(mean)
        return [mean, np.where(constant, 1.0, deviation), smallest]
