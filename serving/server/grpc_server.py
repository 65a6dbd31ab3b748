"""The gRPC front: PredictionService and ModelService."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent import futures
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2_grpc

from serving.protos import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)
from serving.server.service import Service
from serving.server.status import Code, StatusError

logger = logging.getLogger(__name__)

_MAX_ERROR_LENGTH = 1024
_NO_DEADLINE_SECONDS = 1e9  # gRPC gives the distance to the end of time for a call without one
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}
_PREDICTION = "/tensorflow.serving.PredictionService/"
_MODELS = "/tensorflow.serving.ModelService/"

_CHANNEL_ARGUMENTS: dict[str, int | str] = {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.so_reuseport": 0,
}

Method = Callable[[Any, float | None], Message]


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


class _Methods(grpc.GenericRpcHandler):
    """Finds the method of a call by its path."""

    def __init__(self, handlers: Mapping[str, grpc.RpcMethodHandler]) -> None:
        self._handlers = handlers

    def service(self, call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        return self._handlers.get(call_details.method)


def start_grpc(service: Service, options: GrpcOptions) -> grpc.Server:
    """Opens the ports and answers calls.

    Raises:
        StatusError: UNAVAILABLE if a port cannot be bound.
    """
    arguments = _CHANNEL_ARGUMENTS | dict(options.channel_arguments)
    server = grpc.server(
        futures.ThreadPoolExecutor(options.threads, "grpc"), options=list(arguments.items())
    )
    methods: dict[str, tuple[type[Message], Method]] = {
        f"{_PREDICTION}Predict": (predict_pb2.PredictRequest, service.predict),
        f"{_PREDICTION}Classify": (classification_pb2.ClassificationRequest, service.classify),
        f"{_PREDICTION}Regress": (regression_pb2.RegressionRequest, service.regress),
        f"{_PREDICTION}MultiInference": (
            inference_pb2.MultiInferenceRequest,
            service.multi_inference,
        ),
        f"{_PREDICTION}GetModelMetadata": (
            get_model_metadata_pb2.GetModelMetadataRequest,
            service.model_metadata,
        ),
        f"{_MODELS}GetModelStatus": (
            get_model_status_pb2.GetModelStatusRequest,
            service.model_status,
        ),
        f"{_MODELS}HandleReloadConfigRequest": (
            model_management_pb2.ReloadConfigRequest,
            service.reload_config,
        ),
    }
    handlers = {path: _handler(request, method) for path, (request, method) in methods.items()}
    server.add_generic_rpc_handlers((_Methods(handlers),))
    if options.health:  # SERVING from the beginning: the ports open once that is true
        health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    if options.port:
        _bind(server, f"0.0.0.0:{options.port}", options.credentials)
    if options.socket_path:
        _bind(server, f"unix:{options.socket_path}", None)
    server.start()
    return server


def _bind(server: grpc.Server, address: str, credentials: grpc.ServerCredentials | None) -> None:
    try:
        if credentials:
            server.add_secure_port(address, credentials)
        else:
            server.add_insecure_port(address)
    except RuntimeError as error:
        raise StatusError(Code.UNAVAILABLE, f"Cannot serve gRPC at {address}: {error}") from error


def _handler(request_type: type[Message], method: Method) -> grpc.RpcMethodHandler:
    """Returns the handler of one method: it turns errors into gRPC statuses."""

    def answer(request: Message, context: grpc.ServicerContext) -> Message:
        try:
            return method(request, _seconds_left(context))
        except StatusError as error:
            context.abort(_STATUS_CODES[error.code], truncated(error.message))
        except Exception as error:
            logger.exception("%s failed", type(request).__name__)
            context.abort(grpc.StatusCode.INTERNAL, truncated(str(error)))

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=request_type.FromString,
        response_serializer=lambda response: response.SerializeToString(),
    )


def _seconds_left(context: grpc.ServicerContext) -> float | None:
    """Returns the time until the client's deadline; None if it set none."""
    seconds = context.time_remaining()
    return seconds if seconds is not None and seconds < _NO_DEADLINE_SECONDS else None


def truncated(message: str) -> str:
    """Returns `message`, cut to what fits into the trailers of a call."""
    if len(message) <= _MAX_ERROR_LENGTH:
        return message
    return f"{message[:_MAX_ERROR_LENGTH]}...TRUNCATED"
