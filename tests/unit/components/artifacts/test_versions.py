"""What is in a push folder, and whether a version has a model's files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.components.artifacts.versions import (
    CERTIFICATE,
    WARMUP,
    find_equal,
    list_versions,
    read_metadata,
    read_threshold,
    set_threshold,
)
from tfline.transforms.errors import PushError
from tfline.transforms.threshold import FILE, threshold_text

MakeModel = Callable[[str], Path]


def put(folder: Path, number: int, model: Path) -> None:
    shutil.copytree(model, folder / str(number))


def test_versions_are_listed_by_number_and_nothing_else_is(pushed: Path) -> None:
    for name in ("10", "9", "notes", "v2", "٣", "1.5", ".push"):
        (pushed / name).mkdir(parents=True)
    (pushed / "7").touch()
    assert [version.number for version in list_versions(pushed)] == [9, 10]
    assert read_metadata(pushed / "9") == {}
    assert list_versions(pushed / "none") == []


def test_equal_model_is_found_among_the_versions_that_are_given(
    make_model: MakeModel, pushed: Path
) -> None:
    first, second = make_model("a"), make_model("b")
    for number, model in enumerate((first, second, first), start=1):
        put(pushed, number, model)
    versions = list_versions(pushed)
    assert find_equal(versions, first) == versions[2]
    assert find_equal(versions[:2], first) == versions[0]
    assert find_equal(versions[1:2], first) is None


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_model_with_another_file_is_not_equal(
    make_model: MakeModel, pushed: Path, change: str
) -> None:
    model = make_model("a")
    put(pushed, 1, model)
    if change == "edited":
        (model / "variables" / "variables.data").write_bytes(b"\x01" * 1000)
    elif change == "added":
        (model / "new").touch()
    else:
        (model / "saved_model.pb").unlink()
    assert find_equal(list_versions(pushed), model) is None


def test_what_the_pusher_adds_makes_no_other_model(make_model: MakeModel, pushed: Path) -> None:
    model = make_model("a")
    put(pushed, 1, model)
    (pushed / "1" / WARMUP).write_bytes(b"requests")
    (pushed / "1" / CERTIFICATE).write_text("{}")
    assert find_equal(list_versions(pushed), model) is not None


def test_version_with_another_threshold_is_not_equal(tmp_path: Path) -> None:
    model, pushed = tmp_path / "model", tmp_path / "pushed"
    (model / "assets").mkdir(parents=True)
    (model / "saved_model.pb").write_text("graph")
    (model / FILE).write_text(threshold_text(0.5))
    put(pushed, 1, model)
    set_threshold(pushed / "1", 0.3)
    [version] = list_versions(pushed)
    assert read_threshold(version.path) == 0.3
    assert find_equal([version], model, 0.3) == version
    assert find_equal([version], model, 0.5) is None
    assert read_threshold(model) == 0.5


def test_model_without_a_threshold_cannot_be_given_one(tmp_path: Path) -> None:
    set_threshold(tmp_path, 0.5)
    with pytest.raises(PushError, match=r"cannot be given the threshold 0\.3"):
        set_threshold(tmp_path, 0.3)
