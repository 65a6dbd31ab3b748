"""The server process: flags, models, ports, and a graceful end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.metadata
import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence

import grpc

from tfline.serving.server.c_api import library
from tfline.serving.server.core import ServerCore
from tfline.serving.server.coroutines import run_here
from tfline.serving.server.flags import Flags, UsageError, parse, usage, with_environment
from tfline.serving.server.loading import Loader
from tfline.serving.server.manager import Manager, ManagerOptions
from tfline.serving.server.model_config import (
    ModelServerConfig,
    read_text_proto,
    single_model,
    wait_for_change,
)
from tfline.serving.server.monitoring import Metrics, metrics_path
from tfline.serving.server.rest.http_server import RestOptions, start_rest
from tfline.serving.server.rest.routes import Router
from tfline.serving.server.rpc.loop import GrpcLoop
from tfline.serving.server.rpc.methods import GrpcOptions
from tfline.serving.server.rpc.threads import GrpcThreads
from tfline.serving.server.service import Service
from tfline.serving.server.status import StatusError, invalid_argument
from tfline.serving.server.tls import server_credentials

logger = logging.getLogger(__name__)

_FAILURE = 255
_MICROS, _MILLIS = 1_000_000, 1_000


def main(arguments: Sequence[str]) -> int:
    """Runs a server until SIGTERM or SIGINT.

    Args:
        arguments: The command line, without the name of the program.

    Returns:
        The exit code of the process.
    """
    try:
        flags, unknown = parse(arguments)
    except UsageError as error:
        print(f"{error}\n{usage()}".strip())
        return _FAILURE
    if unknown:
        print(*(f"unknown argument: {argument}" for argument in unknown), usage(), sep="\n")
    if flags.version:
        print(version_text())
        return 0
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s"
    )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its errors reach the log as statuses
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        flags = with_environment(flags, os.environ)
        with serving(flags) as core:
            _watch(flags, core)
    except StatusError as error:
        print(f"Failed to start server. Error: {error}", flush=True)
        return _FAILURE
    except KeyboardInterrupt:
        logger.info("Stopped.")
    return 0


def version_text() -> str:
    """Returns the versions of the server and of TensorFlow, in two lines."""
    tensorflow = library().TF_Version().decode()
    return (
        f"TensorFlow ModelServer: {importlib.metadata.version('tfline')} (tfline)\n"
        f"TensorFlow Library: {tensorflow}"
    )


@contextlib.contextmanager
def serving(flags: Flags) -> Iterator[ServerCore]:
    """Serves inside the context: from when every model is available until its end.

    Raises:
        StatusError: If the flags contradict one another, a model cannot be loaded, or a port
            cannot be opened.
    """
    _check(flags)
    credentials = server_credentials(flags.ssl_config_file)
    path = metrics_path(flags.monitoring_config_file)
    config = _model_server_config(flags)
    metrics = Metrics()
    loader = Loader(flags, metrics)
    manager = Manager(loader, _manager_options(flags))
    try:
        core = ServerCore(manager, free_labels=flags.allow_version_labels_for_unavailable_models)
        core.reload(config)
        service = Service(
            core=core,
            metrics=metrics,
            as_content=flags.enable_serialization_as_tensor_content,
            check_method=flags.enable_signature_method_name_check,
        )
        with contextlib.ExitStack() as fronts:
            if flags.port or flags.grpc_socket_path:
                front = GrpcLoop if flags.enable_batching else GrpcThreads
                fronts.callback(front(service, _grpc_options(flags, credentials)).stop)
                logger.info("Running gRPC ModelServer at 0.0.0.0:%d ...", flags.port)
            if flags.rest_api_port and flags.rest_api_port == flags.port:
                logger.error("--rest_api_port is the port of gRPC: REST is not served.")
            elif flags.rest_api_port:
                run = asyncio.run if flags.enable_batching else run_here
                rest = start_rest(
                    Router(service, run, flags.rest_api_timeout_in_ms / _MILLIS, path),
                    _rest_options(flags),
                )
                fronts.callback(rest.stop)
                logger.info("Exporting HTTP/REST API at:localhost:%d ...", flags.rest_api_port)
            # What is there by now stays: to look through it for garbage costs 5 % of the calls.
            gc.freeze()
            yield core
    finally:
        _ignore_signals()
        manager.stop()
        loader.stop()


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


def _ignore_signals() -> None:
    """Lets nothing interrupt the end, which has begun."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _cpus() -> int:
    return os.cpu_count() or 1


def _manager_options(flags: Flags) -> ManagerOptions:
    return ManagerOptions(
        poll_seconds=flags.file_system_poll_wait_seconds,
        load_retries=flags.max_num_load_retries,
        retry_seconds=flags.load_retry_interval_micros / _MICROS,
        load_threads=flags.num_load_threads,
        unload_threads=flags.num_unload_threads,
        initial_load_threads=4 * _cpus(),
    )


def _model_server_config(flags: Flags) -> ModelServerConfig:
    if flags.model_config_file:
        return read_text_proto(flags.model_config_file, ModelServerConfig())
    return single_model(flags.model_name, flags.model_base_path)


def _grpc_options(flags: Flags, credentials: grpc.ServerCredentials | None) -> GrpcOptions:
    return GrpcOptions(
        port=flags.port,
        socket_path=flags.grpc_socket_path,
        threads=flags.request_threads,
        channel_arguments=tuple(_channel_arguments(flags.grpc_channel_arguments)),
        credentials=credentials,
        health=flags.enable_grpc_healthcheck_service,
    )


def _rest_options(flags: Flags) -> RestOptions:
    return RestOptions(
        port=flags.rest_api_port,
        threads=flags.rest_api_num_threads or 4 * _cpus(),
        cors=flags.rest_api_enable_cors_support,
    )


def _channel_arguments(text: str) -> Iterator[tuple[str, int | str]]:
    """Reads ``key=value,key=value``; a value that is an integer becomes one."""
    for item in filter(None, text.split(",")):
        key, _, value = item.partition("=")
        try:
            yield key, int(value)
        except ValueError:
            yield key, value


def _watch(flags: Flags, core: ServerCore) -> None:
    """Reads the model configuration again and again, if it has to be; else waits."""
    seconds = flags.model_config_file_poll_wait_seconds if flags.model_config_file else 0
    while True:
        if seconds <= 0:
            time.sleep(1)
        else:
            wait_for_change(flags.model_config_file, seconds)
            try:
                core.reload(_model_server_config(flags))
            except StatusError as error:
                logger.error("The model configuration is not changed: %s", error)
