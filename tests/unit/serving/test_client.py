"""What a client sends to a server in trouble, and when it asks for the features again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tfline.serving.client import Client
from tfline.serving.errors import BusyError, UnreachableError
from tfline.serving.messages import Features, News
from tfline.serving.protos import predict_pb2


class InTrouble(grpc.GenericRpcHandler):
    """Answers the first calls, or all of them, with a code that says so; counts them.

    Args:
        code: What calls are refused with.
        most: How many calls are refused; None: all.
    """

    def __init__(self, code: grpc.StatusCode, most: int | None = None) -> None:
        self.calls = 0
        self._code = code
        self._most = most

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self.refuse)

    def refuse(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.calls += 1
        if self._most is None or self.calls <= self._most:
            context.abort(self._code, "no")
        return b""


@contextlib.contextmanager
def served(handler: InTrouble) -> Iterator[int]:
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield port
    server.stop(None).wait()


def test_call_that_a_busy_server_refuses_is_sent_again() -> None:
    handler = InTrouble(grpc.StatusCode.RESOURCE_EXHAUSTED, most=2)
    with served(handler) as port, Client(f"localhost:{port}", "taxi") as client:
        assert client.features() == {}
    assert handler.calls == 3


def test_server_that_stays_busy_is_an_error_that_says_so() -> None:
    handler = InTrouble(grpc.StatusCode.RESOURCE_EXHAUSTED)
    with (
        served(handler) as port,
        Client(f"localhost:{port}", "taxi") as client,
        pytest.raises(BusyError, match="takes no more at the moment") as caught,
    ):
        client.features()
    assert "later" in caught.value.hint
    assert handler.calls == 4


def test_retries_end_while_most_calls_fail() -> None:
    handler = InTrouble(grpc.StatusCode.UNAVAILABLE)
    with served(handler) as port, Client(f"localhost:{port}", "taxi") as client:
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
