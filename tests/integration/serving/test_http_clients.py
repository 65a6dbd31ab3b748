"""REST as people call it: through requests, and through curl."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tfline.serving.process import ServerProcess


@pytest.fixture(scope="module")
def url(server: ServerProcess) -> str:
    return f"http://localhost:{server.rest_api_port}/v1/models/toolbox"


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def test_requests_gets_predictions(session: requests.Session, url: str):
    response = session.post(f"{url}:predict", json={"instances": [1.0, 2.0]}, timeout=20)
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {"predictions": [2.5, 3.0]}


def test_requests_gets_errors_on_a_kept_connection(session: requests.Session, url: str):
    for body, status in (("{", 400), ('{"instances": [1.0]}', 200), ("", 400)):
        response = session.post(f"{url}:predict", data=body, timeout=20)
        assert response.status_code == status
        assert ("error" in response.json()) == (status == 400)
    missing = session.get(f"{url}/versions/7", timeout=20)
    assert missing.status_code == 404
    assert missing.json() == {"error": "Could not find version 7 of model toolbox"}


def test_requests_may_compress_and_stream(session: requests.Session, url: str):
    body = json.dumps({"instances": [1.0]}).encode()
    packed = session.post(
        f"{url}:predict",
        data=gzip.compress(body),
        headers={"Content-Encoding": "gzip"},
        timeout=20,
    )
    chunked = session.post(f"{url}:predict", data=iter([body[:5], body[5:]]), timeout=20)
    assert packed.json() == chunked.json() == {"predictions": [2.5]}


def test_requests_from_many_threads_do_not_mix(url: str):
    def ask(x: float) -> float:
        response = requests.post(f"{url}:predict", json={"instances": [x]}, timeout=20)
        return float(response.json()["predictions"][0])

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(64))) == [x / 2 + 2 for x in range(64)]


def test_body_that_waits_for_leave_gets_it(server: ServerProcess):
    with socket.create_connection(("localhost", server.rest_api_port), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/models/toolbox:predict HTTP/1.1\r\nContent-Length: 13\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b'{"inputs": 1}')
        assert connection.recv(4).startswith(b"HTTP")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    ("arguments", "status", "answer"),
    [
        (["/labels/stable:predict", "-d", '{"instances": [1.0]}'], 200, {"predictions": [2.5]}),
        (["/versions/123:predict", "-d", '{"inputs": 1.0}'], 200, {"outputs": 2.5}),
        (
            [":predict", "-d", '{"instances": "1"}'],
            400,
            {"error": "Excepting 'instances' value to be an list/array"},
        ),
        ([":predict", "-X", "PUT"], 400, None),
        (["/metadata", "-I"], 400, None),
        ([":predict", "-H", "Expect: 100-continue", "-d", '{"inputs": 1}'], 200, {"outputs": 2.5}),
    ],
    ids=["label", "version", "error", "method", "head", "continue"],
)
def test_curl_gets_an_answer(url: str, arguments, status, answer):
    path, *options = arguments
    command = ["curl", "-s", "-S", "-m", "20", "-w", "\n%{http_code}", f"{url}{path}", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    body, _, code = done.stdout.rpartition("\n")
    assert int(code) == status
    if answer is not None:
        assert json.loads(body) == answer
