"""Points in time as features: hour, weekday, month and others, in a time zone.

A raw feature holds dates in ISO 8601, or integers since 1970. What a clock shows at a place follows
from the transitions of its time zone, which become a table in the graph.
"""

from __future__ import annotations

import datetime as clock
import functools
import math
import zoneinfo
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from tfline.transforms.errors import AnomalyError, did_you_mean
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Numbers, Times
else:
    tf = lazy_import("tensorflow")

Part = Literal["year", "month", "day", "yearday", "weekday", "hour", "minute", "since"]
Parts = Annotated[tuple[Part, ...], Field(strict=False, min_length=1)]
Unit = Literal["d", "s", "ms", "us", "ns"]

_PERIODS: dict[str, float] = {
    "month": 12, "day": 31, "yearday": 366, "weekday": 7, "hour": 24, "minute": 60,
}  # fmt: skip
_PER_SECOND: dict[str, int] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY = 86_400
_YEARS = (1970, 2100)
_ISO = (
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_AWARE = r".{16}.*(Z|[+-][0-9]{2}:?[0-9]{2})"


def _check_zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        hint = did_you_mean(name, zoneinfo.available_timezones())
        raise ValueError(f"there is no time zone {name!r}. {hint.partition(' Known')[0]}")
    return name


def _check_day(text: str) -> str:
    clock.datetime.fromisoformat(text)
    return text


Zone = Annotated[str, AfterValidator(_check_zone)]
Day = Annotated[str, AfterValidator(_check_day)]


class Civil(NamedTuple):
    """What a calendar and a clock show; each int64 [batch]. `weekday` is 0 on Mondays."""

    year: tf.Tensor
    month: tf.Tensor
    day: tf.Tensor
    yearday: tf.Tensor
    weekday: tf.Tensor
    hour: tf.Tensor
    minute: tf.Tensor


def datetime(
    x: Times,
    *,
    parts: Parts = ("month", "weekday", "hour"),
    cyclic: bool = True,
    zone: Zone = "UTC",
    unit: Unit = "s",
    since: Day = "1970-01-01",
) -> Numbers:
    """Tells of a point in time what a calendar and a clock show.

    Args:
        x: string [batch] of dates or times in ISO 8601; or int64 [batch] since 1970, UTC. A text
            with an offset is a point in time; one without is what the clock of `zone` shows.
        parts: In this order: ``year``, ``month`` (1 to 12), ``day`` (1 to 31), ``yearday`` (1 to
            366), ``weekday`` (0 is Monday), ``hour``, ``minute``; ``since``: days since the day
            `since`, with their fraction.
        cyclic: Give each part that comes round again, all but `year` and `since`, as the sine and
            the cosine of its angle, so that 23 o'clock is next to 0.
        zone: An IANA time zone, such as Europe/Berlin; with daylight saving time, up to 2100.
        unit: Of integers.
        since: A date in ISO 8601.

    Returns:
        float64 [batch, columns], or [batch] of one column; NaN where the value is missing or no
        date.
    """
    local = _local_seconds(x, zone, unit)  # [batch]; the smallest int64 where it is missing
    missing = tf.equal(local, tf.int64.min)
    local = tf.where(missing, tf.zeros_like(local), local)
    shown = _civil(local)._asdict()
    columns = []
    for part in parts:
        if part == "since":
            start = (
                clock.datetime.fromisoformat(since).replace(tzinfo=None) - _EPOCH
            ).total_seconds()
            columns.append((tf.cast(local, tf.float64) - start) / _DAY)
            continue
        number = tf.cast(shown[part], tf.float64)
        if cyclic and part in _PERIODS:
            angle = number * (2 * math.pi / _PERIODS[part])
            columns += [tf.sin(angle), tf.cos(angle)]
        else:
            columns.append(number)
    nan = tf.constant(float("nan"), tf.float64)
    columns = [tf.where(missing, nan, column) for column in columns]
    return columns[0] if len(columns) == 1 else tf.stack(columns, axis=1)


_EPOCH = clock.datetime(1970, 1, 1)


def _local_seconds(x: Times, zone: str, unit: str) -> tf.Tensor:
    """Returns the seconds since 1970 that the clock of a zone shows, int64 [batch]."""
    if x.dtype == tf.string:
        return _parsed(x, zone)
    if x.dtype.is_floating and unit != "d":
        raise AnomalyError(
            "A time is a float of 32 bits, which knows the years since 1970 to two minutes",
            hint="Write integers, or dates in ISO 8601: `tfline data convert --dates COLUMN`.",
        )
    missing = tf.math.is_nan(x) if x.dtype.is_floating else tf.equal(x, tf.int64.min)
    x = tf.where(missing, tf.zeros_like(x), x)
    if unit == "d":
        utc = tf.cast(tf.math.floor(tf.cast(x, tf.float64) * _DAY), tf.int64)
    else:
        utc = x // _PER_SECOND[unit]
    return tf.where(missing, tf.int64.min, utc + _offset(utc, zone))


def _parsed(x: tf.Tensor, zone: str) -> tf.Tensor:
    """Returns the local seconds of dates in ISO 8601; the smallest int64 for other texts."""
    valid = tf.strings.regex_full_match(x, _ISO)
    x = tf.where(valid, x, tf.constant("1970-01-01"))
    year, month, day = (_digits(tf.strings.substr(x, *place)) for place in ((0, 4), (5, 2), (8, 2)))
    x = tf.strings.join([x, tf.where(tf.strings.length(x) > 10, "", "T00:00:00")])
    hour, minute = (_digits(tf.strings.substr(x, *place)) for place in ((11, 2), (14, 2)))
    second = _digits(_found(x, r"^.{16}:([0-9]{2}).*$", r"\1"))
    days = _days(year, month, day)
    valid &= tf.equal(_civil(days * _DAY).month, month)  # there is no 31 February
    seconds = days * _DAY + hour * 3600 + minute * 60 + second
    sign = tf.where(tf.strings.regex_full_match(x, r".{16}.*-[0-9]{2}:?[0-9]{2}"), -1, 1)
    ahead = [
        _digits(_found(x, r"^.{16}.*[+-]([0-9]{2}):?([0-9]{2})$", part)) for part in (r"\1", r"\2")
    ]
    offset = tf.cast(sign, tf.int64) * (ahead[0] * 3600 + ahead[1] * 60)
    utc = seconds - offset
    aware = tf.strings.regex_full_match(x, _AWARE)
    local = tf.where(aware, utc + _offset(utc, zone), seconds)
    return tf.where(valid, local, tf.int64.min)


def _found(x: tf.Tensor, pattern: str, group: str) -> tf.Tensor:
    """Returns a group of what matches a pattern, ``0`` where nothing does."""
    return tf.where(
        tf.strings.regex_full_match(x, pattern.strip("^$")),
        tf.strings.regex_replace(x, pattern, group),
        tf.constant("0"),
    )


def _digits(text: tf.Tensor) -> tf.Tensor:
    return tf.strings.to_number(text, tf.int64)


def _days(year: tf.Tensor, month: tf.Tensor, day: tf.Tensor) -> tf.Tensor:
    """Returns the days since 1970 of a date (H. Hinnant, chrono-compatible date algorithms)."""
    year = tf.where(month <= 2, year - 1, year)
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + tf.where(month > 2, tf.constant(-3, tf.int64), 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _civil(seconds: tf.Tensor) -> Civil:
    """Returns what calendar and clock show so many seconds after 1970; see `_days`."""
    days = seconds // _DAY
    shifted = days + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    years = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    shifted_month = (5 * of_year + 2) // 153
    month = tf.where(shifted_month < 10, shifted_month + 3, shifted_month - 9)
    year = years + era * 400 + tf.cast(month <= 2, tf.int64)
    return Civil(
        year=year,
        month=month,
        day=of_year - (153 * shifted_month + 2) // 5 + 1,
        yearday=days - _days(year, tf.ones_like(month), tf.ones_like(month)) + 1,
        weekday=(days + 3) % 7,
        hour=seconds % _DAY // 3600,
        minute=seconds % 3600 // 60,
    )


def _offset(utc: tf.Tensor, zone: str) -> tf.Tensor:
    """Returns how many seconds the clock of a zone is ahead of UTC, int64 [batch]."""
    if zone == "UTC":
        return tf.zeros_like(utc)
    starts, offsets = transitions(zone)
    place = tf.searchsorted(tf.constant(starts, tf.int64), utc, side="right") - 1
    return tf.gather(tf.constant(offsets, tf.int64), tf.maximum(place, 0))


@functools.cache
def transitions(zone: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns when the clock of a zone changes, in seconds since 1970, and its offsets from then.

    Found by the offset of each day, and by halving the days on which it changes.
    """
    found = zoneinfo.ZoneInfo(zone)

    def offset(utc: int) -> int:
        moment = clock.datetime.fromtimestamp(utc, clock.UTC).astimezone(found)
        return int((moment.utcoffset() or clock.timedelta()).total_seconds())

    first, last = (int(clock.datetime(year, 1, 1, tzinfo=clock.UTC).timestamp()) for year in _YEARS)
    starts, offsets = [first], [offset(first)]
    for day in range(first, last, _DAY):
        if offset(day + _DAY) == offsets[-1]:
            continue
        low, high = day, day + _DAY
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
        starts.append(high)
        offsets.append(offset(high))
    return tuple(starts), tuple(offsets)
