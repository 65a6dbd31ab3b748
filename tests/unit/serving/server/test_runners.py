from __future__ import annotations

import asyncio
import contextlib
import threading

from tfline.serving.server.runners import ThreadsRunner


class SlowSession:
    """A session whose run lasts until it is released."""

    def __init__(self):
        self.started, self.release = threading.Event(), threading.Event()
        self.events = []

    def run(self, feeds, fetches, timeout):
        self.started.set()
        assert self.release.wait(5)
        self.events.append("run")

    def close(self):
        self.events.append("closed")


async def leave(runner, session):
    """Starts a run, and goes away before it is over."""
    run = asyncio.create_task(runner.run({}, []))
    while not session.started.is_set():
        await asyncio.sleep(0.001)
    run.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await run


def test_session_is_closed_after_a_run_whose_client_has_left():
    session = SlowSession()
    runner = ThreadsRunner(session, threads=1)
    asyncio.run(leave(runner, session))
    threading.Timer(0.05, session.release.set).start()
    runner.close()
    assert session.events == ["run", "closed"]
