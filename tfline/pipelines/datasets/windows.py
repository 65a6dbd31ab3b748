"""Windows of a time series: rows in their order become records to forecast from.

A record holds, for each column, the values of some consecutive rows, and what is to be forecast:
the value of one column some rows later, or several of them. It also says where it begins and ends,
``window_start`` and ``window_end``, by the time of its first and its last row: by them, and by the
name of its series, records can be divided without a row that is in two splits.

A column whose values are known before they happen, such as holidays or prices, is also kept for the
rows that are forecast. Rows at the end of a table that hold it, and no target yet, are the future.
"""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, cast

from tfline.components.artifacts.windows import AHEAD, FUTURE, WINDOW_END, WINDOW_START
from tfline.components.example_gen.example_proto import Scalar, Value
from tfline.pipelines.datasets.columns import parse_date
from tfline.transforms.errors import DataError, SpecError, did_you_mean

Row = dict[str, Value]


@dataclasses.dataclass(frozen=True)
class Windows:
    """How rows are cut into windows.

    Attributes:
        length: How many rows a window has.
        target: The column that is to be forecast.
        horizon: How many rows after the last one of a window its target is.
        steps: How many rows are forecast, from that one on.
        stride: How many rows lie between the beginnings of two windows; of those whose future is
            unknown, there is one for each row.
        time: The column that says when a row is: numbers, or dates in ISO 8601, which never
            decrease. None: a row is counted, from 0 on.
        series: The column that names the series of a row; no window has rows of two. None: there
            is one series.
        future: ``known``: windows with their targets, to learn from; ``unknown``: those at the end
            of each series whose targets lie beyond it, without them, to predict.
        known: The columns whose values are known for the rows that are forecast, also where the
            future is not; then rows without a target at the end of a series are its future.

    Raises:
        SpecError: A number is below 1, or a column that is known is that of the target, the time
            or the series.
    """

    length: int
    target: str
    horizon: int = 1
    steps: int = 1
    stride: int = 1
    time: str | None = None
    series: str | None = None
    future: Literal["known", "unknown"] = "known"
    known: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("length", "horizon", "steps", "stride"):
            if getattr(self, name) < 1:
                raise SpecError(
                    f"Invalid value for `{name}` of a window. Expected 1 or more. "
                    f"Received: {getattr(self, name)}"
                )
        uses = {self.target: "is what is forecast", self.time: "says when a row is",
                self.series: "names the series of a row"}  # fmt: skip
        for column in self.known:
            if column in uses:
                raise SpecError(
                    f"`{column}` {uses[column]}: it is no column whose future is known",
                    hint="Name columns such as holidays, prices or plans.",
                )

    @property
    def ahead(self) -> int:
        """How many rows after its last one the last target of a window is."""
        return self.horizon + self.steps - 1


@dataclasses.dataclass
class LeftOut:
    """How many windows were not made, and why.

    Attributes:
        target_missing: One of their targets is a missing value.
        future_unknown: One of their targets lies beyond the end of the series.
        too_short: Series that have not enough rows for a single window.
        known_missing: The table ends before the rows that hold what is known of their future.
    """

    target_missing: int = 0
    future_unknown: int = 0
    too_short: int = 0
    known_missing: int = 0


@dataclasses.dataclass
class _Recent:
    """The last rows of a series.

    Attributes:
        rows: As many as a window and its targets have.
        count: How many rows there were.
        beyond: Those that follow, without a target so far, with their numbers in the table; if
            the values of no column are known in advance, there are none.
        last: The time of the last row.
    """

    rows: collections.deque[Row]
    count: int = 0
    beyond: list[tuple[int, Row]] = dataclasses.field(default_factory=list)
    last: Value = None

    def add(self, number: int, row: Row, windows: Windows) -> Iterator[int]:
        """Adds a row; yields the number of each row that is now the last one of `rows`."""
        self.beyond.append((number, row))
        if windows.known and row[windows.target] is None:
            return
        for at, one in self.beyond:
            self.rows.append(one)
            self.count += 1
            yield at
        self.beyond = []


