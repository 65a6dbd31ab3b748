"""Clients that send JSON over HTTP: `python -m benchmarks.peers.http_clients`.

    python -m benchmarks.peers.http_clients PORT PATH BODY CLIENTS ROWS

Each client is a thread with a connection of its own, as those of `benchmarks.grpc_clients`.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import Any

from benchmarks.grpc_clients import latencies_of, print_load

_START_SECONDS = 90.0
_OK = 200


def request(body: str, rows: int) -> bytes:
    """Returns a request for `rows` rows of 784 numbers, in one of the forms of the servers."""
    instances = [[i / 784 for i in range(784)]] * rows
    forms: dict[str, Any] = {
        "columns": {"signature_name": "columns", "instances": instances},
        "instances": {"instances": instances},
        "triton": {
            "inputs": [
                {"name": "image", "shape": [rows, 784], "datatype": "FP32", "data": instances}
            ]
        },
    }
    return json.dumps(forms[body]).encode()


def main(port: int, path: str, body: str, clients: int, rows: int) -> None:
    """Calls the server from `clients` threads; prints the fields of `Load`."""
    content = request(body, rows)
    together = threading.Barrier(clients)
    latencies: list[float] = []

    def work(_: int) -> None:
        connection = http.client.HTTPConnection("localhost", port, timeout=30)

        def call() -> None:
            connection.request("POST", path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != _OK:
                raise ValueError(f"{answer.status}: {text[:500]!r}")

        _until_it_answers(call, connection)
        together.wait()
        latencies.extend(latencies_of(call))

    print_load(work, clients, latencies)


def _until_it_answers(call: Any, connection: http.client.HTTPConnection) -> None:
    """Calls until the model is there: some servers open their port before."""
    limit = time.monotonic() + _START_SECONDS
    while True:
        try:
            return call()
        except (OSError, ValueError, http.client.HTTPException):
            if time.monotonic() > limit:
                raise
            connection.close()
            time.sleep(0.2)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], *map(int, sys.argv[4:6]))
