"""The threads of gRPC: a client that does not send its message takes none of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tfline.serving.server.rpc.threads import CallThreads, arrived

WAIT = 5.0


@pytest.fixture
def threads() -> Iterator[CallThreads]:
    pool = CallThreads(2, "test")
    yield pool
    pool.shutdown()


def alive() -> int:
    return sum(thread.name == "test" for thread in threading.enumerate())


def eventually(condition) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_calls_without_a_message_do_not_stop_the_others(threads: CallThreads):
    sent = threading.Event()
    silent = [threads.submit(sent.wait, WAIT) for _ in range(10)]
    assert threads.submit(lambda: "answer").result(WAIT) == "answer"
    assert not any(call.done() for call in silent)
    sent.set()
    assert all(call.result(WAIT) for call in silent)
    for _ in range(20):  # threads end after a call
        threads.submit(arrived).result(WAIT)
    eventually(lambda: alive() <= 2)


def test_no_more_calls_are_answered_at_a_time(threads: CallThreads):
    end = threading.Event()

    def answer() -> bool:
        arrived()
        return end.wait(WAIT)

    answered = [threads.submit(answer) for _ in range(5)]
    time.sleep(0.3)  # for the threads to be looked at some times
    assert alive() == 2
    end.set()
    assert all(call.result(WAIT) for call in answered)


def test_error_is_that_of_the_call(threads: CallThreads):
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 / 0).result(WAIT)
    assert threads.submit(lambda: 1).result(WAIT) == 1


def test_threads_end():
    pool = CallThreads(2, "test")
    assert pool.submit(lambda: 1).result(WAIT) == 1
    pool.shutdown()
    eventually(lambda: not alive())
