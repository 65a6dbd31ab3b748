"""The server process: its command line, its log, and the signals that end it."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import signal
from collections.abc import Sequence

from tfline.serving.server.c_api import library
from tfline.serving.server.flags import UsageError, parse, usage, with_environment
from tfline.serving.server.processes.supervisor import Supervisor
from tfline.serving.server.server import Server
from tfline.serving.server.status import StatusError

logger = logging.getLogger(__name__)

_FAILURE = 255
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def main(arguments: Sequence[str]) -> int:
    """Runs a server until SIGTERM or SIGINT.

    Args:
        arguments: The command line, without the name of the program.

    Returns:
        The exit code of the process.
    """
    try:
        flags, unknown = parse(arguments)
        processes = flags.worker_processes
    except UsageError as error:
        print(f"{error}\n{usage()}".strip())
        return _FAILURE
    if unknown:
        print(*(f"unknown argument: {argument}" for argument in unknown), usage(), sep="\n")
    if flags.version:
        print(version_text())
        return 0
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s"
    )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its errors reach the log as statuses
    for number in _SIGNALS:
        signal.signal(number, _end)
    try:
        flags = with_environment(flags, os.environ)
        if processes > 1:
            return Supervisor(flags, arguments).run()
        with Server(flags) as server:
            server.serve()
    except StatusError as error:
        print(f"Failed to start server. Error: {error}", flush=True)
        return _FAILURE
    except KeyboardInterrupt:
        logger.info("Stopped.")
    return 0


def version_text() -> str:
    """Returns the versions of the server and of TensorFlow, in two lines."""
    tensorflow = library().TF_Version().decode()
    return (
        f"TensorFlow ModelServer: {importlib.metadata.version('tfline')} (tfline)\n"
        f"TensorFlow Library: {tensorflow}"
    )


def _end(_number: int, _frame: object) -> None:
    """Leaves `Server.serve`, or its start; nothing interrupts the end, which has begun."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
