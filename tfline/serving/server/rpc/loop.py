"""gRPC by an event loop: its one thread has all the calls that wait for batches.

A thread for each of them would cost more than its share of the batch.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health, health_pb2_grpc

from tfline.serving.server.rpc import methods
from tfline.serving.server.rpc.methods import GRACE_SECONDS, GrpcOptions, Handlers, Infer, Manage
from tfline.serving.server.service import Service


class GrpcLoop:
    """A gRPC server in an event loop of its own. It opens its ports and answers calls.

    Args:
        service: The methods of the API.
        options: Where and how.

    Raises:
        StatusError: UNAVAILABLE if a port cannot be bound.
    """

    def __init__(self, service: Service, options: GrpcOptions) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="grpc", daemon=True)
        self._thread.start()
        try:
            self._server = self._wait(_start(service, options))
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        """Takes no more calls, and lets those under way end for some seconds."""
        self._wait(self._server.stop(GRACE_SECONDS))
        self._end()

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _start(service: Service, options: GrpcOptions) -> grpc.aio.Server:
    server = grpc.aio.server(options=options.server_options)
    server.add_generic_rpc_handlers((Handlers(service, _handler, _manage),))
    if options.health:
        servicer = health.aio.HealthServicer()  # type: ignore[attr-defined]  # not in the stubs
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    methods.bind(server, options)
    await server.start()
    return server


def _manage(request_type: type[Message], method: Manage) -> grpc.RpcMethodHandler:
    return _handler(request_type, lambda request, _: asyncio.to_thread(method, request))


def _handler(request_type: type[Message], method: Infer) -> grpc.RpcMethodHandler:
    """Returns the handler of one method: it turns errors into gRPC statuses."""

    async def answer(serialized: bytes, context: grpc.aio.ServicerContext) -> bytes:
        try:
            request = request_type.FromString(serialized)
        except DecodeError:
            await context.abort(grpc.StatusCode.INTERNAL, "Exception deserializing request!")
        try:
            timeout = methods.seconds_left(context.time_remaining())
            response = await method(request, timeout)
        except Exception as error:
            await context.abort(*methods.status(request, error))
        return response.SerializeToString()

    return grpc.unary_unary_rpc_method_handler(answer)
