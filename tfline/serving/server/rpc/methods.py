"""The methods of PredictionService and ModelService over gRPC, and the statuses of errors."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message

from tfline.serving.protos import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)
from tfline.serving.server.call import Call
from tfline.serving.server.request_log.log import RequestLog
from tfline.serving.server.rpc.threads import CallThreads, arrived
from tfline.serving.server.service import Service
from tfline.serving.server.status import StatusError

logger = logging.getLogger(__name__)

_MAX_ERROR_LENGTH = 1024
_NO_DEADLINE_SECONDS = 1e9
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}

SERVICES = ("tensorflow.serving.PredictionService", "tensorflow.serving.ModelService")
"""The names of the services."""

_PREDICTION, _MODELS = (f"/{name}/" for name in SERVICES)

MESSAGES: dict[str, tuple[type[Message], type[Message]]] = {
    f"{_PREDICTION}Predict": (predict_pb2.PredictRequest, predict_pb2.PredictResponse),
    f"{_PREDICTION}Classify": (
        classification_pb2.ClassificationRequest,
        classification_pb2.ClassificationResponse,
    ),
    f"{_PREDICTION}Regress": (regression_pb2.RegressionRequest, regression_pb2.RegressionResponse),
    f"{_PREDICTION}MultiInference": (
        inference_pb2.MultiInferenceRequest,
        inference_pb2.MultiInferenceResponse,
    ),
    f"{_PREDICTION}GetModelMetadata": (
        get_model_metadata_pb2.GetModelMetadataRequest,
        get_model_metadata_pb2.GetModelMetadataResponse,
    ),
    f"{_MODELS}GetModelStatus": (
        get_model_status_pb2.GetModelStatusRequest,
        get_model_status_pb2.GetModelStatusResponse,
    ),
    f"{_MODELS}HandleReloadConfigRequest": (
        model_management_pb2.ReloadConfigRequest,
        model_management_pb2.ReloadConfigResponse,
    ),
}
"""The messages of each method, by its path: request and response."""

Method = Callable[[Any, Call], Message]
"""Answers a request, whose sender waits for some time."""


class Handlers(grpc.GenericRpcHandler):
    """Finds the handler of a call by its path.

    Args:
        service: The methods of the API.
        manager: Where requests about the models are answered: to load some takes its time, which
            must not be that of the threads that run them.
    """

    def __init__(self, service: Service, manager: CallThreads) -> None:
        infer: dict[str, Method] = {
            f"{_PREDICTION}Predict": service.predict,
            f"{_PREDICTION}Classify": service.classify,
            f"{_PREDICTION}Regress": service.regress,
            f"{_PREDICTION}MultiInference": service.multi_inference,
        }
        manage: dict[str, Method] = {
            f"{_PREDICTION}GetModelMetadata": service.model_metadata,
            f"{_MODELS}GetModelStatus": service.model_status,
            f"{_MODELS}HandleReloadConfigRequest": service.reload_config,
        }
        log = service.core.log
        self._handlers = {
            path: _handler(MESSAGES[path][0], method, log, manager if path in manage else None)
            for path, method in (infer | manage).items()
        }

    def service(self, call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Returns the handler of a call; None if there is no such method."""
        return self._handlers.get(call_details.method)


def _handler(
    request_type: type[Message],
    method: Method,
    log: RequestLog,
    threads: CallThreads | None,
) -> grpc.RpcMethodHandler:
    """Returns the handler of one method: it turns errors into gRPC statuses."""

    def answer(data: bytes, context: grpc.ServicerContext) -> Message:
        arrived()
        try:
            request = request_type.FromString(data)
        except DecodeError:  # gRPC's own answer to it loses 15 KB of memory, each time
            context.abort(grpc.StatusCode.INTERNAL, "Exception deserializing request!")
        # What is written of a request is what came: to serialize it again would take its time.
        came = data if log.is_on else b""
        try:
            return method(request, Call(deadline(context), context.is_active, came))
        except Exception as error:
            context.abort(*status(request, error))

    if threads:
        answer.experimental_thread_pool = threads  # type: ignore[attr-defined]  # read by grpc
    return grpc.unary_unary_rpc_method_handler(
        answer,
        response_serializer=lambda response: response.SerializeToString(),
    )


def deadline(context: grpc.ServicerContext) -> float | None:
    """Returns when the client stops waiting, by `time.monotonic`; None if it set no deadline."""
    seconds = context.time_remaining()
    # Without a deadline gRPC gives the distance to the end of time.
    return None if seconds is None or seconds > _NO_DEADLINE_SECONDS else time.monotonic() + seconds


def status(request: Message | None, error: Exception) -> tuple[grpc.StatusCode, str]:
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
