"""How far a step has come is said now and then, with the time that is left."""

from __future__ import annotations

import logging

import pytest

from tfline.components.progress import Progress


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="tfline.progress")
    return caplog


def test_records_and_the_time_that_is_left(said: pytest.LogCaptureFixture) -> None:
    now = 0.0
    progress = Progress("train", 10_000, clock=lambda: now)
    for now in (10.0, 10.4, 11.0, 11.2, 14.0, 18.0, 18.1):  # noqa: B007 - the clock reads it
        progress.advance(1000)
    assert said.messages == [
        "train: 1,000 of 10,000 records",
        "train: 3,000 of 10,000 records",
        "train: 5,000 of 10,000 records, 5 s left",  # 4,000 in the 4 s since the first
        "train: 6,000 of 10,000 records, 6 s left",
    ]


def test_long_time_is_told_in_minutes_and_an_unknown_total_not_at_all(
    said: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    known, unknown = (Progress("eval", total, clock=lambda: now) for total in (10_000, 0))
    for progress in (known, unknown):
        now = 0.0
        progress.advance(1000)
        now = 60.0
        progress.advance(1000)
    assert said.messages == ["eval: 2,000 of 10,000 records, 8 min left", "eval: 2,000 records"]


def test_more_records_than_were_foretold_have_no_time_left(said: pytest.LogCaptureFixture) -> None:
    now = 0.0
    progress = Progress("eval", 10, clock=lambda: now)
    progress.advance(9)
    now = 9.0
    progress.advance(2)
    assert said.messages == ["eval: 11 of 10 records"]
