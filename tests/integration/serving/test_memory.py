"""Memory of models and answers: none is used once it is gone, whatever operations hand on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest

from tests.integration.serving.conftest import predict_request, tensor
from tfline.serving.protos import types_pb2
from tfline.serving.server.batching.parameters import BatchingOptions
from tfline.serving.server.batching.runner import BatchingRunner
from tfline.serving.server.batching.scheduler import Scheduler
from tfline.serving.server.call import ENDLESS
from tfline.serving.server.flags import Flags
from tfline.serving.server.handlers.predict import predict
from tfline.serving.server.loading import Loader
from tfline.serving.server.monitoring import Metrics
from tfline.serving.server.servable import Servable
from tfline.serving.server.session import Session
from tfline.serving.server.status import Code, StatusError
from tfline.serving.server.tensor import Tensor

CALLERS = 64
ANSWERS = 6_400
SIZES = (1, 22, 23, 100, 3000)  # strings of up to 22 bytes lie inside a TF_TString


@pytest.fixture(params=[False, True], ids=["alone", "batched"])
def toolbox(request: pytest.FixtureRequest, models: Path) -> Iterator[Servable]:
    loader = Loader(Flags(enable_batching=request.param), Metrics())
    servable = loader("toolbox", 1, models / "toolbox")
    yield servable
    servable.runner.close()
    loader.stop()


def mistakes(servable: Servable, caller: int, calls: int) -> int:
    """Sends strings that no other call sends; returns how many answers have others."""
    wrong = 0
    for call in range(calls):
        size = SIZES[(caller + call) % len(SIZES)]
        values = [(b"%d/%d/%d." % (caller, call, row) * size)[:size] for row in range(3)]
        request = predict_request("forward", x=tensor(values, types_pb2.DT_STRING))
        response = predict(servable, request)
        wrong += any(list(output.string_val) != values for output in response.outputs.values())
    return wrong


def test_every_byte_of_forwarded_strings_is_right(toolbox: Servable):
    with ThreadPoolExecutor(CALLERS) as callers:
        calls = [ANSWERS // CALLERS] * CALLERS
        assert sum(callers.map(mistakes, [toolbox] * CALLERS, range(CALLERS), calls)) == 0


def test_session_is_never_run_once_it_is_closed(toolbox: Servable):
    request = predict_request(x=[1.0])

    def codes(_: int) -> set[Code]:
        seen: set[Code] = set()
        while Code.UNAVAILABLE not in seen:
            try:
                predict(toolbox, request)
                seen.add(Code.OK)
            except StatusError as error:
                seen.add(error.code)
        return seen

    with ThreadPoolExecutor(8) as callers:
        answers = callers.map(codes, range(8))
        time.sleep(0.05)
        toolbox.runner.close()
        assert set().union(*answers) == {Code.OK, Code.UNAVAILABLE}


def test_order_of_the_outputs_makes_no_queue_of_its_own(models: Path):
    class Runs(Session):
        fetched: ClassVar[set[tuple[str, ...]]] = set()

        def run(self, feeds, fetches, call=ENDLESS):
            self.fetched.add(tuple(fetches))
            return super().run(feeds, fetches, call)

    session, scheduler = Runs(models / "toolbox", ["serve"]), Scheduler(threads=1)
    runner = BatchingRunner(session, scheduler, BatchingOptions())
    signature = session.signatures["pair"]
    feeds = {info.name: number(alias) for alias, info in signature.inputs.items()}
    total, product = (signature.outputs[alias].name for alias in ("total", "product"))
    for order in ([total, product], [product, total]):
        values = dict(zip(order, runner.run(feeds, order), strict=True))
        assert (values[total].values(), values[product].values()) == ([5.0], [6.0])
    assert len(Runs.fetched) == 1
    with scheduler.changed:
        assert scheduler.changed.wait_for(lambda: not runner._queues, 5)
    runner.close()
    scheduler.stop()


def number(alias: str) -> Tensor:
    return Tensor.from_proto(tensor([{"x": 2.0, "z": 3.0}[alias]]))
