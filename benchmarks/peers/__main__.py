"""The model server beside others of the registry: `python -m benchmarks.peers`.

All answer the same JSON over HTTP, with the same model of `benchmarks.servers` and the same
TensorFlow, as one process that runs it. Each peer is installed into an environment of its own
below ``build/peers``, and what it lacks there (TensorFlow) is that of this one. They are measured
in turns; a peer that cannot be installed, or does not start, is said to be so.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.grpc_clients import MODEL, Load
from benchmarks.servers import ROOT, Contender, Server, built_model

TURNS = 5
CASES = ((1, 1), (8, 1), (8, 64))
"""Clients that call at a time, and rows of a call."""

FOLDER = ROOT / "build" / "peers"


@dataclass(frozen=True)
class Peer:
    """Another server.

    Attributes:
        package: What is installed.
        arguments: Of its interpreter; ``PORT`` stands for the port.
        path: Of the request.
        body: Its form, one of `benchmarks.peers.http_clients`.
    """

    package: str
    arguments: Sequence[str]
    path: str = "/predict"
    body: str = "instances"


_BENTOML = ("-m", "bentoml", "serve", "benchmarks.peers.bentoml_server:Network", "--port", "PORT")

PEERS = {
    "BentoML": Peer("bentoml==1.4.39", _BENTOML),
    "LitServe": Peer("litserve==0.2.19", ("-m", "benchmarks.peers.litserve_server", "PORT")),
    "Ray Serve": Peer("ray[serve]==2.60.0", ("-m", "benchmarks.peers.ray_server", "PORT")),
    "PyTriton": Peer(
        "nvidia-pytriton==0.7.0",
        ("-m", "benchmarks.peers.triton_server", "PORT"),
        "/v2/models/network/infer",
        "triton",
    ),
}


def installed(name: str, peer: Peer) -> str:
    """Returns the interpreter of a peer's environment, which is made if it is not there."""
    folder = FOLDER / peer.package.partition("[")[0].partition("=")[0]
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"installing {name}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", peer.package], check=True)
        [site] = (folder / "lib").glob("python*/site-packages")
        (site / "tensorflow_of_tfline.pth").write_text(sysconfig.get_path("purelib"))
        (folder / "installed").touch()
    return str(python)


def contender(name: str, peer: Peer, model: Path) -> Contender:
    """Returns a peer as it is started."""
    binaries = FOLDER / peer.package.partition("[")[0].partition("=")[0] / "bin"
    environment = {
        **os.environ,
        "MODEL_FOLDER": str(model),
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    return Contender(name, peer.arguments, None, installed(name, peer), environment)


def over_http(port: int, path: str, body: str, clients: int, rows: int) -> Load:
    """Has clients in another process call a server."""
    arguments = [str(port), path, body, str(clients), str(rows)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers.http_clients", *arguments],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Load(*map(float, done.stdout.split()))


def main() -> None:
    """Measures all servers in turns, and prints a table."""
    table = Table("clients", "rows", "server", title="Calls over HTTP with JSON")
    for figure in ("calls/s", "share of tfline", "p50 ms", "p99 ms", "MiB"):
        table.add_column(figure, justify="right")
    with built_model() as base_path, contextlib.ExitStack() as stack:
        arguments = (
            *("-m", "tfline.serving.server", "--port=0", "--rest_api_port", "PORT"),
            *(f"--model_name={MODEL}", f"--model_base_path={base_path}"),
            f"--grpc_socket_path={base_path.parent}/grpc.sock",
        )
        asked = {"tfline": (f"/v1/models/{MODEL}:predict", "columns")}
        servers = {"tfline": stack.enter_context(Server(Contender("tfline", arguments)))}
        for name, peer in PEERS.items():
            try:
                server = Server(contender(name, peer, base_path / "1"))
                servers[name] = stack.enter_context(server)
                asked[name] = (peer.path, peer.body)
                over_http(server.port, *asked[name], 1, 1)
            except (RuntimeError, subprocess.CalledProcessError) as exc:
                servers.pop(name, None)
                print(f"{name} cannot be measured here: {exc}", flush=True)
        for clients, rows in CASES:
            loads: dict[str, list[Load]] = {name: [] for name in servers}
            for _ in range(TURNS):
                for name, server in servers.items():
                    loads[name].append(over_http(server.port, *asked[name], clients, rows))
            for name, found in loads.items():
                table.add_row(
                    str(clients), str(rows), name, *_cells(found, loads["tfline"], servers[name])
                )
            table.add_section()
    Console(width=120).print(table)


def _cells(found: Sequence[Load], tfline: Sequence[Load], server: Server) -> list[str]:
    shares = [load.rate / base.rate for load, base in zip(found, tfline, strict=True)]
    return [
        f"{statistics.median(load.rate for load in found):,.0f}",
        f"{statistics.median(shares):.2f}",
        f"{statistics.median(load.latency for load in found) * 1000:.2f}",
        f"{statistics.median(load.slow for load in found) * 1000:.2f}",
        f"{server.resident_mib():.0f}",
    ]


if __name__ == "__main__":
    main()
