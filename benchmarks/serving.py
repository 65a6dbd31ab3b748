"""How near the model server comes to TensorFlow itself: `python -m benchmarks.serving`.

Calls over gRPC, from clients in another process, against calls of the same session in this one, in
turns, so that both meet the same machine. The model is the convolutional network of 14,590
parameters on tf.Examples of 784 floats. Server and clients share the processors: the two last
columns, processor time a call, say how many calls these can carry at most.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc

from serving.channel import PREDICT
from serving.process import ServerProcess, start_server
from serving.protos import example_pb2, predict_pb2, types_pb2
from serving.server.session import Session
from serving.server.tensor import string_tensor

_MODEL = "network"
_SECONDS = 1.0
_TURNS = 5
_BATCHING = """
max_batch_size { value: 32 } batch_timeout_micros { value: 5000 }
max_enqueued_batches { value: 100 }
"""
_BUILD = """
import sys, keras, tensorflow as tf
network = keras.Sequential([
    keras.Input([28, 28, 1]),
    keras.layers.Conv2D(30, 2, activation="relu"), keras.layers.MaxPooling2D(),
    keras.layers.Conv2D(30, 2, activation="relu"), keras.layers.MaxPooling2D(),
    keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax"),
])
module = tf.Module()
module.weights = [weight.value for weight in network.weights]
@tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
def serve(examples):
    spec = {"image": tf.io.FixedLenFeature([784], tf.float32)}
    images = tf.io.parse_example(examples, spec)["image"]
    return {"probabilities": network(tf.reshape(images, [-1, 28, 28, 1]))}
tf.saved_model.save(module, sys.argv[1], signatures={"serving_default": serve})
"""


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        name: What is compared.
        clients: Clients that call at a time.
        batch: Examples of a call over gRPC.
        target: The least ratio of the rates that is good.
        flags: Of the server.
    """

    name: str
    clients: int
    batch: int
    target: float
    flags: tuple[str, ...] = ()


def _example() -> bytes:
    example = example_pb2.Example()
    example.features.feature["image"].float_list.value.extend(i / 784 for i in range(784))
    serialized: bytes = example.SerializeToString()
    return serialized


def _request(batch: int) -> bytes:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = _MODEL
    tensor = request.inputs["examples"]
    tensor.dtype = types_pb2.DT_STRING
    tensor.tensor_shape.dim.add(size=batch)
    tensor.string_val.extend([_example()] * batch)
    serialized: bytes = request.SerializeToString()
    return serialized


def _rate(call: Callable[[], object], seconds: float) -> tuple[int, list[float]]:
    """Calls for some seconds; returns the number of calls and their latencies."""
    latencies = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        call()
        latencies.append(time.perf_counter() - start)
    return len(latencies), latencies


def _in_process(session: Session, batch: int) -> tuple[float, float]:
    """Returns calls a second, and the median latency."""
    signature = session.signatures["serving_default"]
    feeds = {signature.inputs["examples"].name: string_tensor([_example()] * batch)}
    fetches = [signature.outputs["probabilities"].name]
    session.run(feeds, fetches)
    calls, latencies = _rate(lambda: session.run(feeds, fetches), _SECONDS)
    return calls / _SECONDS, statistics.median(latencies)


@dataclass(frozen=True)
class Load:
    """What clients in another process measured.

    Attributes:
        rate: Calls a second.
        latency: Median, in seconds.
        client_seconds: Processor time of the clients for one call.
    """

    rate: float
    latency: float
    client_seconds: float


def _over_grpc(port: int, case: Case) -> Load:
    """Has clients in another process call the server."""
    arguments = [str(value) for value in (port, case.clients, case.batch)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.serving", *arguments],
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"GRPC_EXPERIMENTS": "-event_engine_client"},  # less time a call
        check=True,
        capture_output=True,
        text=True,
    )
    return Load(*map(float, done.stdout.split()))


def client(port: int, clients: int, batch: int) -> None:
    """Calls the server from `clients` threads; prints the fields of `Load`."""
    request = _request(batch)
    together = threading.Barrier(clients)
    results: list[tuple[int, list[float]]] = []

    def work(index: int) -> None:
        # An option that differs gives each thread a connection of its own.
        with grpc.insecure_channel(f"localhost:{port}", [("benchmark.client", index)]) as channel:
            predict = channel.unary_unary(PREDICT, None, None)
            predict(request, wait_for_ready=True)
            together.wait()
            results.append(_rate(lambda: predict(request), _SECONDS))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    start = time.process_time()
    for thread in threads:
        thread.join()
    used = time.process_time() - start
    calls = sum(calls for calls, _ in results)
    latencies = [latency for _, some in results for latency in some]
    print(calls / _SECONDS, statistics.median(latencies), used / calls)


def _resident_mib(server: ServerProcess) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _processor_seconds(server: ServerProcess) -> float:
    fields = Path(f"/proc/{server.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(base_path: Path, session: Session, case: Case) -> None:
    """Prints the rates of one case, in turns, and their ratio."""
    in_process_batch = 1 if case.flags else case.batch
    inside, loads, added, used = [], [], [], []
    start = time.perf_counter()
    with start_server(base_path, _MODEL, flags=case.flags) as server:
        seconds = time.perf_counter() - start
        for _ in range(_TURNS):
            rate, latency = _in_process(session, in_process_batch)
            before = _processor_seconds(server)
            load = _over_grpc(server.port, case)
            used.append((_processor_seconds(server) - before) / load.rate / _SECONDS)
            inside.append(rate)
            loads.append(load)
            added.append(load.latency - latency)
        ratio = statistics.median(b.rate / a for a, b in zip(inside, loads, strict=True))
        print(
            f"{case.name:22} {statistics.median(inside):8.0f} "
            f"{statistics.median(load.rate for load in loads):8.0f} "
            f"{ratio:6.2f} {case.target:6.2f} {statistics.median(added) * 1000:9.2f} "
            f"{seconds:6.2f} {_resident_mib(server):6.0f} {statistics.median(used) * 1000:10.2f} "
            f"{statistics.median(load.client_seconds for load in loads) * 1000:10.2f}"
        )


def main() -> None:
    """Builds the model and compares all cases."""
    with tempfile.TemporaryDirectory() as folder:
        base_path = Path(folder, _MODEL)
        subprocess.run(
            [sys.executable, "-c", _BUILD, str(base_path / "1")], check=True, capture_output=True
        )
        batching = Path(folder, "batching.config")
        batching.write_text(_BATCHING, encoding="utf-8")
        flags = ("--enable_batching", f"--batching_parameters_file={batching}")
        session = Session(base_path / "1", ["serve"])
        print(
            f"{'calls a second':22} {'inside':>8} {'served':>8} {'ratio':>6} {'target':>6} "
            f"{'added ms':>9} {'start':>6} {'MiB':>6} {'server ms':>10} {'client ms':>10}"
        )
        for case in (
            Case("1 client, batch 1", 1, 1, 0.0),
            Case("8 clients, batch 1", 8, 1, 0.8),
            Case("8 clients, batch 64", 8, 64, 0.85),
            Case("64 clients, batching", 64, 1, 1.0, flags),
        ):
            compare(base_path, session, case)


if __name__ == "__main__":
    if sys.argv[1:]:
        client(*map(int, sys.argv[1:]))
    else:
        main()
