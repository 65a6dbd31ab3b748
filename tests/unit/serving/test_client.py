"""What a client sends to a server in trouble, and when it asks for the features again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tfline.serving.client import Client
from tfline.serving.errors import UnreachableError
from tfline.serving.messages import Features, News
from tfline.serving.protos import predict_pb2


class InTrouble(grpc.GenericRpcHandler):
    """Answers every call with UNAVAILABLE, and counts them."""

    def __init__(self) -> None:
        self.calls = 0

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self.refuse)

    def refuse(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.calls += 1
        context.abort(grpc.StatusCode.UNAVAILABLE, "no")


@pytest.fixture
def in_trouble() -> Iterator[tuple[InTrouble, int]]:
    server = grpc.server(ThreadPoolExecutor(4))
    handler = InTrouble()
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield handler, port
    server.stop(None).wait()


def test_retries_end_while_most_calls_fail(in_trouble: tuple[InTrouble, int]) -> None:
    handler, port = in_trouble
    with Client(f"localhost:{port}", "taxi") as client:
        with pytest.raises(UnreachableError):
            client.features()
        assert handler.calls > 1  # a single failure is tried again
        for _ in range(20):
            with pytest.raises(UnreachableError):
                client.features()
        before = handler.calls
        for _ in range(50):
            with pytest.raises(UnreachableError):
                client.features()
    assert handler.calls - before == 50


def answer(version: int) -> predict_pb2.PredictResponse:
    return predict_pb2.PredictResponse(model_spec={"version": {"value": version}})


def test_version_is_news_once() -> None:
    news, known = News(), Features(1, {})
    assert not news.are_in([answer(1), answer(1)], known)
    assert news.are_in([answer(1), answer(2)], known)
    assert not news.are_in([answer(2)], known)
