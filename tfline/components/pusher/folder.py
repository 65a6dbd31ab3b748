"""Changes of a push folder: one at a time, whole or not at all. No TensorFlow here.

Whatever changes what a server reads there (a version that comes or goes, a label that moves) does
so while it holds the folder's lock, and for moments only: a version is copied, certified and
flushed beside the others first, and appears by one rename.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from tfline.components.artifacts.history import OWN, live_order, read_history, write_history
from tfline.components.artifacts.owner import Owner, claim
from tfline.components.artifacts.versions import Version, list_versions
from tfline.serving.files import flush
from tfline.serving.labels import read_labels, versions_in_use
from tfline.transforms.errors import PushError

_STAGING, _LOCK = "staging", "lock"
_WAIT_SECONDS, _POLL_SECONDS = 30.0, 0.02


@dataclasses.dataclass(frozen=True)
class PushFolder:
    """A folder of versions, and the model that is in it.

    Attributes:
        path: The folder.
        model: What the model is called in a server.
        keep: How many versions stay; those that a label or a server's configuration names do
            besides.
        clock: Seconds since 1970; the number of a version is the time, or one more than the last.
    """

    path: Path
    model: str
    keep: int = 5
    clock: Callable[[], float] = time.time

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the lock, which ends with the process at the latest.

        Raises:
            PushError: It is held for longer than any change takes, or the folder is none.
        """
        end = time.monotonic() + _WAIT_SECONDS
        with self._errors():
            self._own().mkdir(parents=True, exist_ok=True)
            with open(self._own() / _LOCK, "a", encoding="utf-8") as file:
                while not _lock(file.fileno()):
                    if time.monotonic() > end:
                        raise PushError(
                            "Another process is changing the push folder",
                            str(self.path),
                            f"It holds {self._own() / _LOCK}. Try again when it has finished.",
                        )
                    time.sleep(_POLL_SECONDS)
                yield

    @contextlib.contextmanager
    def staged(self, model: Path) -> Iterator[Path]:
        """Copies a model to where it can become a version; what is left of it goes at the end.

        Args:
            model: The SavedModel folder.

        Yields:
            The copy, alone in its folder and named by a number, so that a model server can be
            started on it. Files may be added.
        """
        with self._errors("The model cannot be pushed"), self._staging() as staging:
            copy = staging / str(self._next_number())
            shutil.copytree(model, copy)
            yield copy

    def add(
        self, staged: Path, *, owner: Owner | None = None, protected: Collection[int] = ()
    ) -> Version:
        """Makes a staged copy the newest version, and removes those that are too many.

        The caller holds the lock.

        Args:
            staged: From `staged`, of which it is taken.
            owner: The pipeline; None: whose the folder is stays as it is.
            protected: Versions that stay even if they are old.

        Raises:
            PushError: The folder cannot be written, or is another pipeline's.
        """
        with self._errors():
            if owner is not None:
                claim(self.path, owner)
            order = live_order(self.path, self.model)
            number = self._next_number()
            version = Version(number, self.path / str(number))
            staged.rename(version.path)
            flush(self.path)
            if not read_labels(self.path, self.model).versions:
                order.append(number)
            self._remove_oldest(protected)
            self._write_live(order)
        return version

    def push(
        self,
        model: Path,
        *,
        prepare: Callable[[Path], None] | None = None,
        owner: Owner | None = None,
    ) -> Version:
        """Adds a model as the newest version.

        Args:
            model: The SavedModel folder.
            prepare: Is called with the staged copy, and may add files; nothing is pushed if it
                raises.
            owner: The pipeline; None: whose the folder is stays as it is.

        Raises:
            PushError: The folder cannot be written, or is another pipeline's; nothing is left
                behind.
        """
        with self.staged(model) as staged:
            if prepare is not None:
                prepare(staged)
            flush_tree(staged)
            with self.locked():
                return self.add(staged, owner=owner)

    def _write_live(self, order: list[int]) -> None:
        """Writes which versions were live: those that are still there, and the last."""
        there = {version.number for version in list_versions(self.path)}
        live = tuple(number for number in order if number in there or number == order[-1])
        history = read_history(self.path)
        write_history(self.path, history.model_copy(update={"live": live}))

    def _own(self) -> Path:
        return self.path / OWN

    def _next_number(self) -> int:
        versions = list_versions(self.path)
        return max(int(self.clock()), versions[-1].number + 1 if versions else 0)

    @contextlib.contextmanager
    def _staging(self) -> Iterator[Path]:
        """Makes a folder that nobody else stages in; a lock beside it says that it is in use."""
        root = self._own() / _STAGING
        path = root / uuid.uuid4().hex
        in_use = path.with_suffix(".lock")
        with contextlib.ExitStack() as stack:
            with self.locked():
                root.mkdir(exist_ok=True)
                _remove_leftovers(root)
                _lock(stack.enter_context(open(in_use, "a", encoding="utf-8")).fileno())
                path.mkdir()
            try:
                yield path
            finally:
                shutil.rmtree(path, ignore_errors=True)
                in_use.unlink(missing_ok=True)

    def _remove_oldest(self, protected: Collection[int]) -> None:
        """Removes all but the newest versions and those in use; each goes by a rename first."""
        in_use = {*versions_in_use(self.path), *protected}
        for version in list_versions(self.path)[: -self.keep]:
            if version.number not in in_use:
                removed = self._own() / _STAGING / f"{version.number}-{uuid.uuid4().hex}"
                removed.parent.mkdir(exist_ok=True)
                version.path.rename(removed)
                shutil.rmtree(removed, ignore_errors=True)

    @contextlib.contextmanager
    def _errors(self, what: str = "The push folder cannot be changed") -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise PushError(
                f"{what}: {_reason(exc)}",
                str(self.path),
                "Nothing half-written is left there. Free the disk, or choose another `push`.",
            ) from exc


def flush_tree(folder: Path) -> None:
    """Has the disk keep all files in a folder."""
    for path in [*folder.rglob("*"), folder]:
        flush(path)


def _lock(descriptor: int) -> bool:
    """Takes a lock, unless another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_leftovers(root: Path) -> None:
    """Removes what pushes that were killed have left: whatever no lock says is in use."""
    for child in [*root.iterdir()]:
        in_use = child.with_suffix(".lock")
        try:
            with open(in_use, "r+", encoding="utf-8") as file:
                if not _lock(file.fileno()):
                    continue
                in_use.unlink(missing_ok=True)
        except FileNotFoundError:
            pass
        if child != in_use:
            shutil.rmtree(child, ignore_errors=True)


def _reason(exc: OSError) -> str:
    """Returns why it failed; `shutil.copytree` raises a list of (source, target, reason)."""
    if isinstance(exc, shutil.Error):
        return str(exc.args[0][0][2]).partition(": ")[0]
    return exc.strerror or str(exc)
