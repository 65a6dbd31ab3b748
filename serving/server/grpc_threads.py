"""gRPC by threads: each answers a call, and runs its model itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2_grpc

from serving.server.coroutines import run_here
from serving.server.grpc_methods import (
    GrpcOptions,
    Handlers,
    Infer,
    Manage,
    bind,
    grpc_status,
    inference_methods,
    management_methods,
    seconds_left,
)
from serving.server.service import Service

_GRACE_SECONDS = 5.0

Answer = Callable[[Any, grpc.ServicerContext], Message]


class GrpcThreads:
    """A gRPC server whose threads run the models. It opens its ports and answers calls.

    Args:
        service: The methods of the API; their coroutines do not suspend.
        options: Where and how.

    Raises:
        StatusError: UNAVAILABLE if a port cannot be bound.
    """

    def __init__(self, service: Service, options: GrpcOptions) -> None:
        self._server = grpc.server(
            futures.ThreadPoolExecutor(options.threads, "grpc"), options=options.server_options
        )
        handlers = {
            path: _handler(request, _inferring(method))
            for path, (request, method) in inference_methods(service).items()
        } | {
            path: _handler(request, _managing(method))
            for path, (request, method) in management_methods(service).items()
        }
        self._server.add_generic_rpc_handlers((Handlers(handlers),))
        if options.health:  # SERVING from the beginning: the ports open once that is true
            health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), self._server)
        bind(self._server, options)
        self._server.start()

    def stop(self) -> None:
        """Takes no more calls, and lets those under way end for some seconds."""
        self._server.stop(_GRACE_SECONDS).wait()


def _inferring(method: Infer) -> Answer:
    return lambda request, context: run_here(
        method(request, seconds_left(context.time_remaining()))
    )


def _managing(method: Manage) -> Answer:
    return lambda request, _: method(request)


def _handler(request_type: type[Message], method: Answer) -> grpc.RpcMethodHandler:
    """Returns the handler of one method: it turns errors into gRPC statuses."""

    def answer(request: Message, context: grpc.ServicerContext) -> Message:
        try:
            return method(request, context)
        except Exception as error:
            context.abort(*grpc_status(request, error))

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=request_type.FromString,
        response_serializer=lambda response: response.SerializeToString(),
    )
