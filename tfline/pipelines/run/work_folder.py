"""The work folder of a pipeline: artifacts, metadata, run records, logs; one run at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from tfline.transforms.errors import WorkFolderError


class WorkFolder:
    """Where one pipeline keeps what it makes.

    Args:
        root: The folder; made if it is not there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.artifacts = self.root / "artifacts"
        self.metadata = self.root / "metadata.db"
        self.runs = self.root / "runs"
        self.logs = self.root / "logs"
        self.reports = self.root / "reports"
        self.training = self.root / "training"
        self.digests = self.root / "digests.json"
        self._lock = self.root / "lock"

    def log(self, run_id: str) -> Path:
        """Returns the log file of a run."""
        return self.logs / f"{run_id}.log"

    def report(self, name: str) -> Path:
        """Returns the page of a run, by its id, or of a comparison."""
        return self.reports / f"{name}.html"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder for one run; the lock goes with the process, however that ends.

        Raises:
            WorkFolderError: Another run holds it, or it cannot be written.
        """
        try:
            for folder in (self.root, self.artifacts, self.runs, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as exc:
            raise WorkFolderError(
                f"The work folder cannot be written: {exc.strerror}",
                str(self.root),
                "Name another one with --work.",
            ) from exc
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
                raise WorkFolderError(
                    f"Another run (process {holder}) is using the work folder",
                    str(self.root),
                    "Wait for it to end, or name another folder with --work.",
                ) from exc
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            yield
        finally:
            os.close(descriptor)

    def holder(self) -> int | None:
        """Returns the process that holds the folder; None: nobody does."""
        try:
            descriptor = os.open(self._lock, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.read(descriptor, 32) or 0)
        else:
            return None
        finally:
            os.close(descriptor)


def default_work_folder(pipeline: str) -> Path:
    """Returns where a pipeline works unless another folder is named."""
    return Path(".tfline") / pipeline
