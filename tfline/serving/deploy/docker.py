"""TensorFlow Serving in a container of this machine."""

from __future__ import annotations

from tfline.serving.deploy.served import (
    CPUS,
    GRPC_PORT,
    MEMORY_GIB,
    REST_PORT,
    USER,
    ServedModel,
    server_flags,
)


def docker_command(model: ServedModel, port: int, rest: int) -> list[str]:
    """Returns the command that serves a model until it is interrupted.

    The push folder has the same path inside, because ``models.config`` names it.

    Args:
        model: What to serve.
        port: The port of this machine for gRPC.
        rest: The port of this machine for REST; 0: none.
    """
    folder, log = str(model.folder), model.log and model.log.folder
    published = [f"--publish={port}:{GRPC_PORT}"]
    if rest:
        published.append(f"--publish={rest}:{REST_PORT}")
    return [
        *("docker", "run", "--rm", "--init"),
        *published,
        f"--mount=type=bind,source={folder},target={folder},readonly",
        *([f"--mount=type=bind,source={log},target={log}"] if log else []),
        f"--user={USER}:{USER}",
        *("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
        *(f"--cpus={CPUS}", f"--memory={MEMORY_GIB}g"),
        f"--entrypoint={model.program[0]}",
        model.image,
        *model.program[1:],
        *server_flags(model, folder, rest=REST_PORT if rest else 0),
    ]
