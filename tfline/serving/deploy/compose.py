"""TensorFlow Serving as a service of Docker Compose, on the machine that has the push folder."""

from __future__ import annotations

from typing import Any

from tfline.serving.deploy.served import (
    CPUS,
    GRPC_PORT,
    MEMORY_GIB,
    REST_PORT,
    USER,
    RequestLog,
    ServedModel,
    server_flags,
)


def compose(model: ServedModel) -> list[dict[str, Any]]:
    """Returns the one document of a ``compose.yaml``.

    The push folder has the same path inside, because ``models.config`` names it: `tfline promote`
    reaches the running service.
    """
    folder = _escaped(str(model.folder))
    service = {
        "image": model.image,
        "entrypoint": model.program,
        "command": [_escaped(flag) for flag in server_flags(model, str(model.folder))],
        "init": True,
        "restart": "unless-stopped",
        "user": f"{USER}:{USER}",
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - of the container
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "ports": [f"{port}:{port}" for port in (GRPC_PORT, REST_PORT)],
        "volumes": [
            {"type": "bind", "source": folder, "target": folder, "read_only": True},
            *([_log_volume(model.log)] if model.log else []),
        ],
        "healthcheck": {
            "test": ["CMD", "bash", "-c", _status_check(model.name)],
            "interval": "10s",
            "timeout": "5s",
            "start_period": "60s",
        },
        "deploy": {"resources": {"limits": {"cpus": str(CPUS), "memory": f"{MEMORY_GIB}G"}}},
    }
    return [{"name": model.resource, "services": {model.resource: service}}]


def _log_volume(log: RequestLog) -> dict[str, Any]:
    """Returns where requests are written to, which the user of the container has to be let do."""
    folder = _escaped(str(log.folder))
    return {"type": "bind", "source": folder, "target": folder}


def _status_check(model: str) -> str:
    """Returns a script that asks REST for AVAILABLE; the image has bash, but no curl."""
    request = rf"GET /v1/models/{model} HTTP/1.0\r\n\r\n"
    return (
        f"exec 3<>/dev/tcp/127.0.0.1/{REST_PORT} && printf '{request}' >&3 && grep -q AVAILABLE <&3"
    )


def _escaped(text: str) -> str:
    """Returns `text` so that Compose puts no variable into it."""
    return text.replace("$", "$$")
