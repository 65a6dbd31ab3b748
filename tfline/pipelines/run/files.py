"""Files by their content: an edit is seen, `touch` and a move are none.

A digest is kept beside the size, times and inode that a file had when it was read, so that a file
that has not been written since is not read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tfline.pipelines.run.parts import Part, Parts

_SETTLED = 2.0
"""Seconds after its last write from which on a file's times can tell that it was written again."""

_MOST = 100_000
"""How many digests are kept of files that nobody asked for this time."""


class FileDigests:
    """The digests of files, kept from run to run.

    Args:
        store: The file that keeps them, in a folder that may not be there yet; None: they are
            kept in memory alone.
    """

    def __init__(self, store: Path | None = None) -> None:
        self._store = store
        self._known: dict[str, list[int | str]] = {}
        self._used: dict[str, list[int | str]] = {}
        if store is not None:
            with contextlib.suppress(FileNotFoundError, ValueError):  # a half one is none
                self._known = dict(json.loads(store.read_text(encoding="utf-8")))

    def of(self, file: str | Path) -> str:
        """Returns the digest of a file's content.

        Raises:
            OSError: It cannot be read.
        """
        status = os.stat(file)
        key = f"{status.st_dev}:{status.st_ino}"
        stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        known = self._used.get(key) or self._known.get(key)
        if known is not None and known[:3] == stamp:
            self._used[key] = known
            return str(known[3])
        content = _read_digest(file)
        latest = max(status.st_mtime_ns, status.st_ctime_ns)
        if time.time_ns() - latest > _SETTLED * 10**9:
            self._used[key] = [*stamp, content]
        return content

    def save(self) -> None:
        """Keeps the digests for the next time, whole or not at all."""
        if self._store is None or not self._store.parent.is_dir() or not self._used:
            return
        others = {key: value for key, value in self._known.items() if key not in self._used}
        kept = {**(others if len(others) <= _MOST else {}), **self._used}
        if kept == self._known:
            return
        staged = self._store.with_name(f".{self._store.name}.{os.getpid()}")
        staged.write_text(json.dumps(kept), encoding="utf-8")
        staged.replace(self._store)


def _read_digest(file: str | Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


def file_parts(role: str, files: Iterable[str], digests: FileDigests) -> Parts:
    """Returns a part for every file.

    Args:
        role: What they are for: ``data.train``.
        files: The files. One below the current folder is named by its path from there, so that
            a project that has moved is the same project.
        digests: What is known of files.
    """
    return tuple(
        Part("file", shown_path(file), f"{os.path.getsize(file):,} bytes, {digests.of(file)}", role)
        for file in files
    )


def shown_path(file: str | Path) -> str:
    """Returns a path from the current folder if it is below it; if not, the path itself."""
    path, folder = Path(file), Path.cwd()
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def folder_digests(folder: Path, digests: FileDigests) -> dict[str, str]:
    """Returns the digest of every file in a folder, by its path from there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): digests.of(path) for path in files}


def is_intact(folder: Path, files: Mapping[str, str], digests: FileDigests) -> bool:
    """Tells whether every one of `files` is in a folder as it was; others do not matter."""
    try:
        return all(digests.of(folder / name) == content for name, content in files.items())
    except OSError:
        return False
