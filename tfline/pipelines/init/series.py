"""Whether a table is one series of numbers at regular times, and how it is cut into windows."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import statistics
from collections.abc import Mapping, Sequence

from tfline.pipelines.datasets.windows import Windows
from tfline.pipelines.init.columns import Column, Sample
from tfline.pipelines.init.kinds import EPOCHS, Kind, epoch_unit
from tfline.pipelines.init.label import guess
from tfline.pipelines.init.split import EVAL

_LEAST = 60
_REGULAR = 0.9
_TOLERANCE = 0.2
_REPEATED = 0.05
_LONGEST_WINDOW = 168
_MOST_WINDOWS = 20_000
_CATEGORIES = 1
_SEASONS = (
    (90.0, "minute", 60),
    (5_400.0, "hour", 24),
    (2 * 86_400.0, "day", 7),
    (10 * 86_400.0, "week", 52),
    (45 * 86_400.0, "month", 12),
    (120 * 86_400.0, "quarter", 4),
)
"""The longest gap in seconds, what it is called, and how many of them make a season."""

_OTHER = ("step", 10)


@dataclasses.dataclass(frozen=True)
class Series:
    """A table that is one series.

    Attributes:
        windows: How it is cut.
        step: What lies between two rows: an hour, a day.
        in_order: Whether the rows are in the order of time, each time once.
        naive_error: The mean absolute error of the last known value as forecast.
    """

    windows: Windows
    step: str
    in_order: bool
    naive_error: float


def find_series(sample: Sample, kinds: Mapping[str, Kind], asked: str | None) -> Series | None:
    """Returns how a table is cut into windows; None if it is no single series of numbers.

    It is one if the times of its rows are regular, nearly all different, and if it has hardly a
    column beside them that is no number.
    """
    times = [name for name, kind in kinds.items() if kind == "time"]
    numbers = [n for n, kind in kinds.items() if kind in ("number", "code") and n not in times]
    others = [name for name, kind in kinds.items() if kind in ("category", "text", "group")]
    codes = [name for name in numbers if kinds[name] == "code"]
    if len(times) != 1 or sample.size < _LEAST or len(others) + len(codes) > _CATEGORIES:
        return None
    target = asked if asked is not None else _target(kinds, numbers)
    if target is None or kinds.get(target) != "number":
        return None
    moments = seconds_of(sample.columns[times[0]])
    gap = regular_gap(moments)
    if gap is None or (sample.records > sample.size and moments != sorted(moments)):
        return None
    gap /= sample.records / sample.size
    step, season = next(((name, n) for most, name, n in _SEASONS if gap <= most), _OTHER)
    length, steps = window_of(sample.records, season)
    if length < 2:
        return None
    stride = -(-sample.records // _MOST_WINDOWS)
    windows = Windows(length, target, steps=steps, stride=stride, time=times[0])
    in_order = all(first < second for first, second in itertools.pairwise(moments))
    values = sample.columns[target].values
    return Series(windows, step, in_order, last_value_error(moments, values, steps))


def _target(kinds: Mapping[str, Kind], numbers: Sequence[str]) -> str | None:
    known = {name: kind for name, kind in kinds.items() if name in numbers and kind == "number"}
    return guess(known)[0] if known else None


def seconds_of(column: Column) -> list[float]:
    """Returns points in time as seconds; those that are missing are left out."""
    unit = epoch_unit(column)
    if unit is not None:
        scale = EPOCHS["s"][0] / EPOCHS[unit][0]
        return [float(value) * scale for value in column.flat]
    utc = datetime.UTC
    moments = (datetime.datetime.fromisoformat(str(value)) for value in column.flat)
    return [(one if one.tzinfo else one.replace(tzinfo=utc)).timestamp() for one in moments]


def regular_gap(moments: Sequence[float]) -> float | None:
    """Returns the time between two rows; None if it differs, or too many rows share a time."""
    distinct = sorted(set(moments))
    if len(distinct) < max(2, (1 - _REPEATED) * len(moments)):
        return None
    gaps = [later - earlier for earlier, later in itertools.pairwise(distinct)]
    usual = statistics.median(gaps)
    alike = sum(abs(gap - usual) <= _TOLERANCE * usual for gap in gaps)
    return usual if alike >= _REGULAR * len(gaps) else None


def window_of(rows: int, season: int) -> tuple[int, int]:
    """Returns how many rows a window has, and how many are forecast, so that eval has windows."""
    room = rows // 12
    steps = season if 3 * season <= room else 1
    return min(3 * season, room - steps, _LONGEST_WINDOW), steps


def last_value_error(
    moments: Sequence[float], values: Sequence[tuple[object, ...]], steps: int
) -> float:
    """Returns the mean absolute error of a forecast that nothing changes, over the latest rows."""
    pairs = sorted(zip(moments, values, strict=False), key=lambda pair: pair[0])
    numbers = [float(value[0]) for _, value in pairs if value]  # type: ignore[arg-type]  # numbers
    errors = [
        abs(numbers[at + ahead] - numbers[at])
        for ahead in range(1, steps + 1)
        for at in range(round(len(numbers) * (1 - EVAL)), len(numbers) - ahead)
    ]
    return statistics.fmean(errors) if errors else 0.0
