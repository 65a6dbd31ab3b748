"""The model server as a process of its own, for as long as it is needed.

with start_server("models/taxi", "taxi") as server:
    client = Client(server.target, model="taxi")
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tfline.serving.errors import StartError
from tfline.serving.labels import CONFIG_FILE, Labels, config_text

__all__ = ["ServerProcess", "start_server"]

_POLL_SECONDS = 0.05
_STOP_SECONDS = 20.0  # longer than the server takes at most
_SHOWN_LINES = 12
_MAX_PORT = 65535


class ServerProcess:
    """A running model server. It ends with its context, and with this process at the latest.

    Attributes:
        port: The TCP port of gRPC.
        rest_api_port: The port of the REST API; 0: none.
        target: The address for a client.
        pid: The process.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, rest_api_port: int, log: IO[bytes]
    ) -> None:
        self.port = port
        self.rest_api_port = rest_api_port
        self.target = f"localhost:{port}"
        self.pid = process.pid
        self._process = process
        self._log = log
        self._finalizer = weakref.finalize(self, _end, process)
        weakref.finalize(self, log.close)  # after `stop`, the log can still be read

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def output(self) -> str:
        """Returns what the server has written so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def wait(self) -> int:
        """Blocks until the process ends by itself, and returns its exit code."""
        return self._process.wait()

    def stop(self) -> int:
        """Ends the server, gracefully if it lets itself, and returns its exit code."""
        self._finalizer()
        return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_server(
    model_base_path: str | os.PathLike[str],
    model_name: str,
    port: int = 0,
    *,
    rest_api_port: int = 0,
    version: int | None = None,
    flags: Sequence[str] = (),
    timeout: float = 60.0,
) -> ServerProcess:
    """Starts a model server, and returns once it answers.

    Args:
        model_base_path: The folder of the model's versions.
        model_name: The name of the model.
        port: The TCP port of gRPC; 0: one that is free.
        rest_api_port: The port of the REST API; 0: none.
        version: The only one to serve; None: the newest, and those that follow.
        flags: Further flags of the server.
        timeout: Seconds that the start may take.

    Raises:
        StartError: If there is no model, a port is in use, or the server ends or takes too long.
    """
    base_path = Path(model_base_path).resolve()
    check_model(base_path)
    port = checked_port(port)
    if rest_api_port:
        checked_port(rest_api_port)
    with _model_flags(model_name, base_path, version) as model_flags:
        command = [
            *(sys.executable, "-m", "tfline.serving.server.supervised"),
            f"--port={port}",
            f"--rest_api_port={rest_api_port}",
            *model_flags,
            "--max_num_load_retries=0",
            *flags,
        ]
        log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        server = ServerProcess(process, port, rest_api_port, log)
        try:
            _wait_until_open(server, timeout)
        except BaseException:
            server.stop()
            raise
    return server


@contextlib.contextmanager
def _model_flags(name: str, base_path: Path, version: int | None) -> Iterator[list[str]]:
    """Yields what tells a server its model; one version alone is named in a file, while it starts.

    Raises:
        StartError: There is no such version.
    """
    if version is None:
        yield [f"--model_name={name}", f"--model_base_path={base_path}"]
        return
    there = sorted(int(child.name) for child in base_path.iterdir() if child.name.isdecimal())
    if version not in there:
        raise StartError(
            f"There is no version {version}",
            where=str(base_path),
            hint=f"There are: {', '.join(map(str, there))}.",
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / CONFIG_FILE
        file.write_text(config_text(name, str(base_path), Labels({}, (version,))), "utf-8")
        yield [f"--model_config_file={file}"]


def check_model(base_path: Path) -> None:
    """Raises if the server would wait for a version for ever."""
    if not base_path.is_dir():
        raise StartError(
            "The model's folder does not exist",
            where=str(base_path),
            hint="Push a model there first: `tfline run` does.",
        )
    if not any(child.name.isdecimal() for child in base_path.iterdir()):
        raise StartError(
            "The model's folder has no version: no folder whose name is a number",
            where=str(base_path),
            hint="Push a model there first, or name the folder above the versions.",
        )


def checked_port(port: int) -> int:
    """Returns `port`, or a free one for 0.

    Raises:
        StartError: If it is in use, or no number of a port.
    """
    if not 0 <= port <= _MAX_PORT:
        raise StartError(f"Invalid port. Expected 0 to {_MAX_PORT}. Received: {port}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - where the server binds, too
        except OSError as error:
            raise StartError(
                f"Port {port} cannot be used: {error.strerror}",
                hint="Choose another port, or 0 for any that is free.",
            ) from error
        free: int = probe.getsockname()[1]
        return free


def _wait_until_open(server: ServerProcess, timeout: float) -> None:
    """Blocks until the port is open, which is once the model is available."""
    end = time.monotonic() + timeout
    while True:
        if not server.running:
            raise StartError(
                f"The model server ended with exit code {server.wait()}", where=_last_lines(server)
            )
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        if time.monotonic() > end:
            raise StartError(
                f"The model server was not ready within {timeout:g} seconds",
                where=_last_lines(server),
            )
        time.sleep(_POLL_SECONDS)


def _last_lines(server: ServerProcess) -> str:
    return "\n".join(server.output().splitlines()[-_SHOWN_LINES:])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdin:
            process.stdin.close()
