"""No answer refers to memory that is gone, whatever operations hand their inputs on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.serving.conftest import predict_request, tensor
from tfline.serving.protos import types_pb2
from tfline.serving.server.flags import Flags
from tfline.serving.server.handlers.predict import predict
from tfline.serving.server.loading import Loader
from tfline.serving.server.monitoring import Metrics
from tfline.serving.server.servable import Servable

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
