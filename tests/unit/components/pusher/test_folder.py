"""Versions appear whole or not at all, one change at a time, and none that is in use goes."""

from __future__ import annotations

import errno
import itertools
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.components.artifacts.history import OWN, read_history
from tfline.components.artifacts.owner import Owner
from tfline.components.artifacts.versions import list_versions
from tfline.components.pusher import folder as folder_module
from tfline.components.pusher.folder import PushFolder
from tfline.components.pusher.promotion import promote
from tfline.serving.labels import CONFIG_FILE, Labels, read_labels, write_labels
from tfline.transforms.errors import PushError

MakeModel = Callable[[str], Path]


@pytest.fixture
def push(pushed: Path) -> PushFolder:
    """A folder whose versions are numbered from 1."""
    clock = itertools.count(1)
    return PushFolder(pushed, "trips", keep=5, clock=lambda: next(clock))


def numbers(push: PushFolder) -> list[int]:
    return [version.number for version in list_versions(push.path)]


def staged(push: PushFolder) -> list[Path]:
    return [*(push.path / OWN / "staging").iterdir()]


def test_version_is_numbered_by_the_clock_and_has_every_file(
    make_model: MakeModel, pushed: Path
) -> None:
    push = PushFolder(pushed, "trips", clock=lambda: 1000.9)
    version = push.push(make_model("a"))
    assert (version.number, version.path) == (1000, pushed / "1000")
    assert version.training_fingerprint == "a"
    assert (version.path / "variables" / "variables.data").read_bytes() == b"\x00" * 1000
    assert {path.name for path in pushed.iterdir()} == {"1000", OWN}
    assert staged(push) == []


def test_numbers_grow_even_if_the_clock_does_not(make_model: MakeModel, pushed: Path) -> None:
    for index, time in enumerate((1000, 1000, 5)):
        PushFolder(pushed, "trips", clock=lambda t=time: t).push(make_model(f"a{index}"))
    assert numbers(PushFolder(pushed, "trips")) == [1000, 1001, 1002]


def test_only_the_newest_versions_stay(make_model: MakeModel, pushed: Path) -> None:
    clock = itertools.count(1)
    push = PushFolder(pushed, "trips", keep=2, clock=lambda: next(clock))
    (pushed / "notes").mkdir(parents=True)
    (pushed / "0").touch()
    model = make_model("a")
    for _ in range(4):
        push.push(model)
    assert numbers(push) == numbers(push)[-2:]
    assert len(numbers(push)) == 2
    assert {"notes", "0"} <= {path.name for path in pushed.iterdir()}
    assert staged(push) == []


