"""The process above those that serve: it starts them, replaces those that die, and ends them all.

The workers share the ports of gRPC and REST (SO_REUSEPORT): the system spreads the connections.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tfline.serving.server.flags import Flags

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_STABLE_SECONDS = 30.0  # a worker that dies earlier is replaced after a pause
_MAX_PAUSE_SECONDS = 30.0
_END_SECONDS = 10.0  # beside what the calls under way may take
_CONNECTION_ARGUMENTS = {
    "grpc.so_reuseport": 1,
    # A connection stays with its worker: clients connect anew from time to time, and calls spread.
    "grpc.max_connection_age_ms": 300_000,
    "grpc.max_connection_age_grace_ms": 60_000,
}


class _Worker:
    """One process that serves; another takes its place when it dies."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._pause = 0.0
        self.start()

    def start(self) -> None:
        self._started = time.monotonic()
        self._start_at: float | None = None
        # Its standard input ends with this process, and it with that: see `supervised`.
        self.process = subprocess.Popen(self._command, stdin=subprocess.PIPE)

    def look_after(self) -> None:
        """Replaces the process if it is dead: at once, or after a pause if that happens often."""
        now = time.monotonic()
        if self._start_at is None and (code := self.process.poll()) is not None:
            stable = now - self._started > _STABLE_SECONDS
            self._pause = 0.0 if stable else min(_MAX_PAUSE_SECONDS, 2 * self._pause + 1)
            self._start_at = now + (0.0 if stable else self._pause - 1)
            logger.error(
                "Worker %d has ended with code %d: another one is started", self.process.pid, code
            )
        if self._start_at is not None and now >= self._start_at:
            self.start()

    def end(self) -> None:
        """Asks the process to end."""
        self.process.terminate()

    def wait(self, until: float) -> None:
        """Blocks until the process has ended, and kills it if that takes too long."""
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.error("Worker %d does not end, and is killed", self.process.pid)
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


class Supervisor:
    """Runs the workers. A context: they have ended after it.

    Args:
        flags: The settings; `flags.worker_processes` says how many workers there are.
        arguments: The command line that they come from.
    """

    def __init__(self, flags: Flags, arguments: Sequence[str]) -> None:
        self._flags = flags
        self._arguments = arguments
        self._workers: list[_Worker] = []

    def run(self) -> int:
        """Serves until this thread is interrupted, or no worker can be started.

        Returns:
            The exit code of a worker that ended while it started, before all others.
        """
        with tempfile.TemporaryDirectory(prefix="tfline-") as folder:
            try:
                self._workers = [
                    _Worker(self._command(Path(folder, f"{index}.sock")))
                    for index in range(self._flags.worker_processes)
                ]
                code = self._wait_for_sockets(Path(folder))
                while code is None:
                    time.sleep(_POLL_SECONDS)
                    for worker in self._workers:
                        worker.look_after()
                return code
            finally:
                self._end()

    def _wait_for_sockets(self, folder: Path) -> int | None:
        """Blocks until every worker serves; returns the exit code of one that cannot."""
        while len(list(folder.glob("*.sock"))) < len(self._workers):
            for worker in self._workers:
                if (code := worker.process.poll()) is not None:
                    return code
            time.sleep(_POLL_SECONDS)
        logger.info("%d processes serve", len(self._workers))
        return None

    def _end(self) -> None:
        flags = self._flags
        until = time.monotonic() + _END_SECONDS
        until += (flags.drain_timeout_in_ms + flags.lame_duck_in_ms) / 1000
        for worker in self._workers:
            worker.end()
        for worker in self._workers:
            worker.wait(until)

    def _command(self, socket: Path) -> list[str]:
        given = self._flags.grpc_channel_arguments
        channel = [f"{key}={value}" for key, value in _CONNECTION_ARGUMENTS.items()]
        return [
            *(sys.executable, "-m", "tfline.serving.server.supervised"),
            *self._arguments,
            "--processes=1",
            f"--worker_socket_path={socket}",
            f"--grpc_channel_arguments={','.join([*channel, *filter(None, [given])])}",
            *self._threads(),
        ]

    def _threads(self) -> list[str]:
        """Returns the flags for the threads of a worker: its share of those of one process."""
        flags = self._flags
        share = max(2, 2 * (os.cpu_count() or 1) // flags.worker_processes)
        given = {
            "grpc_max_threads": flags.grpc_max_threads,
            "rest_api_num_threads": flags.rest_api_num_threads,
        }
        if flags.enable_batching:  # most of them wait
            return []
        return [f"--{name}={share}" for name, count in given.items() if not count]
