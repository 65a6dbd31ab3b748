"""gRPC by threads: each answers a call, and runs its model itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2_grpc

from tfline.serving.server.coroutines import run_here
from tfline.serving.server.rpc import methods
from tfline.serving.server.rpc.methods import GRACE_SECONDS, GrpcOptions, Handlers, Infer, Manage
from tfline.serving.server.service import Service


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
        self._server.add_generic_rpc_handlers((Handlers(service, _infer, _manage),))
        if options.health:  # SERVING from the beginning: the ports open once that is true
            health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), self._server)
        methods.bind(self._server, options)
        self._server.start()

    def stop(self) -> None:
        """Takes no more calls, and lets those under way end for some seconds."""
        self._server.stop(GRACE_SECONDS).wait()


def _infer(request_type: type[Message], method: Infer) -> grpc.RpcMethodHandler:
    return _handler(request_type, lambda request, timeout: run_here(method(request, timeout)))


def _manage(request_type: type[Message], method: Manage) -> grpc.RpcMethodHandler:
    return _handler(request_type, lambda request, _: method(request))


def _handler(
    request_type: type[Message], method: Callable[[Any, float | None], Message]
) -> grpc.RpcMethodHandler:
    """Returns the handler of one method: it turns errors into gRPC statuses."""

    def answer(request: Message, context: grpc.ServicerContext) -> Message:
        try:
            return method(request, methods.seconds_left(context.time_remaining()))
        except Exception as error:
            context.abort(*methods.status(request, error))

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=request_type.FromString,
        response_serializer=lambda response: response.SerializeToString(),
    )
