"""The methods of PredictionService and ModelService, and what all fronts of gRPC share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message

from tfline.serving.protos import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)
from tfline.serving.server.service import Service
from tfline.serving.server.status import Code, StatusError

logger = logging.getLogger(__name__)

GRACE_SECONDS = 5.0
"""How long calls under way may last once the server stops."""

_MAX_ERROR_LENGTH = 1024
_NO_DEADLINE_SECONDS = 1e9  # gRPC gives the distance to the end of time for a call without one
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}
_PREDICTION = "/tensorflow.serving.PredictionService/"
_MODELS = "/tensorflow.serving.ModelService/"

_CHANNEL_ARGUMENTS: dict[str, int | str] = {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.so_reuseport": 0,
    # Without these gRPC ends some calls with CANCELLED once 1,000 wait, and each beyond 3,000.
    "grpc.server.max_pending_requests": 2**31 - 1,
    "grpc.server.max_pending_requests_hard_limit": 2**31 - 1,
}


@dataclass(frozen=True)
class GrpcOptions:
    """Where and how gRPC is served.

    Attributes:
        port: TCP port on all IPv4 interfaces; 0: none.
        socket_path: UNIX socket; empty: none.
        threads: Calls answered at a time.
        channel_arguments: Options of the gRPC server.
        credentials: For TLS on the TCP port; None: plain.
        health: Whether ``grpc.health.v1`` is served.
    """

    port: int
    socket_path: str
    threads: int
    channel_arguments: tuple[tuple[str, int | str], ...] = ()
    credentials: grpc.ServerCredentials | None = None
    health: bool = False

    @property
    def server_options(self) -> list[tuple[str, int | str]]:
        """The options of the gRPC server, with those that it has by default."""
        return list((_CHANNEL_ARGUMENTS | dict(self.channel_arguments)).items())


Infer = Callable[[Any, float | None], Coroutine[Any, Any, Message]]
"""Answers a request to a model within some seconds; None: without a limit."""

Manage = Callable[[Any], Message]
"""Answers a request about the models; to load some takes its time."""


class Handlers(grpc.GenericRpcHandler):
    """Finds the handler of a call by its path.

    Args:
        service: The methods of the API.
        infer: Makes the handler of a method that runs a model, with the type of its request.
        manage: Makes that of a method that asks about models.
    """

    def __init__(
        self,
        service: Service,
        infer: Callable[[type[Message], Infer], grpc.RpcMethodHandler],
        manage: Callable[[type[Message], Manage], grpc.RpcMethodHandler],
    ) -> None:
        self._handlers = {
            f"{_PREDICTION}Predict": infer(predict_pb2.PredictRequest, service.predict),
            f"{_PREDICTION}Classify": infer(
                classification_pb2.ClassificationRequest, service.classify
            ),
            f"{_PREDICTION}Regress": infer(regression_pb2.RegressionRequest, service.regress),
            f"{_PREDICTION}MultiInference": infer(
                inference_pb2.MultiInferenceRequest, service.multi_inference
            ),
            f"{_PREDICTION}GetModelMetadata": manage(
                get_model_metadata_pb2.GetModelMetadataRequest, service.model_metadata
            ),
            f"{_MODELS}GetModelStatus": manage(
                get_model_status_pb2.GetModelStatusRequest, service.model_status
            ),
            f"{_MODELS}HandleReloadConfigRequest": manage(
                model_management_pb2.ReloadConfigRequest, service.reload_config
            ),
        }

    def service(self, call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Returns the handler of a call; None if there is no such method."""
        return self._handlers.get(call_details.method)


def bind(server: grpc.Server | grpc.aio.Server, options: GrpcOptions) -> None:
    """Opens the port and the socket.

    Raises:
        StatusError: UNAVAILABLE if one cannot be bound.
    """
    if options.port:
        _bind(server, f"0.0.0.0:{options.port}", options.credentials)
    if options.socket_path:
        _bind(server, f"unix:{options.socket_path}", None)


def _bind(
    server: grpc.Server | grpc.aio.Server, address: str, credentials: grpc.ServerCredentials | None
) -> None:
    try:
        if credentials:
            server.add_secure_port(address, credentials)
        else:
            server.add_insecure_port(address)
    except RuntimeError as error:
        raise StatusError(Code.UNAVAILABLE, f"Cannot serve gRPC at {address}: {error}") from error


def seconds_left(remaining: float | None) -> float | None:
    """Returns what remains until the client's deadline; None if it set none."""
    return remaining if remaining is not None and remaining < _NO_DEADLINE_SECONDS else None


def status(request: Message, error: Exception) -> tuple[grpc.StatusCode, str]:
    """Returns the code and the text that answer a request which failed."""
    if isinstance(error, StatusError):
        return _STATUS_CODES[error.code], truncated(error.message)
    logger.error("%s failed", type(request).__name__, exc_info=error)
    return grpc.StatusCode.INTERNAL, truncated(str(error))


def truncated(message: str) -> str:
    """Returns `message`, cut to what fits into the trailers of a call."""
    if len(message) <= _MAX_ERROR_LENGTH:
        return message
    return f"{message[:_MAX_ERROR_LENGTH]}...TRUNCATED"
