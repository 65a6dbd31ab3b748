"""The one owner of a server's life: it starts, serves, drains and stops all that there is of it."""

from __future__ import annotations

import dataclasses
import gc
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc

from tfline.serving.server.call import Call
from tfline.serving.server.core import ServerCore
from tfline.serving.server.flags import Flags
from tfline.serving.server.loading import Loader
from tfline.serving.server.manager import Manager, ManagerOptions
from tfline.serving.server.model_config import (
    ModelServerConfig,
    read_text_proto,
    single_model,
    wait_for_change,
)
from tfline.serving.server.monitoring import Metrics, metrics_path
from tfline.serving.server.processes.peers import Peers
from tfline.serving.server.request_log.log import request_log
from tfline.serving.server.rest.http_server import RestOptions, RestServer
from tfline.serving.server.rest.routes import Router
from tfline.serving.server.rpc.server import GrpcOptions, GrpcServer
from tfline.serving.server.service import Service
from tfline.serving.server.status import StatusError, invalid_argument
from tfline.serving.server.telemetry import Telemetry
from tfline.serving.server.tls import server_credentials

logger = logging.getLogger(__name__)

_MICROS, _MILLIS = 1_000_000, 1_000
_RELOAD_SECONDS = 60.0  # how long a change of the configuration file waits for its models
_UNLOAD_SECONDS = 5.0


