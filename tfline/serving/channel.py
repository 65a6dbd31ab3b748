"""How a client reaches a server: options, encryption, and errors in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc

from tfline.serving.errors import (
    BusyError,
    DeadlineError,
    RejectedError,
    RequestError,
    ServingError,
    UnreachableError,
)

PREDICT = "/tensorflow.serving.PredictionService/Predict"
GET_MODEL_METADATA = "/tensorflow.serving.PredictionService/GetModelMetadata"
GET_MODEL_STATUS = "/tensorflow.serving.ModelService/GetModelStatus"

_SERVICE_CONFIG = {
    # Calls are spread over all addresses of a name, such as that of a headless service.
    "loadBalancingConfig": [{"round_robin": {}}],
    # While most calls fail, none is sent again: a server that is in trouble gets no more of it.
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
    # Only what says that the request was not answered: it is safe to send it again. A server that
    # has all the calls it takes refuses more with RESOURCE_EXHAUSTED.
    "methodConfig": [
        {
            "name": [{"service": "tensorflow.serving.PredictionService"}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
            },
        }
    ],
}


_HINTS = {
    "is larger than maximum input batch size": "Set enable_large_batch_splitting in the server's "
    "batching parameters, or send fewer rows at a time.",
    "Unrecognized servable version label": "A server knows the labels of its --model_config_file; "
    "`tfline serve` gives it one if a version has a label by then.",
}

_TARGET = re.compile(r"(?!https?:)(.+:\d+|(unix|unix-abstract|dns|xds):.+)")


def checked_target(target: str) -> str:
    """Returns `target` if it is an address of gRPC.

    Raises:
        ServingError: If it has no port, or is a URL.
    """
    if not _TARGET.fullmatch(target):
        host = re.sub(r"^https?:/*", "", target).partition("/")[0].partition(":")[0]
        raise ServingError(
            f"Invalid address of a model server. Expected host:port. Received: '{target}'",
            hint=f"Write {host or 'localhost'}:8500, with the port of gRPC.",
        )
    return target


def channel_options(extra: Mapping[str, int | str] | None = None) -> list[tuple[str, int | str]]:
    """Returns the options of a channel: no limit of size, retries, balancing, and `extra`."""
    options: dict[str, int | str] = {
        "grpc.max_receive_message_length": -1,
        "grpc.max_send_message_length": -1,
        "grpc.service_config": json.dumps(_SERVICE_CONFIG),
    }
    return list((options | dict(extra or {})).items())


@dataclass(frozen=True)
class Tls:
    """Encryption of the connection; all files are PEM.

    Attributes:
        root_certificates: The authorities to trust; None: those of the system.
        private_key: The client's key, if the server asks for a certificate.
        certificate: The client's certificate, with its chain.

    Raises:
        ServingError: If there is a key without its certificate, or the other way round.
    """

    root_certificates: Path | str | None = None
    private_key: Path | str | None = None
    certificate: Path | str | None = None

    def __post_init__(self) -> None:
        """Checks what gRPC would end the process for."""
        if bool(self.private_key) != bool(self.certificate):
            raise ServingError(
                "private_key and certificate go together. Received: "
                f"private_key={self.private_key}, certificate={self.certificate}"
            )

    def credentials(self) -> grpc.ChannelCredentials:
        """Returns gRPC's form of it.

        Raises:
            ServingError: If a file cannot be read.
        """
        try:
            return grpc.ssl_channel_credentials(
                *(
                    Path(file).read_bytes() if file else None
                    for file in (self.root_certificates, self.private_key, self.certificate)
                )
            )
        except OSError as error:
            raise ServingError(
                f"Cannot read a TLS file: {error.strerror}", where=str(error.filename)
            ) from error


def readable_error(error: grpc.RpcError, target: str, model: str, timeout: float) -> ServingError:
    """Returns what a failed call means for the user.

    Args:
        error: What gRPC raised.
        target: The address of the server.
        model: The model that was asked for.
        timeout: The seconds that the call had.
    """
    code, details = error.code(), error.details() or ""
    if code is grpc.StatusCode.UNAVAILABLE:
        hint = "Is it running, and is the port that of gRPC (8500), not that of REST (8501)?"
        if "Socket closed" in details or "handshake" in details:
            hint = (
                "Does it ask for TLS or for the client's certificate, and do root_certificates "
                "have who signed its own?"
            )
        return UnreachableError(f"No model server answers at {target}: {details}", hint=hint)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return DeadlineError(
            f"No answer within {timeout:g} seconds",
            where=f"model '{model}' at {target}",
            hint="Give the client a longer timeout, or send fewer rows at a time.",
        )
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return BusyError(
            f"The server takes no more at the moment: {details}",
            where=f"model '{model}' at {target}",
            hint="Ask again later, with fewer calls at a time or smaller ones; or start more "
            "servers.",
        )
    hint = next((hint for part, hint in _HINTS.items() if part in details), "")
    kind = RejectedError if code is grpc.StatusCode.INVALID_ARGUMENT else RequestError
    return kind(f"{code.name}: {details}", where=f"model '{model}' at {target}", hint=hint)
