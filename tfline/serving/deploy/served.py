"""What is deployed: one model, and the command line that every kind of server gets."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, field
from pathlib import Path

from tfline.serving.labels import CONFIG_FILE, Labels

GRPC_PORT, REST_PORT = 8500, 8501

BINARY = "tensorflow_model_server"
"""TensorFlow Serving's program, on a PATH and in its image."""

OWN_SERVER = "tfline.serving.server"
"""The module of tfline's own server."""

USER = 65532
"""The user and group of a container: nobody in particular, and not root."""

CPUS, MEMORY_GIB = 2, 2
"""What a container may use at most."""

_POLL_SECONDS = 1
_REQUESTS = {"cpu": "500m", "memory": "512Mi"}


@dataclass(frozen=True)
class RequestLog:
    """Where a server writes requests and their answers.

    Attributes:
        folder: A folder of the server, absolute.
        sample: The share of the requests that is written, above 0 and at most 1.
    """

    folder: Path
    sample: float = 1.0

    @property
    def flags(self) -> list[str]:
        """The flags of tfline's server; TensorFlow's is built without a request log."""
        return [
            f"--request_log_folder={self.folder}",
            f"--request_log_sampling_rate={self.sample:g}",
        ]


@dataclass(frozen=True)
class ServedModel:
    """A model and where its versions are.

    Attributes:
        name: The name that clients ask for.
        folder: The push folder, absolute.
        labels: Which versions are loaded, and what they are called; empty: the newest.
        runtime: The version of TensorFlow that the model was certified with; empty: it is not
            known, and that which is installed here will do.
        own_image: An image that has tfline, whose server is to be run; empty: TensorFlow's.
        log: Where requests are written to; None: nowhere.
        requests_per_second: What a server is to answer before another is started; 0: that is not
            looked at.
    """

    name: str
    folder: Path
    labels: Labels = field(default_factory=Labels)
    runtime: str = ""
    own_image: str = ""
    log: RequestLog | None = None
    requests_per_second: float = 0.0

    @property
    def image(self) -> str:
        """The image of the server: of the very TensorFlow that the model was certified with."""
        return self.own_image or f"tensorflow/serving:{self.version}"

    @property
    def version(self) -> str:
        """The version of TensorFlow that serves."""
        return self.runtime or importlib.metadata.version("tensorflow")

    @property
    def program(self) -> list[str]:
        """The program in the image."""
        return ["python", "-m", OWN_SERVER] if self.own_image else [BINARY]

    @property
    def resource(self) -> str:
        """The name of its objects in Kubernetes (RFC 1035), and of its containers."""
        return self.name.replace("_", "-")[:40].rstrip("-")


def resources() -> dict[str, dict[str, str]]:
    """Returns what a container asks of Kubernetes, and may use at most."""
    return {
        "requests": dict(_REQUESTS),
        "limits": {"cpu": str(CPUS), "memory": f"{MEMORY_GIB}Gi"},
    }


def server_flags(
    model: ServedModel, base_path: str, port: int = GRPC_PORT, rest: int = REST_PORT
) -> list[str]:
    """Returns the flags of a model server, TensorFlow's or tfline's own.

    Args:
        model: What it serves. With labels it reads the ``models.config`` beside the versions, and
            follows it; without, it serves the newest version.
        base_path: The folder of the versions, as the server sees it.
        port: Of gRPC.
        rest: The port of REST; 0: none.
    """
    flags = [f"--port={port}", f"--rest_api_port={rest}"]
    if model.labels.versions:
        flags += [
            f"--model_config_file={base_path}/{CONFIG_FILE}",
            f"--model_config_file_poll_wait_seconds={_POLL_SECONDS}",
            # The rest is served while the version of a label is gone, or not loaded yet.
            "--allow_version_labels_for_unavailable_models",
        ]
    else:
        flags += [f"--model_name={model.name}", f"--model_base_path={base_path}"]
    return [*flags, *(model.log.flags if model.log else [])]
