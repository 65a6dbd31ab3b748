"""Written dates, such as "Tuesday, 3 March 1987", with the same day in ISO 8601: 1987-03-03."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from pathlib import Path

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.splits import write_splits

_FIRST, _LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)
_COUNTS = {"train": 20_000, "eval": 2_000}
_SEED = 0

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_FORMS = {
    "plain": "{day} {month} {year}",
    "short": "{day} {mon} {year}",
    "american": "{month} {day}, {year}",
    "american short": "{mon} {day}, {year}",
    "weekday": "{weekday}, {day} {month} {year}",
    "weekday short": "{wkd} {day} {mon} {year}",
    "ordinal": "{month} {ordinal}, {year}",
    "ordinal of": "the {ordinal} of {month} {year}",
    "dotted": "{day}.{number}.{year}",
    "padded": "{day:02}/{number:02}/{year}",
}
"""How a date is written; in the last two the day is first."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes dates from 1900 to 2099: `written`, `iso` and the name of the `form`, all strings.

    Args:
        out_dir: Where ``train-*`` and ``eval-*`` go; no day is in both.
        source: Not used; the data is generated.

    Returns:
        The number of records by split.
    """
    del source
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    days = chance.sample(range((_LAST - _FIRST).days + 1), sum(_COUNTS.values()))
    dates = iter([_FIRST + datetime.timedelta(days=number) for number in days])
    return write_splits(
        out_dir,
        {split: list(_records(dates, count, chance)) for split, count in _COUNTS.items()},
    )


def written_date(date: datetime.date, form: str) -> str:
    """Returns a date in one of the forms."""
    month, weekday = _MONTHS[date.month - 1], _WEEKDAYS[date.weekday()]
    return _FORMS[form].format(
        day=date.day,
        ordinal=_ordinal(date.day),
        number=date.month,
        month=month,
        mon=month[:3],
        weekday=weekday,
        wkd=weekday[:3],
        year=date.year,
    )


def _records(dates: Iterator[datetime.date], count: int, chance: random.Random) -> Iterator[bytes]:
    for _ in range(count):
        date, form = next(dates), chance.choice(list(_FORMS))
        yield encode_example(
            {"written": written_date(date, form), "iso": date.isoformat(), "form": form}
        )


def _ordinal(day: int) -> str:
    is_teen = day in (11, 12, 13)
    suffix = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"
