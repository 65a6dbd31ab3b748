"""Versions of a model in the folder that TF Serving watches.

A version is a sub-folder with a number for a name. It appears by one rename of a finished, flushed
folder, so whoever reads the push folder never sees a part of a version. No TensorFlow here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import filecmp
import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from tfline.transforms import threshold
from tfline.transforms.errors import PushError

METADATA = Path("assets.extra") / "tfline.json"
"""Where the Trainer describes a model inside its SavedModel folder."""

WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"
"""Where TF Serving looks for requests to run before a version is available."""

CERTIFICATE = Path("assets.extra") / "certificate.json"
"""Where the Pusher says how the version answered before it went live."""

_THRESHOLD = Path(threshold.FILE)

_ADDED = frozenset({WARMUP, CERTIFICATE, _THRESHOLD})

_STAGING = ".staging-"
_REMOVED = ".removed-"


@dataclasses.dataclass(frozen=True)
class Version:
    """One version of a model.

    Attributes:
        number: Its number; the largest is what TF Serving serves.
        path: Its folder.
    """

    number: int
    path: Path

    @property
    def training_fingerprint(self) -> str:
        """Of what the model was trained from; empty for a model that is not tfline's."""
        return str(read_metadata(self.path).get("training_fingerprint", ""))


def read_metadata(model: Path) -> dict[str, Any]:
    """Returns the Trainer's description of the model in a SavedModel folder; empty if none."""
    try:
        content: dict[str, Any] = json.loads((model / METADATA).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content


def list_versions(folder: Path) -> list[Version]:
    """Returns the versions in a push folder, the oldest first."""
    if not folder.is_dir():
        return []
    found = [
        Version(int(child.name), child)
        for child in folder.iterdir()
        if child.name.isascii() and child.name.isdigit() and child.is_dir()
    ]
    return sorted(found, key=lambda version: version.number)


def find_baseline(folder: Path, training_fingerprint: str) -> Version | None:
    """Returns what a candidate has to be compared with: the newest version that is another model.

    A candidate that is pushed already is no baseline of itself: an evaluation that is repeated,
    or taken up again after the push, is the same evaluation.
    """
    for version in reversed(list_versions(folder)):
        if version.training_fingerprint != training_fingerprint:
            return version
    return None


def find_equal(folder: Path, model: Path, decides_by: float | None = None) -> Version | None:
    """Returns the newest version if it has the same files as `model` and the same threshold.

    What the Pusher adds to a version, warm-up requests and certificate, does not count.

    Args:
        folder: The push folder.
        model: The SavedModel folder to look for.
        decides_by: Its threshold; None if it decides by none.
    """
    versions = list_versions(folder)
    if not versions or not _equal_trees(versions[-1].path, model):
        return None
    same = decides_by is None or read_threshold(versions[-1].path) == decides_by
    return versions[-1] if same else None


def read_threshold(model: Path) -> float:
    """Returns the threshold by which the SavedModel in a folder decides."""
    return threshold.read_threshold(lambda: (model / _THRESHOLD).read_text(encoding="utf-8"))


def set_threshold(model: Path, decides_by: float) -> None:
    """Lets the SavedModel in a folder decide by another threshold.

    Raises:
        PushError: It was exported without one, and the threshold is not the usual one.
    """
    file = model / _THRESHOLD
    if file.is_file():
        file.write_text(threshold.threshold_text(decides_by), encoding="utf-8")
    elif decides_by != threshold.DEFAULT:
        raise PushError(
            f"The model cannot be given the threshold {decides_by:g}: it has none to be set",
            str(model),
            "Train it again with this version of tfline.",
        )


def add_version(
    folder: Path,
    model: Path,
    keep: int,
    *,
    prepare: Callable[[Path], None] | None = None,
    protected: Collection[int] = (),
    clock: Callable[[], float] = time.time,
) -> Version:
    """Adds a version: stages it beside the others, flushes it, renames it.

    Args:
        folder: The push folder; made if it is not there.
        model: The SavedModel folder to add.
        keep: How many versions stay; the oldest go.
        prepare: Is called with the staged version, alone in its folder, which a model server can
            therefore be started on. It may add files, and nothing is pushed if it raises.
        protected: Versions that stay even if they are old.
        clock: Seconds since 1970; the number of a version is the time, or one more than the last.

    Raises:
        PushError: The folder cannot be written, or another push is going on in it; nothing is
            left behind.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder), _staging(folder) as staging:
            versions = list_versions(folder)
            number = max(int(clock()), versions[-1].number + 1 if versions else 0)
            staged, path = staging / str(number), folder / str(number)
            shutil.copytree(model, staged)
            if prepare is not None:
                prepare(staged)
            _flush_tree(staged)
            staged.rename(path)
            _flush(folder)
            _remove_oldest(folder, keep, protected)
    except OSError as exc:
        raise PushError(
            f"The model cannot be pushed: {_reason(exc)}",
            str(folder),
            "Nothing half-written is left there. Free the disk or choose another `push` folder.",
        ) from exc
    return Version(number, path)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds the lock of a push folder, which ends with the process at the latest.

    Raises:
        PushError: Another process holds it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise PushError(
                "Another push is going on", str(folder), "Try again when it has finished."
            ) from exc
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Makes a folder to stage a version in; it goes with all that is left in it."""
    _remove_leftovers(folder)
    staging = folder / f"{_STAGING}{os.getpid()}"
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _reason(exc: OSError) -> str:
    """Returns why it failed; `shutil.copytree` raises a list of (source, target, reason)."""
    if isinstance(exc, shutil.Error):
        return str(exc.args[0][0][2]).partition(": ")[0]
    return exc.strerror or str(exc)


def _equal_trees(left: Path, right: Path) -> bool:
    names = _file_names(left)
    if names != _file_names(right):
        return False
    return all(filecmp.cmp(left / name, right / name, shallow=False) for name in names)


def _file_names(folder: Path) -> set[Path]:
    """Returns the files of a model, without what the Pusher adds to it."""
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} - _ADDED


def _remove_oldest(folder: Path, keep: int, protected: Collection[int]) -> None:
    """Removes all but the newest `keep` versions; each disappears by a rename first."""
    for version in list_versions(folder)[:-keep]:
        if version.number in protected:
            continue
        removed = folder / f"{_REMOVED}{version.number}"
        version.path.rename(removed)
        shutil.rmtree(removed)


def _remove_leftovers(folder: Path) -> None:
    """Removes what a push that was killed has left."""
    for child in folder.iterdir():
        if child.name.startswith((_STAGING, _REMOVED)):
            shutil.rmtree(child)


def _flush_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _flush(path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
