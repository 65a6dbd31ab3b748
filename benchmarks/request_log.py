"""What the request log costs: `python -m benchmarks.request_log`.

The same model and clients as in `benchmarks.serving`, on a server that writes every request and its
answer and on one that writes none, in turns, so that both meet the same machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.grpc_clients import MODEL, Load, over_grpc
from benchmarks.serving import BUILD, Contender, Server

TURNS = 15
CASES = ((8, 1), (8, 64))
"""Clients that call at a time, and examples of a call."""


def main() -> None:
    """Prints a table: rates, and the processor time of a server for a call."""
    table = Table("clients", "batch", "calls/s without", "with the log", "share", "server ms/call")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        version = folder / MODEL / "1"
        subprocess.run([sys.executable, "-c", BUILD, str(version)], check=True, capture_output=True)
        plain = (
            *("tfline.serving.server", "--port", "PORT"),
            *(f"--model_name={MODEL}", f"--model_base_path={version.parent}"),
        )
        log = (f"--request_log_folder={folder / 'log'}", "--request_log_max_total_mb=512")
        with (
            Server(Contender("without", plain)) as without,
            Server(Contender("with", (*plain, *log))) as with_log,
        ):
            for clients, batch in CASES:
                table.add_row(
                    str(clients), str(batch), *_compare(without, with_log, clients, batch)
                )
    Console().print(table)


def _compare(without: Server, with_log: Server, clients: int, batch: int) -> list[str]:
    """Returns the cells of a case; the rates are medians of turns, their share that of pairs."""
    loads: dict[str, list[Load]] = {"without": [], "with": []}
    seconds: dict[str, float] = {}
    for server in (without, with_log):  # warm
        over_grpc(server.port, clients, batch)
    began = {"without": without.processor_seconds(), "with": with_log.processor_seconds()}
    for turn in range(TURNS):
        both = [("without", without), ("with", with_log)]
        for name, server in both if turn % 2 else reversed(both):
            loads[name].append(over_grpc(server.port, clients, batch))
    for name, server in (("without", without), ("with", with_log)):
        calls = sum(load.calls for load in loads[name])
        seconds[name] = (server.processor_seconds() - began[name]) / calls
    rates = {name: [load.rate for load in turns] for name, turns in loads.items()}
    pairs = [b / a for a, b in zip(rates["without"], rates["with"], strict=True)]
    return [
        f"{statistics.median(rates['without']):,.0f}",
        f"{statistics.median(rates['with']):,.0f}",
        f"{statistics.median(pairs):.3f}",
        f"{seconds['without'] * 1e3:.3f} to {seconds['with'] * 1e3:.3f}",
    ]


if __name__ == "__main__":
    main()
