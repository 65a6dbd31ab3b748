"""What one client may claim is bounded, and a request beyond that costs the others nothing."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.serving.conftest import Grpc, Rest, free_port, predict_request, tensor
from tfline.serving.process import ServerProcess, start_server
from tfline.serving.protos import tensor_pb2, types_pb2

PATH = "/v1/models/toolbox:predict"
BODY_BYTES = 100_000
FLAGS = [
    f"--rest_api_max_body_bytes={BODY_BYTES}",
    f"--rest_api_max_total_bytes={2 * BODY_BYTES}",
    "--rest_api_max_connections=20",
    "--rest_api_stall_timeout_in_ms=500",
    "--max_requests_in_flight=4",
    "--max_filled_elements=1000",
    "--rest_api_num_threads=1",
    "--grpc_max_threads=1",
]


@pytest.fixture(scope="module")
def small(publish: Callable[..., Path], tmp_path_factory) -> Iterator[ServerProcess]:
    """A server with low limits."""
    base = tmp_path_factory.mktemp("limits") / "toolbox"
    publish("toolbox", base, 1)
    with start_server(base, "toolbox", rest_api_port=free_port(), flags=FLAGS) as server:
        yield server


def ask(port: int, body: bytes, **headers: str) -> http.client.HTTPResponse:
    with contextlib.closing(http.client.HTTPConnection("localhost", port, timeout=20)) as client:
        client.request("POST", PATH, body, headers)
        response = client.getresponse()
        response.read()
        return response


def test_large_body_is_refused(small: ServerProcess):
    assert ask(small.rest_api_port, b" " * (BODY_BYTES + 1)).status == 413
    with contextlib.closing(socket.create_connection(("localhost", small.rest_api_port))) as client:
        client.sendall(f"POST {PATH} HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 413")  # without waiting for the body


def test_body_that_unpacks_to_more_is_refused(small: ServerProcess):
    padded = json.dumps({"instances": [1.0]}).encode() + b" " * 50_000_000
    bomb = gzip.compress(padded)
    assert len(bomb) < BODY_BYTES
    assert ask(small.rest_api_port, bomb, **{"Content-Encoding": "gzip"}).status == 413
    twice = gzip.compress(b'{"instances":') + gzip.compress(b" [1.0]}")
    assert ask(small.rest_api_port, twice, **{"Content-Encoding": "gzip"}).status == 200
    assert ask(small.rest_api_port, twice[:-9], **{"Content-Encoding": "gzip"}).status == 400


def test_values_that_take_much_memory_are_refused(small: ServerProcess):
    """Empty lists take 24 times their text."""
    lists = b'{"unused": [' + b"[]," * 10_000 + b'[]], "instances": [1.0]}'
    assert len(lists) < BODY_BYTES
    assert ask(small.rest_api_port, lists).status == 413
    numbers = b'{"instances": [' + b"0.12345," * 1000 + b"1.0]}"
    assert ask(small.rest_api_port, numbers).status == 200


def test_long_headers_are_refused(small: ServerProcess):
    with contextlib.closing(socket.create_connection(("localhost", small.rest_api_port))) as client:
        client.sendall(f"GET {PATH} HTTP/1.1\r\nX: ".encode() + b"x" * 70_000)
        assert client.recv(100).startswith(b"HTTP/1.1 400")


def test_request_that_stands_still_is_left(small: ServerProcess):
    for begun in (
        b"POST ",
        b"POST /v1/models/toolbox:predict HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
    ):
        with contextlib.closing(
            socket.create_connection(("localhost", small.rest_api_port), timeout=10)
        ) as client:
            client.sendall(begun)
            assert client.recv(100) == b""


def test_body_that_drips_is_left(small: ServerProcess):
    """Each byte is progress, and all together are none."""
    head = f"POST {PATH} HTTP/1.1\r\nContent-Length: 1000\r\n\r\n".encode()
    with contextlib.closing(
        socket.create_connection(("localhost", small.rest_api_port), timeout=10)
    ) as client:
        client.sendall(head)
        sent = 0
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while sent < 50:
                client.sendall(b" ")
                sent += 1
                time.sleep(0.1)
        assert sent < 30


def test_client_that_does_not_read_is_left(small: ServerProcess):
    request = json.dumps({"signature_name": "text", "instances": ["x" * 50_000]}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nContent-Length: {len(request)}\r\n\r\n".encode()
    with contextlib.closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(20)
        client.connect(("localhost", small.rest_api_port))
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            client.sendall((head + request) * 500)


def test_connections_beyond_the_limit_are_closed(small: ServerProcess):
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("localhost", small.rest_api_port)))
            for _ in range(30)
        ]
        time.sleep(0.2)
        closed = 0
        for client in clients:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                with contextlib.suppress(ConnectionResetError):
                    client.recv(1)
                closed += 1
        assert closed == 10
    time.sleep(0.1)
    assert Rest(small.rest_api_port)(PATH, {"instances": [1.0]})[0] == 200


def test_load_is_shed(small: ServerProcess):
    api, rest = Grpc(small.target), Rest(small.rest_api_port)
    slow = predict_request("slow", n=tensor([500], types_pb2.DT_INT32))
    with ThreadPoolExecutor(10) as pool:
        futures = [pool.submit(api.call, "Predict", slow) for _ in range(10)]
        codes = [error.code().name for future in futures if (error := future.exception())]
    assert codes == ["RESOURCE_EXHAUSTED"] * 6
    document = {"signature_name": "slow", "inputs": [500]}
    with ThreadPoolExecutor(10) as pool:
        statuses = sorted(pool.map(lambda _: rest(PATH, document)[0], range(10)))
    assert statuses == [200] * 4 + [429] * 6


def test_shed_request_says_when_to_come_again(small: ServerProcess):
    body = json.dumps({"signature_name": "slow", "inputs": [1000]}).encode()
    threads = [
        threading.Thread(target=ask, args=(small.rest_api_port, body), daemon=True)
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    response = ask(small.rest_api_port, b"{}")
    assert (response.status, response.headers["Retry-After"]) == (429, "1")
    for thread in threads:
        thread.join()


def test_small_message_claims_little_memory(small: ServerProcess):
    api = Grpc(small.target)
    few = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=[2.0])
    few.tensor_shape.dim.add(size=1000)
    response = api.call("Predict", predict_request("sum", x=few))
    assert list(response.outputs["y"].float_val) == [2000.0]
    for dtype, signature in ((types_pb2.DT_FLOAT, "sum"), (types_pb2.DT_STRING, "text")):
        many = tensor_pb2.TensorProto(dtype=dtype)
        many.tensor_shape.dim.add(size=2**25)
        assert api.error("Predict", predict_request(signature, x=many)) == (
            "INVALID_ARGUMENT",
            "tensor parsing error: x",
        )


def test_expired_call_is_not_run(small: ServerProcess):
    api = Grpc(small.target)
    slow = predict_request("slow", n=tensor([2000], types_pb2.DT_INT32))
    with ThreadPoolExecutor(4) as pool:
        running = pool.submit(api.call, "Predict", slow)
        time.sleep(0.1)
        waiting = [pool.submit(api.error, "Predict", slow, 0.05) for _ in range(3)]
        assert {future.result()[0] for future in waiting} == {"DEADLINE_EXCEEDED"}
        running.result()
    start = time.monotonic()
    api.call("Predict", predict_request(x=[1.0]))
    assert time.monotonic() - start < 0.5


def test_calls_whose_message_does_not_come_cost_the_others_nothing(small: ServerProcess):
    api = Grpc(small.target)
    end = threading.Event()

    def nothing() -> Iterator[bytes]:
        end.wait(20)
        yield b""

    call = api.channel.stream_unary("/tensorflow.serving.PredictionService/Predict")
    begun = [call.future(nothing()) for _ in range(3)]  # of a server with one thread
    time.sleep(0.3)
    start = time.monotonic()
    response = api.call("Predict", predict_request(x=[1.0]))
    assert list(response.outputs["y"].float_val) == [2.5]
    assert time.monotonic() - start < 2
    for silent in begun:
        silent.cancel()
    end.set()
