"""What is deployed: one model, and the command line that every kind of server gets."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, field
from pathlib import Path

from tfline.serving.labels import CONFIG_FILE, Labels

GRPC_PORT, REST_PORT = 8500, 8501

BINARY = "tensorflow_model_server"
"""TensorFlow Serving's program, on a PATH and in its image."""

USER = 65532
"""The user and group of a container: nobody in particular, and not root."""

CPUS, MEMORY_GIB = 2, 2
"""What a container may use at most."""

_POLL_SECONDS = 1
_REQUESTS = {"cpu": "500m", "memory": "512Mi"}


@dataclass(frozen=True)
class ServedModel:
    """A model and where its versions are.

    Attributes:
        name: The name that clients ask for.
        folder: The push folder, absolute.
        labels: Which versions are loaded, and what they are called; empty: the newest.
    """

    name: str
    folder: Path
    labels: Labels = field(default_factory=Labels)

    @property
    def resource(self) -> str:
        """The name of its objects in Kubernetes (RFC 1035), and of its containers."""
        return self.name.replace("_", "-")[:40].rstrip("-")

    @property
    def config_file(self) -> str:
        """The ``models.config`` beside the versions; empty if there are no labels."""
        return str(self.folder / CONFIG_FILE) if self.labels.versions else ""


def image() -> str:
    """Returns TensorFlow Serving's image of the version whose API is installed here."""
    return f"tensorflow/serving:{version()}"


def version() -> str:
    """Returns the version of TensorFlow Serving whose API is installed here."""
    return importlib.metadata.version("tensorflow-serving-api")


def resources() -> dict[str, dict[str, str]]:
    """Returns what a container asks of Kubernetes, and may use at most."""
    return {
        "requests": dict(_REQUESTS),
        "limits": {"cpu": str(CPUS), "memory": f"{MEMORY_GIB}Gi"},
    }


def server_flags(
    model: str, base_path: str, config_file: str = "", port: int = GRPC_PORT, rest: int = REST_PORT
) -> list[str]:
    """Returns the flags of a model server, TensorFlow's or tfline's own.

    Args:
        model: The name of the model.
        base_path: The folder of its versions, as the server sees it.
        config_file: A ``models.config`` to read and to poll; empty: the newest version is served.
        port: Of gRPC.
        rest: The port of REST; 0: none.
    """
    ports = [f"--port={port}", f"--rest_api_port={rest}"]
    if config_file:
        return [
            *ports,
            f"--model_config_file={config_file}",
            f"--model_config_file_poll_wait_seconds={_POLL_SECONDS}",
            # The rest is served while the version of a label is gone, or not loaded yet.
            "--allow_version_labels_for_unavailable_models",
        ]
    return [*ports, f"--model_name={model}", f"--model_base_path={base_path}"]
