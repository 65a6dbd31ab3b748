"""Bounds that no value of their metric can reach, or that every value keeps."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

from tfline.components.evaluator.config import EvaluateConfig
from tfline.metrics.table import METRICS


@dataclasses.dataclass(frozen=True)
class Fault:
    """What is wrong with a bound.

    Attributes:
        message: In words.
        place: Where it is below ``evaluate``.
        hint: What to write; empty: that is not known.
    """

    message: str
    place: tuple[str | int, ...]
    hint: str


def bound_faults(config: EvaluateConfig) -> Iterator[Fault]:
    """Yields what is wrong with the bounds of metrics of tfline.

    Args:
        config: The rules of ``require``, ``change`` and ``gap``.
    """
    for name, bound in config.require.items():
        for side, value in bound:
            if isinstance(value, float | int):
                yield from _outside(name, f"{side} {value:g}", value, ("require", name))
    for name, change in config.change.items():
        for side, value in change:
            if isinstance(value, float | int):
                yield from _too_wide(name, f"{side} {value:g}", value, ("change", name))
    for index, gap in enumerate(config.gap):
        for name, value in gap.most.items():
            yield from _too_wide(name, f"{value:g}", value, ("gap", index, name))


def _outside(
    name: str, received: str, value: float, place: tuple[str | int, ...]
) -> Iterator[Fault]:
    low, high = METRICS[name].range if name in METRICS else (-math.inf, math.inf)
    if not low <= value <= high:
        words = f"`{name}` is {_between(low, high)}. Received: {received}"
        yield Fault(words, place, _as_share(value, high))


def _too_wide(
    name: str, received: str, value: float, place: tuple[str | int, ...]
) -> Iterator[Fault]:
    low, high = METRICS[name].range if name in METRICS else (-math.inf, math.inf)
    if value > high - low:
        words = f"Two values of `{name}` differ by {high - low:g} at most. Received: {received}"
        yield Fault(words, place, _as_share(value, high))


def _between(low: float, high: float) -> str:
    if math.isinf(high):
        return f"{low:g} or more"
    if math.isinf(low):
        return f"{high:g} or less"
    what = "a share " if (low, high) == (0, 1) else ""
    return f"{what}between {low:g} and {high:g}"


def _as_share(value: float, high: float) -> str:
    return f"Write {value / 100:g} for {value:g} %." if high == 1 and 1 < value <= 100 else ""
