"""A version gets a label, an earlier one comes back, and no version in use is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.components.artifacts.versions import add_version, find_equal, list_versions
from tfline.components.pusher.promotion import promote, roll_back
from tfline.serving.labels import CONFIG_FILE, Labels, read_labels
from tfline.transforms.errors import PushError

MakeModel = Callable[[str], Path]


@pytest.fixture
def folder(make_model: MakeModel, pushed: Path) -> Path:
    """A push folder with versions 1, 2 and 3 of the models a, b and c."""
    for number, name in enumerate("abc", start=1):
        add_version(pushed, make_model(name), keep=5, clock=lambda n=number: n)
    return pushed


def model_of(folder: Path, number: int) -> str:
    return (folder / str(number) / "saved_model.pb").read_text()


def numbers(folder: Path) -> list[int]:
    return [version.number for version in list_versions(folder)]


def test_rollback_pushes_the_version_before_the_newest_again(folder: Path) -> None:
    was, earlier, added = roll_back(folder, "trips", keep=5)
    assert (was.number, earlier.number) == (3, 2)
    assert numbers(folder) == [1, 2, 3, added.number]
    assert model_of(folder, added.number) == "b"
    assert find_equal(folder, earlier.path) == added
    assert not (folder / CONFIG_FILE).exists()


def test_rollback_goes_to_the_version_that_is_named(folder: Path) -> None:
    _, earlier, added = roll_back(folder, "trips", keep=5, to=1)
    assert earlier.number == 1
    assert model_of(folder, added.number) == "a"


def test_rollback_can_be_undone(folder: Path) -> None:
    was, _, _ = roll_back(folder, "trips", keep=5)
    _, _, added = roll_back(folder, "trips", keep=5, to=was.number)
    assert model_of(folder, added.number) == "c"


def test_rollback_never_drops_the_version_that_was_live(folder: Path) -> None:
    was, _, added = roll_back(folder, "trips", keep=1)
    assert numbers(folder) == [was.number, added.number]


@pytest.mark.parametrize("to", [3, 9])
def test_rollback_to_no_other_version_is_refused(folder: Path, to: int) -> None:
    with pytest.raises(PushError, match=f"Version {to} is none to go to") as caught:
        roll_back(folder, "trips", keep=5, to=to)
    assert caught.value.hint == "Live: 3. There are: 1, 2, 3."


def test_rollback_without_an_earlier_version_is_refused(
    make_model: MakeModel, pushed: Path
) -> None:
    with pytest.raises(PushError, match="no version to go back to"):
        roll_back(pushed, "trips", keep=5)
    add_version(pushed, make_model("a"), keep=5)
    with pytest.raises(PushError, match="no version to go back to"):
        roll_back(pushed, "trips", keep=5)
    assert len(numbers(pushed)) == 1


def test_rollback_moves_stable_and_keeps_what_it_was(folder: Path) -> None:
    promote(folder, "trips", 2)
    promote(folder, "trips", 3, "canary")
    was, earlier, added = roll_back(folder, "trips", keep=5)
    assert (was.number, earlier.number) == (2, 1)
    assert read_labels(folder, "trips") == Labels(
        {"stable": added.number, "canary": 3}, (2, 3, added.number)
    )


def test_promotion_keeps_the_former_versions_loaded(folder: Path) -> None:
    assert promote(folder, "trips", 1) == Labels({"stable": 1}, (1,))
    assert promote(folder, "trips", 2, "canary") == Labels({"stable": 1, "canary": 2}, (1, 2))
    assert promote(folder, "trips", 2) == Labels({"stable": 2}, (1, 2))
    assert promote(folder, "trips", 3) == Labels({"stable": 3}, (2, 3))


def test_canary_beside_nothing_is_refused(folder: Path) -> None:
    with pytest.raises(PushError, match="No version is stable yet"):
        promote(folder, "trips", 3, "canary")
    assert not (folder / CONFIG_FILE).exists()


def test_promotion_of_no_version_is_refused(folder: Path) -> None:
    with pytest.raises(PushError, match="There is no version 7") as caught:
        promote(folder, "trips", 7)
    assert caught.value.hint == "There are: 1, 2, 3."


def test_rollback_from_a_stable_version_that_is_gone_says_so(folder: Path) -> None:
    promote(folder, "trips", 3)
    shutil.rmtree(folder / "3")
    with pytest.raises(PushError, match="The stable version 3 is not in the folder") as caught:
        roll_back(folder, "trips", keep=5)
    assert "tfline promote" in str(caught.value.hint)
