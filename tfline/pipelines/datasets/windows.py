"""Windows of a time series: rows in their order become records to forecast from.

A record holds, for each column, the values of some consecutive rows, and what is to be forecast:
the value of one column some rows later, or several of them.
"""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from tfline.components.example_gen.example_proto import Scalar, Value
from tfline.transforms.errors import DataError, SpecError, did_you_mean

AHEAD = "_ahead"
"""Ends the name of what is to be forecast."""

Row = dict[str, Value]


@dataclasses.dataclass(frozen=True)
class Windows:
    """How rows are cut into windows.

    Attributes:
        length: How many rows a window has.
        target: The column that is to be forecast.
        horizon: How many rows after the last one of a window its target is.
        steps: How many rows are forecast, from that one on.
        stride: How many rows lie between the beginnings of two windows.

    Raises:
        SpecError: A number is below 1.
    """

    length: int
    target: str
    horizon: int = 1
    steps: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        for name in ("length", "horizon", "steps", "stride"):
            if getattr(self, name) < 1:
                raise SpecError(
                    f"Invalid value for `{name}` of a window. Expected 1 or more. "
                    f"Received: {getattr(self, name)}"
                )


def cut_windows(rows: Iterable[Row], windows: Windows) -> Iterator[Row]:
    """Yields a record for each window whose targets are known.

    Args:
        rows: In the order of time.
        windows: How they are cut.

    Yields:
        Each column as a list of `length` values (numbers as float, NaN or empty where they are
        missing), and ``<target>_ahead``: a number, or a list of `steps`.

    Raises:
        DataError: There is no such column, or the target is no number.
    """
    span = windows.length + windows.horizon + windows.steps - 1
    recent: collections.deque[Row] = collections.deque(maxlen=span)
    for number, row in enumerate(rows, start=1):
        if windows.target not in row:
            hint = did_you_mean(windows.target, row)
            raise DataError(f"There is no column '{windows.target}' to forecast", hint=hint)
        recent.append(row)
        if number < span or (number - span) % windows.stride:
            continue
        past, ahead = list(recent)[: windows.length], list(recent)[-windows.steps :]
        targets = [_target(future[windows.target], windows.target, number) for future in ahead]
        if None not in targets:
            record: Row = {name: _series([one[name] for one in past]) for name in row}
            known = cast("list[float]", targets)
            record[windows.target + AHEAD] = known if windows.steps > 1 else known[0]
            yield record


def _target(value: Value, column: str, number: int) -> float | None:
    """Returns a value to be forecast; `number` is that of the last row of its record."""
    if isinstance(value, str | bytes):
        raise DataError(
            f"The column '{column}' cannot be forecast: it holds {value!r}", where=f"row {number}"
        )
    return None if value is None else float(cast("float", value))


def _series(values: Sequence[Value]) -> Sequence[Scalar] | None:
    """Returns the values of a column with something in the place of missing ones."""
    present = [value for value in values if value is not None]
    if not present:
        return None
    if any(isinstance(value, str | bytes) for value in present):
        return ["" if value is None else cast("Scalar", value) for value in values]
    return [math.nan if value is None else float(cast("float", value)) for value in values]