def test_failing_copy_leaves_the_folder_as_it_was(
    make_model: MakeModel, push: PushFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = push.push(make_model("a"))

    def copy_a_part(source: Path, target: Path) -> None:
        target.mkdir()
        shutil.copy(source / "saved_model.pb", target)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", copy_a_part)
    with pytest.raises(PushError, match="cannot be pushed: No space left on device") as caught:
        push.push(make_model("b"))
    assert caught.value.where == str(push.path)
    assert numbers(push) == [before.number]
    assert staged(push) == []


def test_missing_model_is_no_version(push: PushFolder, tmp_path: Path) -> None:
    with pytest.raises(PushError, match="The model cannot be pushed: No such file"):
        push.push(tmp_path / "none")
    assert numbers(push) == []
    assert staged(push) == []


def test_file_in_place_of_the_folder_is_refused(make_model: MakeModel, tmp_path: Path) -> None:
    (tmp_path / "models").touch()
    with pytest.raises(PushError, match=r"cannot be changed: (File exists|Not a dir)"):
        PushFolder(tmp_path / "models", "trips").push(make_model("a"))


def test_leftovers_of_a_killed_push_go_and_what_another_is_staging_stays(
    make_model: MakeModel, push: PushFolder
) -> None:
    left = push.path / OWN / "staging" / "killed"
    left.mkdir(parents=True)
    (left / "saved_model.pb").touch()
    left.with_suffix(".lock").touch()
    (push.path / OWN / "staging" / "4-removed").mkdir()
    assert list_versions(push.path) == []
    with push.staged(make_model("a")) as first:
        push.push(make_model("b"))
        assert (first / "saved_model.pb").read_bytes() == b"a"
        assert len(staged(push)) == 2  # the copy and its lock
    assert staged(push) == []


KILLED_PUSH = """
import os, signal, sys
from pathlib import Path
from tfline.components.pusher import folder

folder.flush_tree = lambda copy: os.kill(os.getpid(), signal.SIGKILL)
folder.PushFolder(Path(sys.argv[1]), "trips").push(Path(sys.argv[2]))
"""


def test_push_that_is_killed_leaves_no_version_and_is_cleaned_up(
    make_model: MakeModel, push: PushFolder
) -> None:
    words = [sys.executable, "-c", KILLED_PUSH, str(push.path), str(make_model("a"))]
    assert subprocess.run(words, timeout=60).returncode == -signal.SIGKILL
    assert numbers(push) == []
    assert [*(push.path / OWN / "staging").glob("*/*/saved_model.pb")]
    push.push(make_model("b"))
    assert len(numbers(push)) == 1
    assert staged(push) == []


def test_copy_is_prepared_alone_in_its_folder(make_model: MakeModel, push: PushFolder) -> None:
    def prepare(copy: Path) -> None:
        assert copy.name.isdecimal()
        assert list(copy.parent.iterdir()) == [copy]
        (copy / "added").write_text("more")

    assert (push.push(make_model("a"), prepare=prepare).path / "added").read_text() == "more"


def test_version_whose_preparation_fails_is_not_pushed(
    make_model: MakeModel, push: PushFolder
) -> None:
    def refuse(copy: Path) -> None:
        raise PushError("It answers differently")

    with pytest.raises(PushError, match="It answers differently"):
        push.push(make_model("a"), prepare=refuse)
    assert numbers(push) == []
    assert staged(push) == []


def test_version_that_is_labelled_while_another_is_certified_stays(
    make_model: MakeModel, pushed: Path
) -> None:
    clock = itertools.count(1)
    push = PushFolder(pushed, "trips", keep=1, clock=lambda: next(clock))
    first = push.push(make_model("a"))

    def label_the_first(copy: Path) -> None:
        promote(push, first.number)

    second = push.push(make_model("b"), prepare=label_the_first)
    assert numbers(push) == [first.number, second.number]
    assert read_labels(pushed, "trips").versions == {"stable": first.number}


def test_version_that_another_entry_of_the_configuration_names_stays(
    make_model: MakeModel, pushed: Path
) -> None:
    clock = itertools.count(1)
    push = PushFolder(pushed, "trips", keep=1, clock=lambda: next(clock))
    first = push.push(make_model("a"))
    write_labels(pushed, "shadow", Labels({"shadow": first.number}, (first.number,)))
    push.push(make_model("b"))
    assert first.number in numbers(push)


def test_changes_wait_for_one_another(
    make_model: MakeModel, push: PushFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = push.push(make_model("a"))
    promoting = threading.Thread(target=promote, args=(push, first.number))
    with push.locked():
        promoting.start()
        promoting.join(0.2)
        assert promoting.is_alive()
        assert not (push.path / CONFIG_FILE).exists()
    promoting.join(10)
    assert read_labels(push.path, "trips").versions == {"stable": first.number}

    monkeypatch.setattr(folder_module, "_WAIT_SECONDS", 0.1)
    with push.locked(), pytest.raises(PushError, match="Another process is changing"):
        push.push(make_model("b"))


def test_pushes_and_promotions_at_the_same_time_lose_nothing(
    make_model: MakeModel, pushed: Path
) -> None:
    """Ten pushes that keep one version, and promotions of whatever is there."""
    push = PushFolder(pushed, "trips", keep=1)
    push.push(make_model("first"))
    errors: list[Exception] = []
    done = threading.Event()

    def promote_all() -> None:
        while not done.is_set():
            try:
                promote(push, numbers(push)[-1])
            except PushError as exc:
                if "There is no version" not in exc.message:
                    errors.append(exc)
            labelled = set(read_labels(pushed, "trips").versions.values())
            if not labelled <= set(numbers(push)):
                errors.append(AssertionError(f"{labelled} of {numbers(push)}"))

    threads = [threading.Thread(target=promote_all) for _ in range(2)]
    models = [make_model(name) for name in "abc"]
    threads += [
        threading.Thread(target=lambda m=model: [push.push(m) for _ in range(3)])
        for model in models
    ]
    for thread in threads:
        thread.start()
    for thread in threads[2:]:
        thread.join()
    done.set()
    for thread in threads[:2]:
        thread.join()
    assert errors == []
    assert staged(push) == []
    assert list(pushed.glob("*.part")) == []
    assert set(read_labels(pushed, "trips").loaded) <= set(numbers(push))


def test_push_to_the_folder_of_another_pipeline_is_refused(
    make_model: MakeModel, push: PushFolder
) -> None:
    owner = Owner(pipeline="trips", label="tip", features=("fare",))
    push.push(make_model("a"), owner=owner)
    other = owner.model_copy(update={"label": "price"})
    with pytest.raises(PushError, match="another pipeline: label 'tip', not 'price'"):
        push.push(make_model("b"), owner=other)
    assert len(numbers(push)) == 1
    assert len(read_history(push.path).live) == 1
