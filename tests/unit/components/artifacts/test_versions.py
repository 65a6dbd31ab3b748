"""Versions appear whole or not at all, and their numbers only grow."""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.components.artifacts.versions import (
    CERTIFICATE,
    METADATA,
    WARMUP,
    add_version,
    find_baseline,
    find_equal,
    list_versions,
    read_metadata,
    read_threshold,
    set_threshold,
)
from tfline.transforms.errors import PushError
from tfline.transforms.threshold import FILE, threshold_text

MakeModel = Callable[[str], Path]


def numbers(folder: Path) -> list[int]:
    return [version.number for version in list_versions(folder)]


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_version_is_numbered_by_the_clock_and_has_every_file(
    make_model: MakeModel, pushed: Path
) -> None:
    version = add_version(pushed, make_model("a"), keep=5, clock=lambda: 1000.9)
    assert (version.number, version.path) == (1000, pushed / "1000")
    assert version.training_fingerprint == "a"
    assert (version.path / "variables" / "variables.data").read_bytes() == b"\x00" * 1000
    assert hidden(pushed) == []


def test_numbers_grow_even_if_the_clock_does_not(make_model: MakeModel, pushed: Path) -> None:
    for time in (1000, 1000, 5):
        add_version(pushed, make_model(f"a{len(numbers(pushed))}"), keep=5, clock=lambda t=time: t)
    assert numbers(pushed) == [1000, 1001, 1002]


def test_only_the_newest_versions_stay(make_model: MakeModel, pushed: Path) -> None:
    model, clock = make_model("a"), itertools.count(1)
    for _ in range(4):
        add_version(pushed, model, keep=2, clock=lambda: next(clock))
    assert numbers(pushed) == [3, 4]
    assert hidden(pushed) == []


def test_what_is_no_version_is_neither_listed_nor_removed(
    make_model: MakeModel, pushed: Path
) -> None:
    for name in ("notes", "v2", "٣", "1.5"):
        (pushed / name).mkdir(parents=True)
    (pushed / "7").touch()
    add_version(pushed, make_model("a"), keep=1, clock=lambda: 9)
    assert numbers(pushed) == [9]
    assert (pushed / "notes").is_dir()
    assert (pushed / "7").is_file()


