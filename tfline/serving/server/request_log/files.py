"""The files of a request log: of bounded size and age, complete when they have their name."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfline.transforms.framing import CRC, HEADER

logger = logging.getLogger(__name__)

_ENDING, _PART = ".tfrecord", ".part"
_MEGABYTE = 1_000_000
_PARTS_A_CALL = 512  # what a call takes at most is 1,024 on Linux


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """How a request log is kept.

    Attributes:
        max_file_mb: MB (10^6 bytes) of a file, after which the next is begun.
        max_file_seconds: Seconds after which a file is complete, however small it is.
        max_total_mb: MB of all files of a prefix; the oldest go. 0: no limit.
        max_queue_mb: MB that wait to be written; what does not fit is dropped.
    """

    max_file_mb: int = 64
    max_file_seconds: int = 300
    max_total_mb: int = 1024
    max_queue_mb: int = 64


class LogFiles:
    """Writes framed records to files ``PREFIX-20260131T235959-HOST-PID-0.tfrecord``.

    A file that is written to has a hidden name, and is locked; what a process that was killed has
    left gets its name by the next one, cut off after its last whole record.

    Args:
        prefix: The folder, and what the names begin with.
        options: How large and how old files become.
        clock: Seconds since 1970.
    """

    def __init__(
        self, prefix: str, options: LogOptions, clock: Callable[[], float] = time.time
    ) -> None:
        self._prefix = Path(prefix)
        self._own = re.compile(
            re.escape(self._prefix.name) + r"-\d{8}T\d{6}-.+" + re.escape(_ENDING)
        )
        self._options = options
        self._clock = clock
        self._descriptor: int | None = None
        self._part = Path()
        self._size = 0
        self._opened = 0.0
        self._count = 0

    def write(self, parts: Sequence[bytes]) -> None:
        """Writes whole records; begins the next file if they do not fit into this one.

        Args:
            parts: Framed records, in parts.

        Raises:
            OSError: They cannot be written. Nothing of them is left, and the file has its name.
        """
        if self._descriptor is not None and self._is_full(sum(map(len, parts))):
            self.complete()
        if self._descriptor is None:
            self._open()
        try:
            self._write(parts)
        except OSError:
            self._cut()
            self.complete()
            raise

    def complete_if_old(self) -> None:
        """Gives the file its name once it is old enough."""
        if self._descriptor is not None:
            age = self._clock() - self._opened
            if age >= self._options.max_file_seconds:
                self.complete()

    def complete(self) -> None:
        """Gives the file its name, if there is one, and makes room on the disk."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            if self._size:
                os.fsync(descriptor)
                self._part.rename(_final(self._part))
            else:
                self._part.unlink()
        finally:
            os.close(descriptor)
        self._make_room()

    def recover(self) -> None:
        """Completes the files of processes that were killed, and makes room on the disk."""
        if not self._prefix.parent.is_dir():
            return
        for part in self._prefix.parent.iterdir():
            if not self._own.fullmatch(_final(part).name) or not part.name.endswith(_PART):
                continue
            with contextlib.suppress(OSError), part.open("r+b") as file:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                size = whole_records(part)
                if size:
                    file.truncate(size)
                    part.rename(_final(part))
                else:
                    part.unlink()
        self._make_room()

    def _is_full(self, more: int) -> bool:
        limit = self._options.max_file_mb * _MEGABYTE
        return self._size > 0 and self._size + more > limit

    def _open(self) -> None:
        self._prefix.parent.mkdir(parents=True, exist_ok=True)
        self._opened = self._clock()
        moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime(self._opened))
        host = re.sub(r"[^A-Za-z0-9.]+", "_", socket.gethostname())
        while self._descriptor is None:
            name = f"{self._prefix.name}-{moment}-{host}-{os.getpid()}-{self._count}{_ENDING}"
            self._count += 1
            self._part = self._prefix.with_name(f".{name}{_PART}")
            self._descriptor = _new_locked(self._part)
        self._size = 0

    def _write(self, parts: Sequence[bytes]) -> None:
        for start in range(0, len(parts), _PARTS_A_CALL):
            left: list[bytes | memoryview] = [*parts[start : start + _PARTS_A_CALL]]
            while left and self._descriptor is not None:
                left = _after(left, os.writev(self._descriptor, left))
        self._size += sum(map(len, parts))

    def _cut(self) -> None:
        """Takes what was written of records that could not be written whole off again."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)

    def _make_room(self) -> None:
        """Removes the oldest complete files while all take more than they may."""
        limit = self._options.max_total_mb * _MEGABYTE
        if not limit:
            return
        files = []
        for path in self._prefix.parent.iterdir():
            if self._own.fullmatch(path.name):
                with contextlib.suppress(FileNotFoundError):  # another process makes room, too
                    files.append((path.stat().st_mtime_ns, path.name, path.stat().st_size, path))
        total = sum(size for _, _, size, _ in files)
        # The file that comes next may become as large as it may be.
        room = min(self._options.max_file_mb * _MEGABYTE, limit // 2)
        for _, _, size, path in sorted(files):
            if total + room <= limit:
                return
            path.unlink(missing_ok=True)
            total -= size
            logger.info("The request log is full: %s is removed", path)


def _new_locked(path: Path) -> int | None:
    """Returns a new file, locked; None if another process took it for what was left behind."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if path.exists():
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _after(parts: list[bytes | memoryview], written: int) -> list[bytes | memoryview]:
    """Returns what is left of parts of which some bytes are written."""
    for index, part in enumerate(parts):
        if written < len(part):
            return [memoryview(part)[written:], *parts[index + 1 :]]
        written -= len(part)
    return []


def _final(part: Path) -> Path:
    return part.with_name(part.name.removeprefix(".").removesuffix(_PART))


def whole_records(path: Path) -> int:
    """Returns how many bytes of a TFRecord file are whole records, by their lengths."""
    size, at = path.stat().st_size, 0
    with path.open("rb") as file:
        while header := file.read(HEADER.size):
            if len(header) < HEADER.size:
                break
            end = at + HEADER.size + HEADER.unpack(header)[0] + CRC.size
            if end > size:
                break
            at = end
            file.seek(at)
    return at
