"""`tfline serve`: serves the pushed model until it is interrupted.

Example:
    tfline serve taxi --port 8500 --rest-port 8501
    tfline serve taxi --flag enable_batching
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

from tfline.pipelines.commands.arguments import add_log, add_spec, log_of, push_of, read_spec
from tfline.transforms.errors import SpecError, did_you_mean

if TYPE_CHECKING:
    from tfline.serving.deploy.served import ServedModel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, the ports, the server's flags, its log, and which server to run."""
    add_spec(parser)
    parser.add_argument("--port", type=int, default=8500, help="of gRPC (default: 8500)")
    parser.add_argument(
        "--rest-port", type=int, default=8501, help="of REST (default: 8501; 0: off)"
    )
    parser.add_argument(
        "--flag",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a flag of the server, such as enable_batching (repeatable)",
    )
    add_log(parser)
    server = parser.add_mutually_exclusive_group()
    server.add_argument(
        "--embedded",
        action="store_true",
        help="run tfline's own server even if tensorflow_model_server is on the PATH",
    )
    server.add_argument(
        "--docker", action="store_true", help="run TensorFlow Serving's image with Docker"
    )


def run(arguments: argparse.Namespace) -> int:
    """Becomes the server: this process is replaced by it."""
    from tfline.pipelines.run.pushed import check_is_served, served_model
    from tfline.serving.errors import StartError
    from tfline.serving.process import checked_port

    spec = read_spec(arguments)
    if arguments.port == arguments.rest_port != 0:
        raise StartError(f"gRPC and REST need a port each. Received: {arguments.port} for both")
    flags = _flags(arguments)
    model = dataclasses.replace(served_model(spec), log=log_of(arguments))
    if model.log and arguments.docker:
        raise SpecError(
            "TensorFlow Serving's image is built without a request log",
            "--log",
            "Leave --docker out: tfline's own server has one.",
        )
    check_is_served(model)
    arguments.port = checked_port(arguments.port)
    if arguments.rest_port:
        checked_port(arguments.rest_port)
    command = [*(_docker if arguments.docker else _server)(arguments, model), *flags]
    if arguments.docker:
        _show(command)
    ports = f"gRPC {arguments.port}" + (
        f", REST {arguments.rest_port}" if arguments.rest_port else ""
    )
    print(f"starting {spec.name} from {push_of(spec).to}: {ports}; Ctrl-C ends it", flush=True)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


def _server(arguments: argparse.Namespace, model: ServedModel) -> list[str]:
    """Returns the command of a server on this machine: TensorFlow's if it is there, or tfline's."""
    from tfline.serving.deploy.served import BINARY, OWN_SERVER, server_flags

    # TensorFlow's program is built without a request log.
    binary = None if arguments.embedded or model.log else shutil.which(BINARY)
    return [
        *([binary] if binary else [sys.executable, "-m", OWN_SERVER]),
        *server_flags(model, str(model.folder), arguments.port, arguments.rest_port),
    ]


def _docker(arguments: argparse.Namespace, model: ServedModel) -> list[str]:
    """Returns the command of a container."""
    from tfline.serving.deploy.docker import docker_command

    return docker_command(model, arguments.port, arguments.rest_port)


def _show(command: list[str]) -> None:
    """Prints the command of a container.

    Raises:
        StartError: There is no Docker on the PATH.
    """
    from tfline.serving.errors import StartError

    print(shlex.join(command), flush=True)
    if shutil.which(command[0]) is None:
        raise StartError(
            "There is no Docker on the PATH",
            hint="Run the printed command where there is, or leave --docker out.",
        )


def _flags(arguments: argparse.Namespace) -> list[str]:
    """Returns the flags of the server that --flag names.

    Raises:
        SpecError: There is no such flag, or its value is none that it can have. A server prints a
            line about a flag that it does not know, and serves without it.
    """
    from tfline.serving.server.flags import Flags, UsageError, parse

    flags = [f"--{flag.removeprefix('--')}" for flag in arguments.flag]
    for flag in flags:
        try:
            _, unknown = parse([flag])
        except UsageError as exc:
            raise SpecError(f"{exc}" or "No flag of a server", f"--flag {flag[2:]}") from exc
        if unknown:
            known = (field.name for field in dataclasses.fields(Flags))
            name = flag[2:].partition("=")[0]
            raise SpecError(
                f"A model server has no flag '{name}'", "--flag", did_you_mean(name, known)
            )
    return flags
