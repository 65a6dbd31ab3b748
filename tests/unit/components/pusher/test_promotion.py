"""A version gets a label, an earlier one comes back, and no version in use is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.components.artifacts.history import find_baseline, needs_no_push
from tfline.components.artifacts.versions import find_equal, list_versions
from tfline.components.pusher.folder import PushFolder
from tfline.components.pusher.presence import pushed_already, waiting, why_withdrawn
from tfline.components.pusher.promotion import promote, roll_back, stay_where_it_is
from tfline.serving.labels import CONFIG_FILE, Labels, read_labels
from tfline.transforms.errors import PushError

MakeModel = Callable[[str], Path]


@pytest.fixture
def push(make_model: MakeModel, pushed: Path) -> PushFolder:
    """A push folder with versions 1, 2 and 3 of the models a, b and c."""
    for number, name in enumerate("abc", start=1):
        PushFolder(pushed, "trips", clock=lambda n=number: n).push(make_model(name))
    return PushFolder(pushed, "trips")


@pytest.fixture
def folder(push: PushFolder) -> Path:
    return push.path


def model_of(folder: Path, number: int) -> str:
    return (folder / str(number) / "saved_model.pb").read_text()


def numbers(folder: Path) -> list[int]:
    return [version.number for version in list_versions(folder)]


def test_rollback_pushes_the_version_before_the_newest_again(
    push: PushFolder, folder: Path
) -> None:
    was, earlier, added = roll_back(push)
    assert (was.number, earlier.number) == (3, 2)
    assert numbers(folder) == [1, 2, 3, added.number]
    assert model_of(folder, added.number) == "b"
    assert find_equal([added], earlier.path) == added
    assert not (folder / CONFIG_FILE).exists()


def test_rollback_goes_to_the_version_that_is_named(push: PushFolder, folder: Path) -> None:
    _, earlier, added = roll_back(push, to=1)
    assert earlier.number == 1
    assert model_of(folder, added.number) == "a"


def test_rollback_can_be_undone(push: PushFolder, folder: Path) -> None:
    was, _, _ = roll_back(push)
    _, _, added = roll_back(push, to=was.number)
    assert model_of(folder, added.number) == "c"


def test_rollback_never_drops_the_version_that_was_live(push: PushFolder, folder: Path) -> None:
    was, _, added = roll_back(PushFolder(folder, "trips", keep=1))
    assert numbers(folder) == [was.number, added.number]


@pytest.mark.parametrize("to", [3, 9])
def test_rollback_to_no_other_version_is_refused(push: PushFolder, to: int) -> None:
    with pytest.raises(PushError, match=f"Version {to} is none to go to") as caught:
        roll_back(push, to=to)
    assert caught.value.hint == "Live: 3. There are: 1, 2, 3."


def test_rollback_without_an_earlier_version_is_refused(
    make_model: MakeModel, pushed: Path
) -> None:
    push = PushFolder(pushed, "trips")
    with pytest.raises(PushError, match="no version to go back to"):
        roll_back(push)
    assert not pushed.exists()
    push.push(make_model("a"))
    with pytest.raises(PushError, match="no version to go back to"):
        roll_back(push)
    assert len(numbers(pushed)) == 1


def test_rollback_moves_stable_and_keeps_what_it_was(push: PushFolder, folder: Path) -> None:
    promote(push, 2)
    promote(push, 3, "canary")
    was, earlier, added = roll_back(push)
    assert (was.number, earlier.number) == (2, 1)
    assert read_labels(folder, "trips") == Labels(
        {"stable": added.number, "canary": 3}, (2, 3, added.number)
    )


def test_promotion_keeps_the_former_versions_loaded(push: PushFolder, folder: Path) -> None:
    assert promote(push, 1) == Labels({"stable": 1}, (1,))
    assert promote(push, 2, "canary") == Labels({"stable": 1, "canary": 2}, (1, 2))
    assert promote(push, 2) == Labels({"stable": 2}, (1, 2))
    assert promote(push, 3) == Labels({"stable": 3}, (2, 3))


def test_canary_beside_nothing_is_refused(push: PushFolder, folder: Path) -> None:
    with pytest.raises(PushError, match="No version is stable yet"):
        promote(push, 3, "canary")
    assert not (folder / CONFIG_FILE).exists()


def test_promotion_of_no_version_is_refused(push: PushFolder, folder: Path) -> None:
    with pytest.raises(PushError, match="There is no version 7") as caught:
        promote(push, 7)
    assert caught.value.hint == "There are: 1, 2, 3."


def test_rollback_from_a_stable_version_that_is_gone_says_so(
    push: PushFolder, folder: Path
) -> None:
    promote(push, 3)
    shutil.rmtree(folder / "3")
    with pytest.raises(PushError, match="The stable version 3 is not in the folder") as caught:
        roll_back(push)
    assert "tfline promote" in str(caught.value.hint)


def test_rollback_goes_to_what_was_stable_before_and_never_to_a_canary(
    push: PushFolder, folder: Path
) -> None:
    promote(push, 1)
    promote(push, 2, "canary")
    promote(push, 3)
    was, earlier, added = roll_back(push)
    assert (was.number, earlier.number) == (3, 1)
    assert read_labels(folder, "trips").versions == {"stable": added.number, "canary": 2}


def test_rollback_after_a_promotion_back_goes_to_what_was_stable_before(push: PushFolder) -> None:
    for number in (1, 2, 1):
        promote(push, number)
    assert roll_back(push)[1].number == 2


def test_rollback_after_the_first_promotion_goes_to_what_was_live_as_the_newest(
    push: PushFolder,
) -> None:
    promote(push, 1)
    assert roll_back(push)[1].number == 3


def test_canary_alone_is_none_to_go_back_to_unless_it_is_named(
    make_model: MakeModel, tmp_path: Path
) -> None:
    def push_next(number: int, name: str) -> PushFolder:
        push = PushFolder(tmp_path / "models", "trips", clock=lambda: number)
        push.push(make_model(name))
        return push

    promote(push_next(1, "a"), 1)
    push = push_next(2, "b")
    promote(push, 2, "canary")
    with pytest.raises(PushError, match="none was live before"):
        roll_back(push)
    assert roll_back(push, to=2)[1].number == 2


def test_second_rollback_goes_further_back(push: PushFolder, folder: Path) -> None:
    roll_back(push)
    _, earlier, added = roll_back(push)
    assert earlier.number == 1
    assert model_of(folder, added.number) == "a"
    with pytest.raises(PushError, match="none was live before"):
        roll_back(push)


@pytest.mark.parametrize("labels", [False, True])
def test_what_was_rolled_back_is_not_pushed_again_until_it_is_wanted(
    push: PushFolder, folder: Path, make_model: MakeModel, tmp_path: Path, labels: bool
) -> None:
    model = tmp_path / "model-c"
    if labels:
        promote(push, 2)
        promote(push, 3)
    assert why_withdrawn(push, model, None) == ""
    _, _, added = roll_back(push)
    why = why_withdrawn(push, model, None)
    assert why == (
        "version 3 has this model, and was rolled back; "
        "to go back to it: tfline rollback SPEC --to 3"
    )
    assert needs_no_push(folder, "trips", "c")
    baseline = find_baseline(folder, "trips", "d")
    assert baseline is not None
    assert baseline.number == added.number
    before = find_baseline(folder, "trips", "b")  # the candidate is what is live again
    assert before is not None
    assert before.number == 1

    roll_back(push, to=3)
    assert why_withdrawn(push, model, None) == ""
    roll_back(push)
    assert why_withdrawn(push, model, None)
    promote(push, 3)
    assert why_withdrawn(push, model, None) == ""


def test_what_was_rolled_back_is_known_even_once_it_is_gone(
    push: PushFolder, folder: Path, tmp_path: Path
) -> None:
    roll_back(push)
    shutil.rmtree(folder / "3")
    assert "it is gone" in why_withdrawn(push, tmp_path / "model-c", None)
    assert why_withdrawn(push, tmp_path / "model-c", 0.3) == ""  # decides by something else


def test_model_is_pushed_already_if_it_is_live_or_only_needs_a_label(
    push: PushFolder, tmp_path: Path
) -> None:
    first, last = tmp_path / "model-a", tmp_path / "model-c"
    live = pushed_already(push, last, None)
    assert live is not None
    assert (live.number, waiting(push, live)) == (3, "")
    assert pushed_already(push, first, None) is None  # to be live again, it is pushed again
    promote(push, 3)
    there = pushed_already(push, first, None)
    assert there is not None
    assert (there.number, waiting(push, there)) == (1, "; not served until it is promoted")


def test_rollback_while_another_version_becomes_live_is_refused(
    push: PushFolder, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Racing(PushFolder):
        def add(self, staged, **arguments):
            raise AssertionError("added")

    racing = Racing(push.path, push.model)
    copy, model = shutil.copytree, make_model("d")

    def push_meanwhile(source: Path, target: Path) -> None:
        monkeypatch.undo()
        copy(source, target)
        push.push(model)

    monkeypatch.setattr(shutil, "copytree", push_meanwhile)
    with pytest.raises(PushError, match="Another version has become live meanwhile"):
        roll_back(racing)


def test_labels_know_where_the_folder_is_after_it_was_moved(
    push: PushFolder, folder: Path, tmp_path: Path
) -> None:
    assert not stay_where_it_is(push)
    promote(push, 2)
    assert not stay_where_it_is(push)
    moved = PushFolder(tmp_path / "elsewhere", "trips")
    folder.rename(moved.path)
    assert stay_where_it_is(moved)
    assert f'base_path: "{moved.path}"' in (moved.path / CONFIG_FILE).read_text()
    assert read_labels(moved.path, "trips").versions == {"stable": 2}
    assert not stay_where_it_is(moved)
