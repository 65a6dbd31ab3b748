"""Writes a request log beside the requests: they never wait for a disk."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tfline.serving.server.request_log.files import LogFiles, LogOptions
from tfline.serving.server.request_log.record import Entry, encode
from tfline.serving.server.status import Code
from tfline.transforms.framing import frame_parts

logger = logging.getLogger(__name__)

Count = Callable[[str, Code, int], None]
"""Is told of a model, what became of its requests, and how many they were."""

_PAUSE_SECONDS = 0.1  # between two looks: each wakes a thread, which costs the requests some time
_RETRY_SECONDS = 1.0  # after a disk has failed
_BYTES_A_WRITE = 256_000
_MEGABYTE = 1_000_000


class LogWriter:
    """The log of one prefix, with a thread of its own.

    Args:
        prefix: The folder, and what the names of the files begin with.
        options: How the files are kept, and how much may wait to be written.
        count: Is told what was written, and what was dropped.
    """

    def __init__(self, prefix: str, options: LogOptions, count: Count) -> None:
        self._files = LogFiles(prefix, options)
        self._prefix = prefix
        self._limit = options.max_queue_mb * _MEGABYTE
        self._count = count
        self._lock = threading.Lock()
        self._waiting: list[Entry] = []
        self._bytes = 0
        self._stopping = threading.Event()
        self._failing = False
        self._retry_at = 0.0
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()

    def offer(self, entry: Entry) -> None:
        """Has a request written soon, or drops it if too much waits already. Never blocks."""
        with self._lock:
            fits = self._bytes + entry.size <= self._limit
            if fits:
                self._waiting.append(entry)
                self._bytes += entry.size
        if not fits:
            self._count(entry.model, Code.RESOURCE_EXHAUSTED, 1)

    def close(self, seconds: float) -> None:
        """Writes what waits, and gives the last file its name.

        Args:
            seconds: How long to wait for a slow disk at most; what is left then is lost.
        """
        self._stopping.set()
        self._thread.join(seconds)
        if self._thread.is_alive():
            logger.error("The request log %s could not be written to its end", self._prefix)

    def _run(self) -> None:
        self._guarded(self._files.recover)
        while not self._stopping.wait(_PAUSE_SECONDS):
            self._write_all()
            self._guarded(self._files.complete_if_old)
        self._retry_at = 0.0
        self._write_all()
        self._guarded(self._files.complete)

    def _write_all(self) -> None:
        """Writes what waits, some records at a time; they take their room until then."""
        if time.monotonic() < self._retry_at:
            return
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for some in _portions(waiting):
            written = self._guarded(functools.partial(self._write, some))
            with self._lock:
                self._bytes -= sum(entry.size for entry in some)
            code = Code.OK if written else Code.UNAVAILABLE
            for model, count in Counter(entry.model for entry in some).items():
                self._count(model, code, count)

    def _write(self, entries: Sequence[Entry]) -> None:
        self._files.write([part for entry in entries for part in frame_parts(encode(entry))])
        if self._failing:
            logger.info("The request log %s is written again", self._prefix)
            self._failing = False

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Does something with the disk; tells whether it could be done. Nothing ends the thread."""
        try:
            action()
        except OSError as error:
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            if not self._failing:
                logger.error("The request log %s cannot be written: %s", self._prefix, error)
            self._failing = True
            return False
        except Exception:
            logger.exception("The request log %s failed", self._prefix)
            return False
        return True


def _portions(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yields entries in portions that are written at once, and are lost together."""
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        portion.append(entry)
        size += entry.size
        if size >= _BYTES_A_WRITE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion
