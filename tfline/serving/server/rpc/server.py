"""The gRPC server: ports, threads, health, reflection, and an end that lets calls finish."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha.reflection import SERVICE_NAME

from tfline.serving.server.rpc import reflection
from tfline.serving.server.rpc.methods import MESSAGES, Handlers
from tfline.serving.server.rpc.threads import CallThreads
from tfline.serving.server.rpc.worker import WorkerHandlers
from tfline.serving.server.service import Service
from tfline.serving.server.status import Code, StatusError

_MANAGEMENT_THREADS = 4

_CHANNEL_ARGUMENTS: dict[str, int | str] = {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.so_reuseport": 0,
    # Without these gRPC ends some calls with CANCELLED once 1,000 wait, and each beyond 3,000.
    "grpc.server.max_pending_requests": 2**31 - 1,
    "grpc.server.max_pending_requests_hard_limit": 2**31 - 1,
    # A client that has gone silently, or does not read its answers, is left after these.
    "grpc.keepalive_time_ms": 120_000,
    "grpc.keepalive_timeout_ms": 20_000,
}


@dataclass(frozen=True, kw_only=True)
class GrpcOptions:
    """Where and how gRPC is served.

    Attributes:
        port: TCP port on all IPv4 interfaces; 0: none.
        socket_path: UNIX socket; empty: none.
        worker_socket_path: UNIX socket for the other processes of the server; empty: none.
        threads: Calls answered at a time.
        max_calls: Calls that are answered or wait; those beyond are refused. 0: no limit.
        channel_arguments: Options of the gRPC server.
        credentials: For TLS on the TCP port; None: plain.
        health: Whether ``grpc.health.v1`` is served.
        reflection: Whether the methods can be listed and described.
        interceptors: What watches the calls.
    """

    port: int = 0
    socket_path: str = ""
    worker_socket_path: str = ""
    threads: int = 8
    max_calls: int = 0
    channel_arguments: tuple[tuple[str, int | str], ...] = ()
    credentials: grpc.ServerCredentials | None = None
    health: bool = False
    reflection: bool = False
    interceptors: tuple[grpc.ServerInterceptor, ...] = ()

    @property
    def server_options(self) -> list[tuple[str, int | str]]:
        """The options of the gRPC server, with those that it has by default."""
        return list((_CHANNEL_ARGUMENTS | dict(self.channel_arguments)).items())


class GrpcServer:
    """A gRPC server whose threads run the models. It opens its ports and answers calls.

    Args:
        service: The methods of the API.
        options: Where and how.

    Raises:
        StatusError: UNAVAILABLE if a port cannot be bound.
    """

    def __init__(self, service: Service, options: GrpcOptions) -> None:
        threads = CallThreads(options.threads, "grpc")
        manager = CallThreads(_MANAGEMENT_THREADS, "grpc-management")
        self._server = grpc.server(
            threads,
            options=options.server_options,
            maximum_concurrent_rpcs=options.max_calls or None,
            interceptors=list(options.interceptors),
        )
        self._server.add_generic_rpc_handlers((Handlers(service, manager),))
        self._health = health.HealthServicer()  # SERVING: the ports open once that is true
        if options.health:
            health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if options.reflection:
            others = [health.SERVICE_NAME] if options.health else []
            reflection.enable(self._server, MESSAGES, [*others, SERVICE_NAME])
        if options.port:
            self._bind(f"0.0.0.0:{options.port}", options.credentials)
        if options.worker_socket_path:
            self._server.add_generic_rpc_handlers((WorkerHandlers(service),))
        for path in filter(None, (options.socket_path, options.worker_socket_path)):
            self._bind(f"unix:{path}", None)
        self._threads = (threads, manager)
        self._server.start()

    def announce_end(self) -> None:
        """Turns health to NOT_SERVING, while calls are still answered."""
        self._health.enter_graceful_shutdown()

    def stop(self, seconds: float) -> None:
        """Takes no more calls, and lets those under way go on for `seconds`."""
        self._server.stop(seconds).wait(seconds + 1)
        for threads in self._threads:
            threads.shutdown(wait=False)

    def _bind(self, address: str, credentials: grpc.ServerCredentials | None) -> None:
        try:
            if credentials:
                self._server.add_secure_port(address, credentials)
            else:
                self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise StatusError(
                Code.UNAVAILABLE, f"Cannot serve gRPC at {address}: {error}"
            ) from error
