"""The baseline is what is live; what was taken back is neither that, nor pushed again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tfline.components.artifacts.history import (
    OWN,
    History,
    find_baseline,
    live_order,
    needs_no_push,
    read_history,
    write_history,
)
from tfline.components.artifacts.versions import METADATA
from tfline.serving.labels import Labels, write_labels
from tfline.transforms.errors import PushError


def put(folder: Path, number: int, fingerprint: str) -> None:
    card = folder / str(number) / METADATA
    card.parent.mkdir(parents=True)
    card.write_text(json.dumps({"training_fingerprint": fingerprint}))


def baseline(folder: Path, candidate: str) -> int | None:
    found = find_baseline(folder, "m", candidate)
    return found.number if found else None


def test_baseline_without_labels_is_the_newest_model_that_is_not_the_candidate(
    tmp_path: Path,
) -> None:
    assert baseline(tmp_path, "a") is None
    for number, fingerprint in enumerate("aab", start=1):
        put(tmp_path, number, fingerprint)
    assert [baseline(tmp_path, candidate) for candidate in "abc"] == [3, 2, 3]


def test_model_of_another_tool_is_a_baseline(tmp_path: Path) -> None:
    (tmp_path / "5").mkdir()
    assert baseline(tmp_path, "a") == 5


def test_baseline_is_the_stable_version_and_never_a_canary(tmp_path: Path) -> None:
    for number, fingerprint in enumerate("abc", start=1):
        put(tmp_path, number, fingerprint)
    write_labels(tmp_path, "m", Labels({"stable": 1, "canary": 2}, (1, 2)))
    assert [baseline(tmp_path, candidate) for candidate in "abc"] == [None, 1, 1]
    write_history(tmp_path, History(live=(1,)))
    write_labels(tmp_path, "m", Labels({"stable": 2, "canary": 3}, (1, 2, 3)))
    assert live_order(tmp_path, "m") == [1, 2]
    assert [baseline(tmp_path, candidate) for candidate in "abc"] == [2, 1, 2]


def test_version_that_was_put_there_by_hand_is_live(tmp_path: Path) -> None:
    put(tmp_path, 1, "a")
    write_history(tmp_path, History(live=(1,)))
    put(tmp_path, 2, "b")
    assert live_order(tmp_path, "m") == [1, 2]


@pytest.mark.parametrize(
    ("labels", "fingerprint", "needed"),
    [({}, "b", False), ({}, "a", True), ({"stable": 1}, "b", False), ({"stable": 1}, "c", True)],
)
def test_push_is_needed_unless_the_model_is_live_or_waits_for_a_label(
    tmp_path: Path, labels: dict[str, int], fingerprint: str, needed: bool
) -> None:
    put(tmp_path, 1, "a")
    put(tmp_path, 2, "b")
    if labels:
        write_labels(tmp_path, "m", Labels(labels, (1,)))
    assert needs_no_push(tmp_path, "m", fingerprint) is not needed


def test_history_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    write_history(tmp_path, History(live=(1,)))
    assert read_history(tmp_path) == History(live=(1,))
    (tmp_path / OWN / "history.json").write_text('{"live": "x"}')
    with pytest.raises(PushError, match="history of the push folder cannot be read") as caught:
        read_history(tmp_path)
    assert "Remove the file" in caught.value.hint
