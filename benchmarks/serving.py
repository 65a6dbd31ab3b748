"""How near the model server comes to TensorFlow itself: `python -m benchmarks.serving`.

Calls over gRPC, from clients in another process, against calls of `tf.Session` in this one, in
turns, so that all meet the same machine. Each call has a deadline, as those of users have. The
model is the convolutional network of 14,590 parameters on tf.Examples of 784 floats. Beside the
model server, as one process and with ``--processes=2``, there are the plain server of
`benchmarks.plain_server`, and one that answers without a model: the most that gRPC for Python can
do here. Servers and clients share the processors: the last columns, processor time a call, say how
many calls these can carry at most; that of the model alone stands beside the C API. Latencies at
half the rate are those of the model server at half of what it has just carried.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.grpc_clients import MODEL, Load, in_process, over_grpc, serialized_example
from benchmarks.plain_server import session_call
from benchmarks.servers import Contender, Server, built_model
from tfline.serving.server.session import Session
from tfline.serving.server.tensor import string_tensor

TURNS = 7
"""How often each case is measured; the medians count."""

IN_PROCESS = ("tf.Session", "C API", "C API, 2 threads")
"""The ways to call the model without a server."""

BATCHING = """
max_batch_size { value: 32 } batch_timeout_micros { value: 5000 }
max_enqueued_batches { value: 100 }
"""


@dataclass(frozen=True)
class Case:
    """Some clients, and those who answer them.

    Attributes:
        clients: Clients that call at a time.
        batch: Examples of a call.
        contenders: Who answers.
    """

    clients: int
    batch: int
    contenders: Sequence[Contender]


def make_cases(base_path: Path, batching: Path) -> list[Case]:
    """Returns all cases, for a model and the parameters of batching."""
    model_server = (
        *("-m", "tfline.serving.server", "--port", "PORT", f"--model_name={MODEL}"),
        f"--model_base_path={base_path}",
    )
    batched = (*model_server, "--enable_batching", f"--batching_parameters_file={batching}")
    nothing = Contender("no model", ("-m", "benchmarks.plain_server", "PORT"))
    plain = Contender("plain", ("-m", "benchmarks.plain_server", "PORT", str(base_path / "1")))

    def tfline(one: float | None, two: float, arguments: Sequence[str]) -> list[Contender]:
        return [
            Contender("tfline", arguments, one),
            Contender("tfline, 2 processes", (*arguments, "--processes=2"), two),
        ]

    return [
        Case(1, 1, [nothing, plain, Contender("tfline", model_server)]),
        Case(8, 1, [nothing, plain, *tfline(0.95, 1.5, model_server)]),
        Case(8, 64, [plain, *tfline(0.95, 1.0, model_server)]),
        Case(64, 1, [nothing, plain, *tfline(1.3, 1.5, batched)]),
    ]


def c_api_call(folder: Path) -> Callable[[list[bytes]], object]:
    """Returns a call through TensorFlow's C API, as the model server makes it."""
    session = Session(folder, ["serve"])
    signature = session.signatures["serving_default"]
    examples = signature.inputs["examples"].name
    fetches = [signature.outputs["probabilities"].name]
    return lambda values: session.run({examples: string_tensor(values)}, fetches)


@dataclass
class Measured:
    """What the turns have measured of one way to call.

    Attributes:
        loads: At the full rate.
        half: At half of it.
        used: Processor seconds of the server a call.
    """

    loads: list[Load] = field(default_factory=list)
    half: list[Load] = field(default_factory=list)
    used: list[float] = field(default_factory=list)


def measure(case: Case, folder: Path, servers: Mapping[str, Server]) -> dict[str, Measured]:
    """Measures one case in turns."""
    values = [serialized_example()] * case.batch
    session, c_api = session_call(str(folder)), c_api_call(folder)
    found: dict[str, Measured] = {name: Measured() for name in (*IN_PROCESS, *servers)}
    for _ in range(TURNS):
        found["tf.Session"].loads.append(in_process(lambda: session(values)))
        found["C API"].loads.append(in_process(lambda: c_api(values)))
        found["C API, 2 threads"].loads.append(in_process(lambda: c_api(values), threads=2))
        for name, server in servers.items():
            before = server.processor_seconds()
            load = over_grpc(server.port, case.clients, case.batch)
            found[name].used.append((server.processor_seconds() - before) / load.calls)
            found[name].loads.append(load)
            if name.startswith("tfline"):
                half = over_grpc(server.port, case.clients, case.batch, load.rate / 2)
                found[name].half.append(half)
    return found


def compare(case: Case, folder: Path, table: Table) -> None:
    """Measures one case, and adds its rows to the table."""
    with contextlib.ExitStack() as stack:
        servers = {c.name: stack.enter_context(Server(c)) for c in case.contenders}
        found = measure(case, folder, servers)
        targets = {c.name: c.target for c in case.contenders}
        inside = found["tf.Session"].loads
        for name, measured in found.items():
            loads, half = measured.loads, measured.half
            pairs = list(zip(loads, inside, strict=True))
            target = targets.get(name)
            cells = [
                f"{_median(load.rate for load in loads):.0f}",
                f"{_median(load.rate / base.rate for load, base in pairs):.2f}",
                "" if target is None else f"{target:.2f}",
            ]
            if server := servers.get(name):
                cells += [
                    _milliseconds(load.latency - base.latency for load, base in pairs),
                    _milliseconds(load.latency for load in half) if half else "",
                    _milliseconds(load.slow for load in half) if half else "",
                    f"{server.start_seconds:.2f}",
                    f"{server.resident_mib():.0f}",
                    _milliseconds(measured.used),
                    _milliseconds(load.caller_seconds for load in loads),
                ]
            else:
                own = _milliseconds(load.caller_seconds for load in loads)
                cells += ["", "", "", "", "", own, ""]
            table.add_row(str(case.clients), str(case.batch), name, *cells)
    table.add_section()


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _milliseconds(seconds: Iterable[float]) -> str:
    return f"{_median(seconds) * 1000:.2f}"


def main() -> None:
    """Builds the model and compares all cases."""
    figures = (
        *("calls/s", "ratio", "target", "added ms", "p50 at half", "p99 at half", "start s"),
        *("MiB", "server ms", "client ms"),
    )
    table = Table("clients", "batch", "answered by", title="Calls of a model")
    for figure in figures:
        table.add_column(figure, justify="right")
    with built_model() as base_path:
        batching = base_path.with_name("batching.config")
        batching.write_text(BATCHING, encoding="utf-8")
        for case in make_cases(base_path, batching):
            compare(case, base_path / "1", table)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
