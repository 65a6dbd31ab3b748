"""Clients of a model server, in a process of their own: `python -m benchmarks.grpc_clients`.

    python -m benchmarks.grpc_clients PORT CLIENTS BATCH [RATE]

Each client is a thread with a connection of its own, and calls again as soon as it has its answer;
with a rate, all of them together make so many calls a second. Each call has a deadline.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from tfline.serving.channel import PREDICT
from tfline.serving.protos import example_pb2, predict_pb2, types_pb2

MODEL = "network"
"""The name of the model."""

_SECONDS = 1.0
_DEADLINE = 30.0  # as every real client sets one


@dataclasses.dataclass(frozen=True)
class Load:
    """What callers measured.

    Attributes:
        calls: How many there were.
        rate: Calls a second.
        latency: Median, in seconds.
        slow: The latency that one call of a hundred exceeds, in seconds.
        caller_seconds: Processor time of the callers for one call.
    """

    calls: float
    rate: float
    latency: float
    slow: float
    caller_seconds: float


def over_grpc(port: int, clients: int, batch: int, rate: float = 0) -> Load:
    """Has clients in another process call the server, if need be at a rate."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.grpc_clients", *map(str, (port, clients, batch, rate))],
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"GRPC_EXPERIMENTS": "-event_engine_client"},  # less time a call
        check=True,
        capture_output=True,
        text=True,
    )
    return Load(*map(float, done.stdout.split()))


def in_process(call: Callable[[], object], threads: int = 1) -> Load:
    """Calls again and again from threads of this process, after a call that is not counted."""
    call()
    start = time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        each = pool.map(latencies_of, [call] * threads)
        latencies = [latency for latencies in each for latency in latencies]
    return load_of(latencies, time.process_time() - start)


def serialized_example() -> bytes:
    """Returns a tf.Example of 784 floats."""
    example = example_pb2.Example()
    example.features.feature["image"].float_list.value.extend(i / 784 for i in range(784))
    serialized: bytes = example.SerializeToString()
    return serialized


def _request(batch: int) -> bytes:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL
    tensor = request.inputs["examples"]
    tensor.dtype = types_pb2.DT_STRING
    tensor.tensor_shape.dim.add(size=batch)
    tensor.string_val.extend([serialized_example()] * batch)
    serialized: bytes = request.SerializeToString()
    return serialized


def latencies_of(call: Callable[[], object], pause: float = 0.0) -> list[float]:
    """Calls for some time, once in `pause` seconds; returns the seconds of each call."""
    latencies = []
    begun = time.perf_counter()
    while (start := time.perf_counter()) < begun + _SECONDS:
        call()
        latencies.append(time.perf_counter() - start)
        if pause:
            time.sleep(max(0.0, begun + len(latencies) * pause - time.perf_counter()))
    return latencies


def load_of(latencies: Sequence[float], used: float) -> Load:
    """Returns what the seconds of each call, and the processor seconds of all callers, tell."""
    calls = len(latencies)
    slow = sorted(latencies)[calls * 99 // 100]
    return Load(calls, calls / _SECONDS, statistics.median(latencies), slow, used / calls)


def print_load(work: Callable[[int], None], clients: int, latencies: Sequence[float]) -> None:
    """Runs `work` in as many threads as there are clients; prints the fields of `Load`.

    Args:
        work: What a client does, by its number.
        clients: How many there are.
        latencies: The seconds of each call; `work` adds to it.
    """
    threads = [threading.Thread(target=work, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    start = time.process_time()
    for thread in threads:
        thread.join()
    print(*dataclasses.astuple(load_of(latencies, time.process_time() - start)))


def main(port: int, clients: int, batch: int, rate: float = 0) -> None:
    """Calls the server from `clients` threads; prints the fields of `Load`."""
    pause = clients / rate if rate else 0.0
    request = _request(batch)
    together = threading.Barrier(clients)
    latencies: list[float] = []

    def work(index: int) -> None:
        # An option that differs gives each thread a connection of its own.
        with grpc.insecure_channel(f"localhost:{port}", [("benchmark.client", index)]) as channel:
            predict = channel.unary_unary(PREDICT, None, None)
            predict(request, wait_for_ready=True, timeout=_DEADLINE)
            together.wait()
            latencies.extend(latencies_of(lambda: predict(request, timeout=_DEADLINE), pause))

    print_load(work, clients, latencies)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), *map(float, sys.argv[4:]))
