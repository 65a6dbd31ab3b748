"""SIGTERM: what is under way is answered, what is new is refused, and the end is bounded."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.integration.serving.conftest import Grpc, free_port, predict_request, tensor
from tfline.serving.process import start_server
from tfline.serving.protos import types_pb2

PATH = "/v1/models/toolbox:predict"
SLOW = {"signature_name": "slow", "inputs": [6000]}  # longer than the lame duck
HEALTH = "--enable_grpc_healthcheck_service"


def connected(port: int) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(http.client.HTTPConnection("localhost", port, timeout=20))


def post(connection: http.client.HTTPConnection, document: object) -> http.client.HTTPResponse:
    connection.request("POST", PATH, json.dumps(document))
    response = connection.getresponse()
    assert response.read()
    return response


@pytest.mark.parametrize("batching", [(), ("--enable_batching",)], ids=["alone", "batched"])
def test_calls_of_both_apis_are_drained(
    batching: tuple[str, ...], publish: Callable[..., Path], tmp_path: Path
):
    publish("toolbox", tmp_path / "toolbox", 1)
    flags = (*batching, HEALTH, "--lame_duck_in_ms=200")
    port = free_port()
    with (
        start_server(tmp_path / "toolbox", "toolbox", rest_api_port=port, flags=flags) as server,
        ThreadPoolExecutor(3) as pool,
        grpc.insecure_channel(server.target) as channel,
        contextlib.ExitStack() as stack,
    ):
        api = Grpc(server.target)
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        idle, busy = (stack.enter_context(connected(port)) for _ in range(2))
        assert post(idle, {"instances": [1.0]}).status == 200
        assert api.call("Predict", predict_request(x=[1.0]))
        slow = predict_request("slow", n=tensor(SLOW["inputs"], types_pb2.DT_INT32))
        calls = []
        for call in ((api.call, "Predict", slow), (post, busy, SLOW)):
            calls.append(pool.submit(*call))
            time.sleep(0.1)  # two of them make no batch
        os.kill(server.pid, signal.SIGTERM)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        by_grpc, by_rest = (future.result(timeout=20) for future in calls)
        assert by_grpc.outputs["y"].float_val
        assert (by_rest.status, by_rest.headers["Connection"]) == (200, "close")
        assert server.wait() == 0
        with pytest.raises((OSError, http.client.HTTPException)):
            post(idle, {"instances": [1.0]})


def test_end_is_bounded(publish: Callable[..., Path], tmp_path: Path):
    publish("toolbox", tmp_path / "toolbox", 1)
    port = free_port()
    flags = ("--enable_batching", "--drain_timeout_in_ms=200")
    with (
        start_server(tmp_path / "toolbox", "toolbox", rest_api_port=port, flags=flags) as server,
        ThreadPoolExecutor(2) as pool,
        connected(port) as connection,
    ):
        endless = predict_request("slow", n=tensor([10**6], types_pb2.DT_INT32))
        by_grpc = pool.submit(Grpc(server.target).error, "Predict", endless)
        by_rest = pool.submit(post, connection, {**SLOW, "inputs": [10**6]})
        time.sleep(0.2)
        start = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait() == 0
        assert time.monotonic() - start < 15
        assert by_grpc.result()[0] in {"UNAVAILABLE", "CANCELLED"}
        assert by_rest.exception() or by_rest.result().status == 503
