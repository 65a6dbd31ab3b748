"""How near the model server comes to TensorFlow itself: `python -m benchmarks.serving`.

Calls over gRPC, from clients in another process, against calls of `tf.Session` in this one, in
turns, so that all meet the same machine. The model is the convolutional network of 14,590
parameters on tf.Examples of 784 floats. Beside the model server, as one process and as two that
share a port, there are the plain server of `benchmarks.plain_server`, and one that answers without
a model: the most that gRPC for Python can do here. Servers and clients share the processors: the
last columns, processor time a call, say how many calls these can carry at most.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import grpc
from rich.console import Console
from rich.table import Table

from benchmarks.grpc_clients import MODEL, Load, in_process, over_grpc, serialized_example
from benchmarks.plain_server import session_call
from tfline.serving.process import checked_port
from tfline.serving.server.session import Session
from tfline.serving.server.tensor import string_tensor

TURNS = 7
"""How often each case is measured; the medians count."""

START_SECONDS = 60.0
"""The most that a server may take to start."""

BATCHING = """
max_batch_size { value: 32 } batch_timeout_micros { value: 5000 }
max_enqueued_batches { value: 100 }
"""

BUILD = """
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
class Contender:
    """A way to answer calls.

    Attributes:
        name: What the table calls it.
        arguments: Of ``python -m``; ``PORT`` stands for the port.
        processes: How many share the port.
    """

    name: str
    arguments: Sequence[str]
    processes: int = 1


@dataclass(frozen=True)
class Case:
    """Some clients, and those who answer them.

    Attributes:
        clients: Clients that call at a time.
        batch: Examples of a call.
        target: The least share of the rate in process that is good; None: only latency counts.
        contenders: Who answers.
    """

    clients: int
    batch: int
    target: float | None
    contenders: Sequence[Contender]


class Server:
    """The processes of a contender, and a context in which they answer.

    Attributes:
        port: Of all processes.
        start_seconds: From their start until one answers.
    """

    def __init__(self, contender: Contender) -> None:
        self.port = checked_port(0)
        arguments = [str(self.port) if word == "PORT" else word for word in contender.arguments]
        started = time.perf_counter()
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=Path(__file__).parent.parent,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(contender.processes)
        ]
        with grpc.insecure_channel(f"localhost:{self.port}") as channel:
            grpc.channel_ready_future(channel).result(START_SECONDS)
        self.start_seconds = time.perf_counter() - started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.wait()

    def resident_mib(self) -> float:
        """Returns the memory of all processes."""
        return sum(_resident_mib(process.pid) for process in self._processes)

    def processor_seconds(self) -> float:
        """Returns the processor time that all processes have used."""
        return sum(_processor_seconds(process.pid) for process in self._processes)


def _resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_cases(base_path: Path, batching: Path) -> list[Case]:
    """Returns all cases, for a model and the parameters of batching."""
    model_server = (
        *("tfline.serving.server", "--port", "PORT", f"--model_name={MODEL}"),
        *(f"--model_base_path={base_path}", "--grpc_channel_arguments=grpc.so_reuseport=1"),
    )
    batched = (*model_server, "--enable_batching", f"--batching_parameters_file={batching}")
    nothing = Contender("no model", ("benchmarks.plain_server", "PORT"))
    plain = Contender("plain", ("benchmarks.plain_server", "PORT", str(base_path / "1")))
    one = Contender("tfline", model_server)
    two = Contender("tfline, 2 processes", (*model_server, "--grpc_max_threads=2"), processes=2)
    one_batching = Contender("tfline, batching", batched)
    two_batching = Contender("tfline, batching, 2 processes", batched, processes=2)
    return [
        Case(1, 1, None, (nothing, plain, one)),
        Case(8, 1, 0.8, (nothing, plain, one, two)),
        Case(8, 64, 0.85, (plain, one, two)),
        Case(64, 1, 1.0, (nothing, plain, one_batching, two_batching)),
    ]


def c_api_call(folder: Path) -> Callable[[list[bytes]], object]:
    """Returns a call through TensorFlow's C API, as the model server makes it."""
    session = Session(folder, ["serve"])
    signature = session.signatures["serving_default"]
    examples = signature.inputs["examples"].name
    fetches = [signature.outputs["probabilities"].name]
    return lambda values: session.run({examples: string_tensor(values)}, fetches)


def compare(case: Case, folder: Path, table: Table) -> None:
    """Measures one case in turns, and adds its rows to the table."""
    values = [serialized_example()] * case.batch
    session, c_api = session_call(str(folder)), c_api_call(folder)
    loads: dict[str, list[Load]] = {"tf.Session": [], "C API": []}
    used: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        servers = {c.name: stack.enter_context(Server(c)) for c in case.contenders}
        for _ in range(TURNS):
            loads["tf.Session"].append(in_process(lambda: session(values)))
            loads["C API"].append(in_process(lambda: c_api(values)))
            for name, server in servers.items():
                before = server.processor_seconds()
                load = over_grpc(server.port, case.clients, case.batch)
                seconds = (server.processor_seconds() - before) / load.calls
                loads.setdefault(name, []).append(load)
                used.setdefault(name, []).append(seconds)
        for name, measured in loads.items():
            inside = loads["tf.Session"]
            cells = [f"{_median(load.rate for load in measured):.0f}"]
            if name in servers:
                pairs = list(zip(measured, inside, strict=True))
                cells += [
                    f"{_median(load.rate / base.rate for load, base in pairs):.2f}",
                    "" if case.target is None else f"{case.target:.2f}",
                    _milliseconds(load.latency - base.latency for load, base in pairs),
                    f"{servers[name].start_seconds:.2f}",
                    f"{servers[name].resident_mib():.0f}",
                    _milliseconds(used[name]),
                    _milliseconds(load.caller_seconds for load in measured),
                ]
            table.add_row(str(case.clients), str(case.batch), name, *cells)
    table.add_section()


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _milliseconds(seconds: Iterable[float]) -> str:
    return f"{_median(seconds) * 1000:.2f}"


def main() -> None:
    """Builds the model and compares all cases."""
    figures = ("calls/s", "ratio", "target", "added ms", "start s", "MiB", "server ms", "client ms")
    table = Table("clients", "batch", "answered by", title="Calls of a model")
    for figure in figures:
        table.add_column(figure, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        base_path, batching = Path(folder, MODEL), Path(folder, "batching.config")
        version = base_path / "1"
        subprocess.run([sys.executable, "-c", BUILD, str(version)], check=True, capture_output=True)
        batching.write_text(BATCHING, encoding="utf-8")
        for case in make_cases(base_path, batching):
            compare(case, version, table)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