def cut_windows(
    rows: Iterable[Row], windows: Windows, left_out: LeftOut | None = None
) -> Iterator[Row]:
    """Yields a record for each window.

    Args:
        rows: In the order of time; those of several series may alternate.
        windows: How they are cut.
        left_out: Counts the windows that are not made.

    Yields:
        Each column as a list of `length` values (numbers as float, NaN or empty where they are
        missing), but those of the time and of the series; ``<target>_ahead``: a number, or a list
        of `steps`, unless the future is unknown; ``<column>_future``: the values of a known column
        in the same rows; ``window_start`` and ``window_end``, rows counted in each series if there
        is no time; and the series.

    Raises:
        DataError: There is no such column, the target is no number, or time decreases.
    """
    left_out = left_out or LeftOut()
    span = windows.length + windows.ahead
    series: dict[Value, _Recent] = {}
    for number, row in enumerate(rows):
        _check_row(row, windows, number)
        name = row[windows.series] if windows.series else None
        recent = series.setdefault(name, _Recent(collections.deque(maxlen=span)))
        place = recent.count + len(recent.beyond) if windows.time is None else row[windows.time]
        _check_order(recent, row, windows, number)
        recent.last = place
        for at in recent.add(number, {**row, "": place}, windows):
            if windows.future == "unknown" or recent.count < span:
                continue
            if (recent.count - span) % windows.stride == 0:
                yield from _with_target([*recent.rows], windows, left_out, at)
    for recent in series.values():
        yield from _without_target(recent, windows, left_out)


def _check_row(row: Row, windows: Windows, number: int) -> None:
    """Raises a DataError when a row lacks what windows need."""
    uses = {"forecast": windows.target, "take the time from": windows.time,
            "take the series from": windows.series}  # fmt: skip
    wanted = [*uses.items(), *(("know in advance", column) for column in windows.known)]
    for use, column in wanted:
        if column is not None and column not in row:
            hint = did_you_mean(column, row)
            raise DataError(f"There is no column '{column}' to {use}", hint=hint)
    own = {WINDOW_START, WINDOW_END, *(column + FUTURE for column in windows.known)}
    if taken := own & set(row):
        raise DataError(f"The column '{min(taken)}' has a name that windows need themselves")
    if windows.time is not None and row[windows.time] is None:
        raise DataError("A row has no time", where=f"row {number + 1}, column {windows.time}")


def _check_order(recent: _Recent, row: Row, windows: Windows, number: int) -> None:
    """Raises a DataError when a row is before the one that precedes it in its series."""
    if windows.time is None:
        return
    now = row[windows.time]
    where = f"row {number + 1}, column {windows.time}"
    if isinstance(now, str):
        try:
            parse_date(now, "")
        except ValueError as exc:
            raise DataError(
                f"{now!r} is no date or time in ISO 8601", where,
                f"Say how it is written: `--dates {windows.time}=%d.%m.%Y`.",
            ) from exc  # fmt: skip
    if recent.last is not None and now < recent.last:  # type: ignore[operator]  # of one column
        raise DataError(
            f"Time decreases: {now!r} follows {recent.last!r}",
            where,
            "Sort the rows by time; several series in one file need `--series COLUMN`.",
        )


def _with_target(
    rows: Sequence[Row], windows: Windows, left_out: LeftOut, number: int
) -> Iterator[Row]:
    """Yields the record of a window and its targets, unless one is missing."""
    ahead = rows[-windows.steps :]
    targets = [_target(future[windows.target], windows.target, number + 1) for future in ahead]
    if None in targets:
        left_out.target_missing += 1
        return
    known = cast("list[float]", targets)
    record = _record(rows[: windows.length], rows[-1], windows)
    record[windows.target + AHEAD] = known if windows.steps > 1 else known[0]
    yield record | _known(ahead, windows)


def _without_target(recent: _Recent, windows: Windows, left_out: LeftOut) -> Iterator[Row]:
    """Yields the records at the end of a series, whose targets lie beyond it."""
    past = [*recent.rows]
    if len(past) < windows.length:
        left_out.too_short += 1
        return
    rows = [*past, *(row for _, row in recent.beyond)]
    first = max(0, len(past) - windows.ahead - windows.length + 1)
    for start in range(first, len(past) - windows.length + 1):
        end = start + windows.length
        if windows.future == "known":
            left_out.future_unknown += 1
        elif windows.known and end + windows.ahead > len(rows):
            left_out.known_missing += 1
        else:
            ahead = rows[end + windows.horizon - 1 : end + windows.ahead]
            yield _record(rows[start:end], rows[end - 1], windows) | _known(ahead, windows)


def _known(ahead: Sequence[Row], windows: Windows) -> Row:
    """Returns what is known in advance of the rows that are forecast."""
    return {name + FUTURE: _series([row[name] for row in ahead]) for name in windows.known}


def _record(past: Sequence[Row], last: Row, windows: Windows) -> Row:
    """Returns the columns of a window, with where it begins and ends."""
    scalars = {"", windows.time, windows.series}
    record: Row = {
        name: _series([one[name] for one in past]) for name in past[0] if name not in scalars
    }
    record |= {WINDOW_START: past[0][""], WINDOW_END: last[""]}
    if windows.series is not None:
        record[windows.series] = past[0][windows.series]
    return record


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