class Server:
    """A model server. As a context it serves inside, from when every model is available.

    Its life: `start` loads the models, then opens the ports; `drain` refuses what is new and lets
    the calls under way end; `stop` drains, and then closes the sessions, which by then nothing
    runs. Each step is bounded in time, but for the load of the first models.

    Args:
        flags: The settings.

    Raises:
        StatusError: If the flags contradict one another, or a file that they name is wrong.
    """

    def __init__(self, flags: Flags) -> None:
        _check(flags)
        self._flags = flags
        self._credentials = server_credentials(flags.ssl_config_file)
        self._telemetry = Telemetry() if flags.enable_opentelemetry else None
        self._metrics_path = metrics_path(flags.monitoring_config_file)
        self._config = _model_server_config(flags)
        metrics = Metrics()
        socket = flags.worker_socket_path
        self._peers = Peers(Path(socket)) if socket else None
        self._loader = Loader(flags, metrics)
        self._log = request_log(flags, metrics.logged)
        self._manager = Manager(self._loader, manager_options(flags))
        self.core = ServerCore(
            self._manager,
            self._log,
            free_labels=flags.allow_version_labels_for_unavailable_models,
        )
        self._service = Service(
            core=self.core,
            metrics=metrics,
            as_content=flags.enable_serialization_as_tensor_content,
            check_method=flags.enable_signature_method_name_check,
            max_filled=flags.max_filled_elements,
            peers=self._peers,
        )
        self._grpc: GrpcServer | None = None
        self._rest: RestServer | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Loads the models, for as long as it takes, and opens the ports.

        Raises:
            StatusError: If a model cannot be loaded, or a port cannot be opened.
        """
        flags = self._flags
        reloaded = self._peers.reloaded_config() if self._peers else None
        if reloaded:
            self._take(reloaded)
        else:
            self.core.reload(self._config)
        if self._peers:
            self._loader.take_turns(self._peers.turn)
        if flags.port or flags.grpc_socket_path:
            self._grpc = GrpcServer(
                self._service, _grpc_options(flags, self._credentials, self._telemetry)
            )
            logger.info("Running gRPC ModelServer at 0.0.0.0:%d ...", flags.port)
        if flags.rest_api_port and flags.rest_api_port == flags.port:
            logger.error("--rest_api_port is the port of gRPC: REST is not served.")
        elif flags.rest_api_port:
            router = Router(self._service, self._metrics_path)
            self._rest = RestServer(router, _rest_options(flags, self._telemetry))
            logger.info("Exporting HTTP/REST API at:localhost:%d ...", flags.rest_api_port)
        if self._peers and (latest := self._peers.reloaded_config()) and latest != reloaded:
            self._take(latest)  # from while this process could not be reached yet
        # What is there by now stays: to look through it for garbage costs 5 % of the calls.
        gc.freeze()

    def serve(self) -> None:
        """Reads the model configuration again and again, if it has to be; else only waits."""
        flags = self._flags
        seconds = flags.model_config_file_poll_wait_seconds if flags.model_config_file else 0
        while True:
            if seconds <= 0:
                time.sleep(1)
                continue
            wait_for_change(flags.model_config_file, seconds)
            try:
                config = _model_server_config(flags)
            except StatusError as error:
                logger.error("The model configuration is not changed: %s", error)
            else:
                self._take(config)

    def _take(self, config: ModelServerConfig) -> None:
        """Replaces the models; those of them that cannot be loaded are logged."""
        try:
            self.core.reload(config, Call.within(_RELOAD_SECONDS))
        except StatusError as error:
            logger.error("The models are not those of the configuration: %s", error)

    def drain(self) -> None:
        """Says that the end has come, refuses what is new, and lets calls under way end."""
        if self._grpc:
            self._grpc.announce_end()
        if self._grpc or self._rest:
            time.sleep(self._flags.lame_duck_in_ms / _MILLIS)
        seconds = self._flags.drain_timeout_in_ms / _MILLIS
        fronts = [front for front in (self._grpc, self._rest) if front]
        self._grpc = self._rest = None
        ends = [threading.Thread(target=front.stop, args=(seconds,)) for front in fronts]
        for end in ends:
            end.start()
        for end in ends:
            end.join()

    def stop(self) -> None:
        """Drains, unloads the models, and ends the threads. To call it again does nothing."""
        self.drain()
        self._log.close()
        self._manager.stop(_UNLOAD_SECONDS)
        self._loader.stop()
        if self._telemetry:
            self._telemetry.stop()
            self._telemetry = None


def _check(flags: Flags) -> None:
    if not flags.port and not flags.grpc_socket_path:
        raise invalid_argument(
            "At least one of server_options.port or grpc_socket_path must be set."
        )
    if not flags.model_config_file and not flags.model_base_path:
        raise invalid_argument(
            "Both server_options.model_base_path and server_options.model_config_file are empty!"
        )
    for name in ("platform_config_file", "use_alts_credentials"):
        if getattr(flags, name):
            raise invalid_argument(f"--{name} is not supported")


def manager_options(flags: Flags) -> ManagerOptions:
    """Returns how versions are looked for and loaded."""
    return ManagerOptions(
        poll_seconds=flags.file_system_poll_wait_seconds,
        load_retries=flags.max_num_load_retries,
        retry_seconds=flags.load_retry_interval_micros / _MICROS,
        load_threads=flags.num_load_threads,
        unload_threads=flags.num_unload_threads,
        initial_load_threads=4 * (os.cpu_count() or 1),
    )


def _model_server_config(flags: Flags) -> ModelServerConfig:
    if flags.model_config_file:
        return read_text_proto(flags.model_config_file, ModelServerConfig())
    return single_model(flags.model_name, flags.model_base_path)


def _grpc_options(
    flags: Flags, credentials: grpc.ServerCredentials | None, telemetry: Telemetry | None
) -> GrpcOptions:
    return GrpcOptions(
        port=flags.port,
        socket_path=flags.grpc_socket_path,
        threads=flags.grpc_threads,
        max_calls=flags.max_requests_in_flight,
        channel_arguments=tuple(_channel_arguments(flags.grpc_channel_arguments)),
        credentials=credentials,
        worker_socket_path=flags.worker_socket_path,
        health=flags.enable_grpc_healthcheck_service,
        reflection=flags.enable_grpc_reflection,
        interceptors=(telemetry.interceptor(),) if telemetry else (),
    )


def _rest_options(flags: Flags, telemetry: Telemetry | None) -> RestOptions:
    options = RestOptions(
        port=flags.rest_api_port,
        threads=flags.rest_threads,
        timeout=flags.rest_api_timeout_in_ms / _MILLIS,
        cors=flags.rest_api_enable_cors_support,
        reuse_port=bool(flags.worker_socket_path),
        max_requests=flags.max_requests_in_flight,
        max_connections=flags.rest_api_max_connections,
        max_body_bytes=flags.rest_api_max_body_bytes,
        max_total_bytes=flags.rest_api_max_total_bytes,
        stall_seconds=flags.rest_api_stall_timeout_in_ms / _MILLIS,
    )
    return dataclasses.replace(options, watched=telemetry.watched) if telemetry else options


def _channel_arguments(text: str) -> Iterator[tuple[str, int | str]]:
    """Reads ``key=value,key=value``; a value that is an integer becomes one."""
    for item in filter(None, text.split(",")):
        key, _, value = item.partition("=")
        try:
            yield key, int(value)
        except ValueError:
            yield key, value
