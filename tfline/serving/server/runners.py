"""Runs of a model beside one another, but no more than some: the batches are in `batching`."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from tfline.serving.server.call import ENDLESS, Call, deadline_exceeded
from tfline.serving.server.session import Session
from tfline.serving.server.tensor import Tensor


class LimitedRunner:
    """Runs a session in the thread that calls, which waits while all slots are taken.

    Args:
        session: What to run.
        slots: How many runs there are at a time.
    """

    def __init__(self, session: Session, slots: int) -> None:
        self._session = session
        self._slots = threading.Semaphore(slots)

    def run(
        self, feeds: Mapping[str, Tensor], fetches: Sequence[str], call: Call = ENDLESS
    ) -> list[Tensor]:
        """Returns the values of `fetches`; see `Session.run`."""
        seconds = call.seconds_left()
        if not self._slots.acquire(timeout=None if seconds is None else max(0.0, seconds)):
            raise deadline_exceeded()
        try:
            return self._session.run(feeds, fetches, call)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Frees the session."""
        self._session.close()
