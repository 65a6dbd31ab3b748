"""Points in time that are written in other ways than ISO 8601: which way, and rows with them."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Iterator, Mapping

from tfline.components.example_gen.example_proto import Value
from tfline.pipelines.datasets.columns import parse_date
from tfline.pipelines.init.columns import Column, Sample, as_values
from tfline.pipelines.init.kinds import is_time

_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%m/%d/%y", "%d.%m.%y", "%Y-%m",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
FORMATS = tuple("".join(parts) for parts in itertools.product(_DATES, _CLOCKS))
"""The ways to write a time that are known, the likelier of two readings first."""

_SHOWN = 300
_LONGEST = 40


def find_formats(sample: Sample) -> dict[str, str]:
    """Returns how each column of texts that are times is written, but those in ISO 8601."""
    found = {name: _format_of(column) for name, column in sample.columns.items()}
    return {name: form for name, form in found.items() if form is not None}


def _format_of(column: Column) -> str | None:
    if column.type != "text" or column.is_list or column.distinct < 2 or is_time(column):
        return None
    shown = [str(value) for value in itertools.islice(column.counts, _SHOWN)]
    if max(map(len, shown)) > _LONGEST or not all(any(map(str.isdigit, text)) for text in shown):
        return None
    fitting = [form for form in FORMATS if all(_reads(text, form) for text in shown)]
    if not fitting:
        return None
    return next((form for form in fitting if _in_order(column, form)), fitting[0])


def _reads(text: str, form: str) -> bool:
    try:
        datetime.datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _in_order(column: Column, form: str) -> bool:
    """Tells whether times, read in this way, never decrease: days may be taken for months."""
    try:
        times = [datetime.datetime.strptime(str(value), form) for value in column.flat]
    except ValueError:
        return False
    return all(first <= second for first, second in itertools.pairwise(times))


def rewritten(
    rows: Iterable[Mapping[str, Value]], formats: Mapping[str, str], failed: dict[str, int]
) -> Iterator[dict[str, Value]]:
    """Yields rows with their times in ISO 8601.

    Args:
        rows: The rows.
        formats: How each column is written.
        failed: Counts the values of a column that are no such times; they are missing then.
    """
    for row in rows:
        changed = dict(row)
        for name, form in formats.items():
            value = row.get(name)
            changed[name] = (
                _rewritten(name, value, form, failed) if isinstance(value, str) else None
            )
        yield changed


def _rewritten(name: str, value: str, form: str, failed: dict[str, int]) -> str | None:
    try:
        return parse_date(value, form)
    except ValueError:
        failed[name] = failed.get(name, 0) + 1
        return None


def with_times(sample: Sample, formats: Mapping[str, str]) -> Sample:
    """Returns a sample whose times are in ISO 8601."""
    failed: dict[str, int] = {}
    columns = dict(sample.columns)
    for name, form in formats.items():
        rows = ({name: values[0] if values else None} for values in columns[name].values)
        done = rewritten(rows, {name: form}, failed)
        columns[name] = Column(name, [as_values(row[name]) for row in done])
    return Sample(sample.records, columns)
