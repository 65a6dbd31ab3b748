"""How examples count: how much each of them, and which of them together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from tfline.components.artifacts.naive import NaiveErrors
from tfline.components.artifacts.windows import WINDOW_START
from tfline.components.evaluator.reading.time_blocks import TimeBlocks, find_time_blocks
from tfline.metrics.arrays import Floats, Integers
from tfline.metrics.slices import Column
from tfline.transforms.errors import DataError


@dataclasses.dataclass(frozen=True)
class Counting:
    """What says how examples count.

    Attributes:
        weight: The raw feature that says how much an example counts; None: all the same.
        unit: The raw feature that examples which belong together share; None: there is none.
        time: The blocks of time in which windows belong together; None: there are none.
        naive: What the errors of each of several series are compared with; None: all with the
            same.
    """

    weight: str | None = None
    unit: str | None = None
    time: TimeBlocks | None = None
    naive: NaiveErrors | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The raw features that are read."""
        begin = WINDOW_START if self.time else None
        series = self.naive.series if self.naive else None
        found = (self.weight, self.unit, begin, series)
        return tuple(dict.fromkeys(key for key in found if key is not None))

    @property
    def independent(self) -> bool:
        """Whether all examples count the same, and each stands for itself."""
        return not (self.weight or self.unit or self.time)

    @property
    def words(self) -> str:
        """What examples belong together by; empty if each stands for itself."""
        if self.unit is not None:
            return f"units of {self.unit}"
        return self.time.words if self.time else ""


def find_counting(
    weight: str | None, unit: str | None, files: Sequence[str], naive: NaiveErrors | None = None
) -> Counting:
    """Returns how the examples of a split count: windows of series by blocks of time.

    Args:
        weight: See `Counting`.
        unit: The unit that was asked for; None: blocks of time, if the records are windows.
        files: TFRecord files of tf.Examples.
        naive: What the errors of a forecast are compared with.
    """
    of_series = naive if naive is not None and naive.series and naive.overall else None
    return Counting(weight, unit, find_time_blocks(files) if unit is None else None, of_series)


@dataclasses.dataclass(frozen=True, eq=False)
class Counted:
    """How the examples of a block count.

    Attributes:
        weights: How much each counts, float64 [n]; None: all the same.
        units: A number that examples which belong together share, uint64 [n]; None: each stands
            for itself.
        places: Where each window begins, in lengths of a block of time, float64 [n]; None: none
            is a window.
        naive_errors: What the errors of each forecast are compared with, float64 [n]; None: all
            with the same.
    """

    weights: Floats | None = None
    units: Integers | None = None
    places: Floats | None = None
    naive_errors: Floats | None = None

    def rows(self, rows: Integers) -> Counted:
        """Returns how some of the examples count."""
        return Counted(
            None if self.weights is None else self.weights[rows],
            None if self.units is None else self.units[rows],
            None if self.places is None else self.places[rows],
            None if self.naive_errors is None else self.naive_errors[rows],
        )


EACH_FOR_ITSELF = Counted()
"""All examples count the same, and none belongs to another."""


def count_examples(
    counting: Counting,
    columns: Mapping[str, Column],
    examples: int,
    seed: tuple[int, int],
    place: Callable[[int], str],
) -> Counted:
    """Returns how the examples of a block count.

    Args:
        counting: What says so.
        columns: The raw features of the block.
        examples: Number of examples n.
        seed: Tells the blocks of an evaluation apart.
        place: Returns where a record of the block is.

    Raises:
        DataError: A record has no weight, or one below 0; or no time.
    """
    weights = units = places = None
    if counting.weight:
        weights = _weights(columns[counting.weight], counting.weight, examples, place)
    if counting.unit:
        units = _units(columns[counting.unit], examples, seed)
    elif counting.time:
        starts, without = columns[WINDOW_START].first(examples)
        if without.size:
            raise DataError(f"A window has no `{WINDOW_START}`.", where=place(int(without[0])))
        places = counting.time.places(starts)
        units = np.floor(places).astype(np.int64).astype(np.uint64)
    naive = counting.naive
    if naive is None or naive.series is None:
        return Counted(weights, units, places)
    return Counted(weights, units, places, _naive_errors(naive, columns[naive.series], examples))


def _naive_errors(naive: NaiveErrors, column: Column, examples: int) -> Floats:
    """Returns what the errors of each example are compared with."""
    found, without = column.first(examples)
    names = np.full(examples, None, object)
    names[np.setdiff1d(np.arange(examples), without, assume_unique=True)] = found
    return naive.of_each(names)


def _weights(column: Column, key: str, examples: int, place: Callable[[int], str]) -> Floats:
    """Returns how much each example counts."""
    raw, unweighted = column.first(examples)
    if unweighted.size:
        raise DataError(
            f"{unweighted.size:,} of {examples:,} records have no weight '{key}'.",
            where=place(int(unweighted[0])),
            hint="Give each record a weight of 0 or more.",
        )
    if raw.dtype == object:
        raise DataError(f"The weight '{key}' is text, not a number.", where=place(0))
    weights: Floats = raw.astype(np.float64)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        raise DataError(
            f"The weight '{key}' is below 0, NaN or infinite in {wrong.sum():,} records.",
            where=place(int(wrong.argmax())),
            hint="Give each record a weight of 0 or more.",
        )
    return weights


def _units(column: Column, examples: int, seed: tuple[int, int]) -> Integers:
    """Returns a number for each example's unit; without one, it is a unit of its own."""
    raw, alone = column.first(examples)
    of_block = pd.util.hash_array(np.array([str(seed)], object))
    units: Integers = of_block + np.arange(examples, dtype=np.uint64)
    known = np.setdiff1d(np.arange(examples), alone, assume_unique=True)
    units[known] = pd.util.hash_array(raw)
    return units
