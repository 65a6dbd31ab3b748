"""Data in numbered portions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.pipelines.spec.spans import at_span
from tfline.transforms.errors import DataError

PATTERNS = {"train": ("day-{SPAN}/train*",), "eval": ("day-{SPAN}/eval*", "fixed*")}


@pytest.fixture
def days(folder: Path) -> Path:
    """Three days, the last without an eval split."""
    for name in ("day-007/train-1", "day-007/eval", "day-12/train", "day-12/eval", "day-13/train"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "day-x").mkdir()
    return folder


def test_newest_span_that_every_split_has_is_taken(days: Path) -> None:
    assert at_span(PATTERNS, None) == {
        "train": ["day-12/train*"],
        "eval": ["day-12/eval*", "fixed*"],
    }


def test_span_is_written_as_the_files_write_it(days: Path) -> None:
    assert at_span(PATTERNS, 7)["train"] == ["day-007/train*"]


def test_span_that_is_not_there_is_refused(days: Path) -> None:
    with pytest.raises(DataError, match="There is no span 13") as caught:
        at_span(PATTERNS, 13)
    assert caught.value.hint == "There are: 7, 12, 13."


def test_no_span_at_all_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="No span has files"):
        at_span(PATTERNS, None)


def test_patterns_without_a_span_stay() -> None:
    assert at_span({"files": ("a*", "b")}, None) == {"files": ["a*", "b"]}
