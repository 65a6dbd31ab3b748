"""How far a long step has come: records so far, of how many, and how long it will still take.

Beam calls back from its own threads and copies what it runs, so the count of a step is kept by
its name in the process. A worker elsewhere logs it there.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import apache_beam as beam
    import pyarrow as pa

_log = logging.getLogger("tfline.progress")

_LEAST_SECONDS = 0.5
"""The least time between two lines."""

_FIRST_ESTIMATE = 2.0
"""Seconds after which it is told how long the rest will take."""


class Progress:
    """Counts records, and says so now and then.

    Args:
        what: Is done with them, for example ``train``.
        total: How many there will be; 0: unknown.
        clock: Seconds that only grow.
    """

    def __init__(
        self, what: str, total: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._total = total
        self._clock = clock
        self._done = 0
        self._last = clock()
        self._first: tuple[float, int] | None = None  # when the first records came, and how many
        self._lock = threading.Lock()

    def advance(self, count: int) -> None:
        """Counts `count` more records."""
        with self._lock:
            self._done += count
            now = self._clock()
            if self._first is None:
                self._first = now, self._done
            if now - self._last < _LEAST_SECONDS:
                return
            self._last = now
            started, before = self._first
            _log.info("%s", self._text(now - started, self._done - before))

    def _text(self, seconds: float, done: int) -> str:
        """Returns what to say `seconds` and `done` records after the first ones."""
        if not self._total:
            return f"{self._what}: {self._done:,} records"
        text = f"{self._what}: {self._done:,} of {self._total:,} records"
        if seconds < _FIRST_ESTIMATE or not done or self._done > self._total:
            return text
        return f"{text}, {_duration(seconds * (self._total - self._done) / done)} left"


def _duration(seconds: float) -> str:
    """Returns for example ``42 s`` or ``3 min``."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


_STEPS: dict[str, Progress] = {}
"""The steps of Beam that count in this process, by their name."""


def counted(what: str, total: int = 0) -> beam.PTransform:
    """Returns a step of Beam that passes batches on, and says how many records there were.

    Args:
        what: Names the step in its pipeline, and what is said.
        total: How many records there will be; 0: unknown.
    """
    import apache_beam as beam
    import pyarrow as pa

    _STEPS[what] = Progress(what, total)
    passing = beam.Map(functools.partial(_count, what)).with_output_types(pa.RecordBatch)
    return f"Progress[{what}]" >> passing


def _count(what: str, batch: pa.RecordBatch) -> Any:
    _STEPS.setdefault(what, Progress(what)).advance(batch.num_rows)
    return batch
