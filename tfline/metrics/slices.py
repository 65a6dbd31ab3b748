"""Slices: which examples of a block share the values of some raw features."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from tfline.metrics.arrays import Array, Floats, Integers
from tfline.metrics.slice_by import Cross, SliceBy
from tfline.transforms import formula
from tfline.transforms.errors import DataError, SpecError

MISSING = "(missing)"
"""The value by which examples without a feature are sliced."""

MAX_VALUES = 1000
"""Slices that one entry of `slices` may have."""

SliceValue = str | int | float
SliceKey = tuple[tuple[str, SliceValue], ...]
"""Features with their values, sorted by feature, as TFMA writes it; () is the overall slice."""


@dataclasses.dataclass(frozen=True, eq=False)
class Column:
    """A raw feature of a block of n examples, each with any number of values.

    Attributes:
        rows: int64 [v], the example of each value.
        values: int64, float32 or bytes objects [v].
    """

    rows: Integers
    values: Array

    def first(self, examples: int) -> tuple[Array, Integers]:
        """Returns the first value of each example that has one.

        Args:
            examples: Number of examples n.

        Returns:
            The values, and the examples (rising) that have none.
        """
        rows, index = np.unique(self.rows, return_index=True)
        return self.values[index], np.setdiff1d(np.arange(examples), rows, assume_unique=True)


def group_rows(
    cross: Cross, columns: Mapping[str, Column], examples: int
) -> Iterator[tuple[SliceKey, Integers]]:
    """Yields each slice of a block with the rows of its examples.

    An example with several values of a feature is in the slice of each. One that has none is in
    the slice `MISSING`.

    Args:
        cross: What to slice by.
        columns: The raw features of the block.
        examples: Number of examples.

    Yields:
        The key of the slice, and int64 [m] rows, rising and distinct.

    Raises:
        SpecError: If there are more slices than anyone could read.
        DataError: If buckets or a formula are made of text.
    """
    names: dict[str, list[SliceValue]] = {}
    table = pd.DataFrame(index=pd.RangeIndex(examples))
    for by in cross:
        column = _sliced(by, columns, examples)
        codes, values = pd.factorize(column.values)
        names[by.name] = [*map(_readable, values), MISSING]  # code -1 is the last
        table = table.join(pd.Series(codes, index=column.rows, name=by.name))
        table[by.name] = table[by.name].fillna(-1).astype(np.int64)
    groups = table.groupby([by.name for by in cross]).indices
    if len(groups) > MAX_VALUES:
        raise too_many_slices(cross, len(groups), examples)
    for codes, places in groups.items():
        key_codes = codes if isinstance(codes, tuple) else (codes,)
        pairs = zip(names, key_codes, strict=True)
        key = tuple(sorted((name, names[name][code]) for name, code in pairs))
        yield key, np.unique(table.index.to_numpy()[places])


def too_many_slices(cross: Cross, slices: int, examples: int) -> SpecError:
    """Returns the error that a cross has more slices than anyone could read."""
    return SpecError(
        f"Slicing by {' x '.join(by.name for by in cross)} gives {slices:,} slices in "
        f"{examples:,} records; at most {MAX_VALUES:,} are allowed.",
        hint="Slice by a feature with fewer values, or by buckets: `{hour: [6, 12, 18]}`.",
    )


def _sliced(by: SliceBy, columns: Mapping[str, Column], examples: int) -> Column:
    """Returns the values that examples are sliced by."""
    if by.formula:
        return _computed(by, columns, examples)
    column = columns[by.name]
    if not by.bounds:
        return column
    numbers = _numbers(by, column)
    known = ~np.isnan(numbers)
    places = np.searchsorted(by.bounds, numbers[known], side="right")
    return Column(column.rows[known], np.array(by.buckets, object)[places])


def _computed(by: SliceBy, columns: Mapping[str, Column], examples: int) -> Column:
    """Returns the value of a formula for each example that has one."""
    inputs = {}
    for key in by.keys:
        values, missing = columns[key].first(examples)
        inputs[key] = np.full(examples, np.nan)
        inputs[key][np.setdiff1d(np.arange(examples), missing, assume_unique=True)] = _numbers(
            by, Column(np.arange(len(values)), values)
        )
    result = np.asarray(formula.compute(by.formula, inputs))
    [rows] = np.isfinite(result).nonzero()
    if formula.is_condition(by.formula):
        return Column(rows, np.where(result[rows] != 0, "yes", "no").astype(object))
    whole = np.mod(result[rows], 1) == 0
    return Column(rows, result[rows].astype(np.int64) if whole.all() else result[rows])


def _numbers(by: SliceBy, column: Column) -> Floats:
    """Returns the values of a column, float64 [v]."""
    if column.values.dtype == object and len(column.values):
        raise DataError(
            f"Slicing by {by.name} needs numbers. Received text, such as {column.values[0]!r}.",
            hint="Slice by each value: name the feature alone.",
        )
    return column.values.astype(np.float64)


def _readable(value: str | bytes | np.generic) -> SliceValue:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, str):
        return value
    return value.item()  # type: ignore[no-any-return]
