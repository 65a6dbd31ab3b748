"""Traces and metrics reach a collector, which is a real one but for what it does with them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.integration.serving.conftest import Rest, free_port, predict_request
from tfline.serving.channel import PREDICT
from tfline.serving.process import start_server
from tfline.serving.server.status import StatusError
from tfline.serving.server.telemetry import Telemetry

collector = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Collector(grpc.GenericRpcHandler):
    """Keeps what it is sent, by method."""

    def __init__(self) -> None:
        self.sent: dict[str, list[bytes]] = {}

    def service(self, call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        name = call_details.method.rpartition("/")[0]

        def export(content: bytes, _: Any) -> bytes:
            self.sent.setdefault(name, []).append(content)
            return b""

        return grpc.unary_unary_rpc_method_handler(export)

    def spans(self) -> list[Any]:
        contents = self.sent.get("/opentelemetry.proto.collector.trace.v1.TraceService", [])
        requests = map(collector.ExportTraceServiceRequest.FromString, contents)
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collecting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    handler = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("localhost:0")
    server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://localhost:{port}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "prices")
    yield handler
    server.stop(None)


def test_calls_of_both_apis_are_traced(
    collecting: Collector, publish: Callable[..., Path], tmp_path: Path
):
    publish("price", tmp_path / "price", 1)
    with start_server(
        tmp_path / "price",
        "price",
        rest_api_port=free_port(),
        flags=["--enable_opentelemetry"],
    ) as server:
        with grpc.insecure_channel(server.target) as channel:
            request = predict_request("columns", name="price", size=[1.0]).SerializeToString()
            parent = [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")]
            assert channel.unary_unary(PREDICT)(request, metadata=parent, timeout=10)
            wrong = predict_request(name="nobody").SerializeToString()
            with pytest.raises(grpc.RpcError, match="Latest"):
                channel.unary_unary(PREDICT)(wrong, timeout=10)
        assert Rest(server.rest_api_port)("/v1/models/price")[0] == 200
        end = time.monotonic() + 20
        while len(collecting.spans()) < 3 and time.monotonic() < end:
            time.sleep(0.05)
        assert server.stop() == 0
    names = " ".join(span.name for span in collecting.spans())
    assert "PredictionService/Predict" in names
    assert "GET" in names
    assert TRACE in {span.trace_id.hex() for span in collecting.spans()}
    assert any("MetricsService" in name for name in collecting.sent)
    assert all(b"prices" in content for sent in collecting.sent.values() for content in sent)


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.asgi", None)
    monkeypatch.delitem(sys.modules, "opentelemetry.instrumentation", raising=False)
    with pytest.raises(StatusError, match="pip install opentelemetry-sdk"):
        Telemetry()
