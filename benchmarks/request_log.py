"""What the request log costs: `python -m benchmarks.request_log`.

The model and the clients of `benchmarks.serving`, on one server whose log is switched on and off
by a new configuration, in turns: every request and its answer is written, or none is.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from rich.console import Console
from rich.table import Table

from benchmarks.grpc_clients import MODEL, over_grpc
from benchmarks.servers import Contender, Server, built_model
from tfline.serving.protos import model_management_pb2

PAIRS = 16
CASES = ((8, 1), (8, 64))
"""Clients that call at a time, and examples of a call."""

_RELOAD = "/tensorflow.serving.ModelService/HandleReloadConfigRequest"


@dataclass
class Measured:
    """What was measured with the log, or without.

    Attributes:
        rates: Calls a second, by turn.
        seconds: Processor time of the server.
        calls: How many there were.
    """

    rates: list[float] = field(default_factory=list)
    seconds: float = 0.0
    calls: float = 0.0


def main() -> None:
    """Prints a table: rates, and the processor time of a server for a call."""
    table = Table("clients", "batch", "calls/s without", "with", "share of it", "server ms", "with")
    with built_model() as base_path:
        arguments = (
            *("-m", "tfline.serving.server", "--port", "PORT"),
            *("--request_log_max_total_mb=512", f"--model_name={MODEL}"),
            f"--model_base_path={base_path}",
        )
        with Server(Contender("tfline", arguments)) as server:
            for clients, batch in CASES:
                without, logged = measure(server, base_path.parent, clients, batch)
                table.add_row(str(clients), str(batch), *_cells(without, logged))
    Console().print(table)


def measure(server: Server, folder: Path, clients: int, batch: int) -> tuple[Measured, Measured]:
    """Returns what is measured without the log and with it, in turns: A B, B A, A B, ..."""
    without, logged = Measured(), Measured()
    over_grpc(server.port, clients, batch)  # warm
    for pair in range(PAIRS):
        both = [without, logged]
        for measured in both if pair % 2 else reversed(both):
            switch(server, folder, on=measured is logged)
            began = server.processor_seconds()
            load = over_grpc(server.port, clients, batch)
            measured.seconds += server.processor_seconds() - began
            measured.calls += load.calls
            measured.rates.append(load.rate)
    return without, logged


def switch(server: Server, folder: Path, *, on: bool) -> None:
    """Has the server write every request, or none."""
    request = model_management_pb2.ReloadConfigRequest()
    model = request.config.model_config_list.config.add(
        name=MODEL, base_path=str(folder / MODEL), model_platform="tensorflow"
    )
    model.logging_config.log_collector_config.filename_prefix = str(folder / "log" / MODEL)
    model.logging_config.sampling_config.sampling_rate = float(on)
    with grpc.insecure_channel(f"localhost:{server.port}") as channel:
        call = channel.unary_unary(
            _RELOAD,
            request_serializer=model_management_pb2.ReloadConfigRequest.SerializeToString,
            response_deserializer=model_management_pb2.ReloadConfigResponse.FromString,
        )
        call(request)


def _cells(without: Measured, logged: Measured) -> list[str]:
    """Returns the figures of a case; the share is the median of those of the pairs."""
    shares = [b / a for a, b in zip(without.rates, logged.rates, strict=True)]
    return [
        *(f"{statistics.median(measured.rates):,.0f}" for measured in (without, logged)),
        f"{statistics.median(shares):.3f}",
        *(f"{measured.seconds / measured.calls * 1e3:.3f}" for measured in (without, logged)),
    ]


if __name__ == "__main__":
    main()
