"""Clients that are slow, idle, huge, hostile or gone: the server keeps answering the others."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import psutil
import pytest

from tests.integration.serving.conftest import METHODS, Grpc, Rest, predict_request, tensor
from tfline.serving.process import ServerProcess, start_server
from tfline.serving.protos import tensor_pb2, types_pb2

IDLE_CONNECTIONS = 250
HALF_A_REQUEST = b"POST /v1/models/toolbox:predict HTTP/1.1\r\nContent-Length: 30\r\n\r\n{"
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@contextlib.contextmanager
def connections(port: int, count: int, content: bytes = b"") -> Iterator[None]:
    """Opens connections, sends `content` on each, and leaves them so."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(("localhost", port)))
            connection.sendall(content)
        yield


def assert_answers(api: Grpc, rest: Rest) -> None:
    response = api.call("Predict", predict_request(x=[1.0]), timeout=5)
    assert list(response.outputs["y"].float_val) == [2.5]
    assert rest("/v1/models/toolbox:predict", {"instances": [1.0]}) == (200, {"predictions": [2.5]})


def test_idle_connections_take_nothing_from_others(server: ServerProcess, api: Grpc, rest: Rest):
    with (
        connections(server.port, IDLE_CONNECTIONS),
        connections(server.rest_api_port, IDLE_CONNECTIONS),
    ):
        assert_answers(api, rest)


def test_slow_clients_take_nothing_from_others(server: ServerProcess, api: Grpc, rest: Rest):
    with (
        connections(server.port, 50, HTTP2_PREFACE[:10]),
        connections(server.rest_api_port, 50, HALF_A_REQUEST),
    ):
        assert_answers(api, rest)


def test_clients_may_leave_in_the_middle(server: ServerProcess, api: Grpc, rest: Rest):
    with connections(server.rest_api_port, 50, HALF_A_REQUEST):
        pass
    path = f"/tensorflow.serving.{METHODS['Predict'][0]}Service/Predict"
    slow = predict_request("slow", n=tensor([50], types_pb2.DT_INT32)).SerializeToString()
    for _ in range(10):
        with grpc.insecure_channel(server.target) as channel:
            call = channel.unary_unary(path, None, None).future(slow)
            time.sleep(0.005)
            call.cancel()
    assert_answers(api, rest)


def test_request_of_256_mib_is_answered(api: Grpc):
    ones = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_content=b"\0\0\x80\x3f" * 2**26)
    ones.tensor_shape.dim.add(size=2**26)
    response = api.call("Predict", predict_request("sum", x=ones), timeout=60)
    assert list(response.outputs["y"].float_val) == [2**26]


def test_unused_key_may_be_nested_however_deep(rest: Rest):
    deep = b'{"unused": ' + b"[" * 500_000 + b"]" * 500_000 + b', "instances": [1.0]}'
    assert rest("/v1/models/toolbox:predict", deep) == (200, {"predictions": [2.5]})


@pytest.mark.parametrize("name", ["../../etc", "..", "/etc", "toolbox/../toolbox"])
def test_model_name_is_no_path(api: Grpc, rest: Rest, name):
    text = f"Servable not found for request: Latest({name})"
    assert api.error("Predict", predict_request(name=name, x=[1.0])) == ("NOT_FOUND", text)
    path = f"/v1/models/{name.replace('/', '%2F')}:predict"
    assert rest(path, {"instances": [1.0]}) == (404, {"error": text})


def test_messages_that_cannot_be_read_take_no_memory(server: ServerProcess, api: Grpc):
    call = api.channel.unary_unary("/tensorflow.serving.PredictionService/Predict")

    def send(count: int) -> float:
        for _ in range(count):
            with pytest.raises(grpc.RpcError, match="Exception deserializing request!"):
                call(b"no message", timeout=20)
        return float(psutil.Process(server.pid).memory_info().rss)

    before = send(200)
    assert send(800) - before < 4 * 2**20  # gRPC's own answer to them takes three times that


def test_model_that_ends_a_process_does_not_end_the_server(
    publish: Callable[..., Path], tmp_path: Path
):
    """A node of a function that has lost its name: TensorFlow's loader does not survive it."""
    publish("toolbox", tmp_path / "toolbox", 1)
    damaged = publish("toolbox", tmp_path / "other", 2)
    content = (damaged / "saved_model.pb").read_bytes()
    node = b"\n\x05Const\x12\x05Const"
    assert node in content
    at = content.rindex(node)
    (damaged / "saved_model.pb").write_bytes(content[:at] + b"\x1a" + content[at + 1 :])
    flags = ["--enable_trial_load", "--max_num_load_retries=0"]
    with start_server(tmp_path / "toolbox", "toolbox", flags=flags) as server:
        damaged.rename(tmp_path / "toolbox" / "2")
        end = time.monotonic() + 60
        while "Loading toolbox version 2 failed" not in server.output():
            assert server.running
            assert time.monotonic() < end
            time.sleep(0.1)
        response = Grpc(server.target).call("Predict", predict_request(x=[1.0]))
        assert response.model_spec.version.value == 1
