"""What a calendar and a clock show, against Python's own."""

from __future__ import annotations

import datetime as clock
import zoneinfo

import numpy as np
import pytest
import tensorflow as tf

from tfline.transforms.arguments import check_arguments
from tfline.transforms.errors import AnomalyError, SpecError
from tfline.transforms.times import datetime, transitions

ALL = ("year", "month", "day", "yearday", "weekday", "hour", "minute")


def expected(moment: clock.datetime) -> list[int]:
    yearday = moment.timetuple().tm_yday
    return [moment.year, moment.month, moment.day, yearday, moment.weekday(), moment.hour,
            moment.minute]  # fmt: skip


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
def test_clock_of_a_zone_is_that_of_python(zone: str) -> None:
    utc = np.random.default_rng(0).integers(0, 4_000_000_000, 300)
    found = datetime(tf.constant(utc), parts=ALL, cyclic=False, zone=zone).numpy()
    place = zoneinfo.ZoneInfo(zone)
    for seconds, row in zip(utc.tolist(), found.tolist(), strict=True):
        moment = clock.datetime.fromtimestamp(seconds, clock.UTC).astimezone(place)
        assert row == expected(moment)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2024-07-01", 0),
        ("2024-07-01T12:30", 12),
        ("2024-07-01 12:30:15.123", 12),
        ("2024-07-01T12:30:00Z", 14),
        ("2024-07-01T12:30:00+05:30", 9),
        ("2024-01-01T12:30:00-0800", 21),
    ],
)
def test_text_with_an_offset_is_a_point_in_time(text: str, hour: int) -> None:
    found = datetime(tf.constant([text]), parts=("hour",), cyclic=False, zone="Europe/Berlin")
    assert found.numpy().tolist() == [hour]


@pytest.mark.parametrize("text", ["", "yesterday", "2023-02-29", "2024-13-01", "2024-01-01T25:00"])
def test_text_that_is_no_date_is_missing(text: str) -> None:
    assert np.isnan(datetime(tf.constant([text]))).all()


def test_float_is_no_time() -> None:
    with pytest.raises(AnomalyError, match="two minutes"):
        datetime(tf.constant([1.7e9]))
    assert datetime(tf.constant([0.5]), unit="d", parts=("hour",), cyclic=False).numpy() == [12]


def test_zone_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(SpecError, match=r"no time zone 'Europe/Berln'.*Europe/Berlin"):
        check_arguments(datetime, {"zone": "Europe/Berln"}, "")


def test_transitions_are_known_to_the_second() -> None:
    starts, offsets = transitions("Europe/Berlin")
    place = starts.index(1_711_846_800)
    assert offsets[place - 1 : place + 1] == (3600, 7200)
