"""TensorFlow Serving in a container of this machine."""

from __future__ import annotations

from tfline.serving.deploy.served import (
    BINARY,
    CPUS,
    GRPC_PORT,
    MEMORY_GIB,
    REST_PORT,
    USER,
    ServedModel,
    image,
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
    folder = str(model.folder)
    published = [f"--publish={port}:{GRPC_PORT}"]
    if rest:
        published.append(f"--publish={rest}:{REST_PORT}")
    return [
        *("docker", "run", "--rm", "--init"),
        *published,
        f"--mount=type=bind,source={folder},target={folder},readonly",
        f"--user={USER}:{USER}",
        *("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
        *(f"--cpus={CPUS}", f"--memory={MEMORY_GIB}g"),
        f"--entrypoint={BINARY}",
        image(),
        *server_flags(model.name, folder, model.config_file, rest=REST_PORT if rest else 0),
    ]
