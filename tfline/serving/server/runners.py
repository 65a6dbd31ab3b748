"""The ways to run a session for a request, but for batches: those are in `batching`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from tfline.serving.server.session import Session
from tfline.serving.server.tensor import Tensor


class SessionRunner:
    """Runs a session in the thread that calls, which nothing else can use meanwhile.

    Args:
        session: What to run.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def run(
        self, feeds: Mapping[str, Tensor], fetches: Sequence[str], timeout: float | None = None
    ) -> list[Tensor]:
        """Returns the values of `fetches`; see `Session.run`. It never suspends."""
        return self._session.run(feeds, fetches, timeout)

    def close(self) -> None:
        """Frees the session."""
        self._session.close()


class ThreadsRunner:
    """Runs a session in threads of its own, so that an event loop is free for other requests.

    Args:
        session: What to run.
        threads: How many runs there are at a time.
    """

    def __init__(self, session: Session, threads: int) -> None:
        self._session = session
        self._threads = ThreadPoolExecutor(threads, "session")

    async def run(
        self, feeds: Mapping[str, Tensor], fetches: Sequence[str], timeout: float | None = None
    ) -> list[Tensor]:
        """Returns the values of `fetches`; see `Session.run`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._session.run, feeds, fetches, timeout)

    def close(self) -> None:
        """Frees the session, once runs that nobody waits for any more are over."""
        self._threads.shutdown()
        self._session.close()
