"""A deadline costs a short run nothing, and stops a long one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.serving.conftest import tensor
from tfline.serving.protos import types_pb2
from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.session import Session
from tfline.serving.server.status import Code, StatusError
from tfline.serving.server.tensor import Tensor


@pytest.fixture
def session(models: Path) -> Iterator[Session]:
    session = Session(models / "toolbox", ["serve"])
    yield session
    session.close()


def fastest(session: Session, call: Call, runs: int = 500) -> float:
    signature = session.signatures["serving_default"]
    feeds = {signature.inputs["x"].name: Tensor.from_proto(tensor([1.0]))}
    fetches = [signature.outputs["y"].name]

    def seconds() -> float:
        start = time.perf_counter()
        session.run(feeds, fetches, call)
        return time.perf_counter() - start

    return min(seconds() for _ in range(runs))


def test_deadline_costs_a_short_run_nothing(session: Session):
    fastest(session, ENDLESS)
    # With RunOptions.timeout_in_ms a run takes five times longer.
    assert fastest(session, Call.within(60)) < 1.5 * fastest(session, ENDLESS)


def test_run_is_not_long_because_others_have_the_processor(session: Session):
    """Threads that compute let the next one go on after 5 ms: by the clock some runs are long."""
    fastest(session, ENDLESS)
    over = threading.Event()

    def compute() -> None:
        while not over.is_set():
            sum(range(1000))

    busy = [threading.Thread(target=compute) for _ in range(4)]
    for thread in busy:
        thread.start()
    try:
        longest = [_longest_after_runs(session, 10) for _ in range(30)]
    finally:
        over.set()
        for thread in busy:
            thread.join()
    assert max(longest) < 0.005


def _longest_after_runs(session: Session, count: int) -> float:
    fastest(session, Call.within(60), count)
    return max(session._longest.values())


def test_deadline_stops_a_long_run(session: Session):
    signature = session.signatures["slow"]
    fetches = [signature.outputs["y"].name]

    def run(count: int, call: Call) -> None:
        value = Tensor.from_proto(tensor([count], types_pb2.DT_INT32))
        session.run({signature.inputs["n"].name: value}, fetches, call)

    run(300, ENDLESS)
    for _ in range(3):
        start = time.monotonic()
        with pytest.raises(StatusError) as caught:
            run(10**6, Call.within(0.1))
        assert caught.value.code is Code.DEADLINE_EXCEEDED
        assert time.monotonic() - start < 2


def test_run_is_not_begun_after_the_deadline(session: Session):
    with pytest.raises(StatusError, match="DEADLINE_EXCEEDED"):
        session.run({}, [], Call.within(0))