def test_failing_copy_leaves_the_folder_as_it_was(
    make_model: MakeModel, pushed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_version(pushed, make_model("a"), keep=5, clock=lambda: 1)

    def copy_a_part(source: Path, target: Path) -> None:
        target.mkdir()
        shutil.copy(source / "saved_model.pb", target)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", copy_a_part)
    with pytest.raises(PushError, match="cannot be pushed: No space left on device") as caught:
        add_version(pushed, make_model("b"), keep=5)
    assert caught.value.where == str(pushed)
    assert [path.name for path in pushed.iterdir()] == ["1"]


def test_missing_model_is_no_version(pushed: Path, tmp_path: Path) -> None:
    with pytest.raises(PushError, match="The model cannot be pushed"):
        add_version(pushed, tmp_path / "none", keep=5)
    assert numbers(pushed) == []
    assert hidden(pushed) == []


def test_file_in_place_of_the_folder_is_refused(make_model: MakeModel, tmp_path: Path) -> None:
    (tmp_path / "models").touch()
    with pytest.raises(PushError, match=r"cannot be pushed: (File exists|Not a dir)"):
        add_version(tmp_path / "models", make_model("a"), keep=5)


def test_leftovers_of_a_killed_push_are_removed_and_never_listed(
    make_model: MakeModel, pushed: Path
) -> None:
    for name in (".staging-123", ".removed-4"):
        (pushed / name / "variables").mkdir(parents=True)
        (pushed / name / "saved_model.pb").touch()
    assert list_versions(pushed) == []
    add_version(pushed, make_model("a"), keep=5, clock=lambda: 1)
    assert [path.name for path in pushed.iterdir()] == ["1"]


def test_equal_model_is_found_only_if_it_is_the_newest(make_model: MakeModel, pushed: Path) -> None:
    first, second = make_model("a"), make_model("b")
    assert find_equal(pushed, first) is None
    version = add_version(pushed, first, keep=5, clock=lambda: 1)
    assert find_equal(pushed, first) == version
    add_version(pushed, second, keep=5, clock=lambda: 2)
    assert find_equal(pushed, first) is None


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_model_with_another_file_is_not_equal(
    make_model: MakeModel, pushed: Path, change: str
) -> None:
    model = make_model("a")
    add_version(pushed, model, keep=5)
    if change == "edited":
        (model / "variables" / "variables.data").write_bytes(b"\x01" * 1000)
    elif change == "added":
        (model / "new").touch()
    else:
        (model / "saved_model.pb").unlink()
    assert find_equal(pushed, model) is None


def test_baseline_is_the_newest_model_that_is_not_the_candidate(
    make_model: MakeModel, pushed: Path
) -> None:
    assert find_baseline(pushed, "a") is None
    for number, fingerprint in enumerate("aab", start=1):
        shutil.copytree(make_model(f"{fingerprint}{number}"), pushed / str(number))
        (pushed / str(number) / METADATA).write_text(f'{{"training_fingerprint": "{fingerprint}"}}')
    found = [find_baseline(pushed, fingerprint) for fingerprint in "abc"]
    assert [version.number if version else None for version in found] == [3, 2, 3]


def test_model_of_another_tool_is_a_baseline(pushed: Path) -> None:
    (pushed / "5").mkdir(parents=True)
    assert read_metadata(pushed / "5") == {}
    baseline = find_baseline(pushed, "a")
    assert baseline is not None
    assert baseline.number == 5


def test_what_the_pusher_adds_makes_no_other_model(make_model: MakeModel, pushed: Path) -> None:
    model = make_model("a")

    def prepare(staged: Path) -> None:
        assert staged.parent.parent == pushed
        assert list(staged.parent.iterdir()) == [staged]
        (staged / WARMUP).write_bytes(b"requests")
        (staged / CERTIFICATE).write_text("{}")

    version = add_version(pushed, model, keep=5, prepare=prepare)
    assert (version.path / WARMUP).read_bytes() == b"requests"
    assert find_equal(pushed, model) == version
    assert hidden(pushed) == []


def test_version_whose_preparation_fails_is_not_pushed(make_model: MakeModel, pushed: Path) -> None:
    def refuse(staged: Path) -> None:
        raise PushError("It answers differently")

    with pytest.raises(PushError, match="It answers differently"):
        add_version(pushed, make_model("a"), keep=5, prepare=refuse)
    assert list(pushed.iterdir()) == []


def test_protected_versions_stay(make_model: MakeModel, pushed: Path) -> None:
    model, clock = make_model("a"), itertools.count(1)
    for _ in range(4):
        add_version(pushed, model, keep=1, protected={2}, clock=lambda: next(clock))
    assert numbers(pushed) == [2, 4]


def test_second_push_at_the_same_time_is_refused(make_model: MakeModel, pushed: Path) -> None:
    pushed.mkdir(parents=True)
    descriptor = os.open(pushed, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(PushError, match="Another push is going on"):
            add_version(pushed, make_model("a"), keep=5)
    finally:
        os.close(descriptor)
    assert add_version(pushed, make_model("b"), keep=5, clock=lambda: 1).number == 1


def test_version_with_another_threshold_is_not_equal(tmp_path: Path) -> None:
    model, pushed = tmp_path / "model", tmp_path / "pushed"
    (model / "assets").mkdir(parents=True)
    (model / "saved_model.pb").write_text("graph")
    (model / FILE).write_text(threshold_text(0.5))
    version = add_version(pushed, model, 2, prepare=lambda staged: set_threshold(staged, 0.3))
    assert read_threshold(version.path) == 0.3
    assert find_equal(pushed, model, 0.3) == version
    assert find_equal(pushed, model, 0.5) is None
    assert read_threshold(model) == 0.5


def test_model_without_a_threshold_cannot_be_given_one(tmp_path: Path) -> None:
    set_threshold(tmp_path, 0.5)
    with pytest.raises(PushError, match=r"cannot be given the threshold 0\.3"):
        set_threshold(tmp_path, 0.3)
