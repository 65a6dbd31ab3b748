"""The command line: the flags of ``tensorflow_model_server``, with its way of reading them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_BATCHING_THREADS = 128  # they wait for their batches

_KINDS = {"bool": bool, "int": int, "float": float, "str": str}


class UsageError(Exception):
    """A known flag has a value that it cannot have, or help was asked for."""


def _flag(default: Any, description: str) -> Any:
    return dataclasses.field(default=default, metadata={"description": description})


@dataclass(frozen=True, kw_only=True)
class Flags:
    """The settings of a server; each is described beside its default."""

    port: int = _flag(8500, "TCP port of gRPC on all IPv4 interfaces; 0: none")
    grpc_socket_path: str = _flag("", "UNIX socket of gRPC; empty: none")
    rest_api_port: int = _flag(0, "Port of the REST API on all interfaces; 0: none")
    rest_api_timeout_in_ms: int = _flag(30000, "Time limit of a REST inference call")
    rest_api_num_threads: int = _flag(
        0, "REST calls answered at a time; 0: 4 x CPUs, or 128 with batching"
    )
    rest_api_enable_cors_support: bool = _flag(False, "Send CORS headers with REST answers")
    model_name: str = _flag("default", "Name of the single model")
    model_base_path: str = _flag("", "Folder of the versions of the single model")
    model_config_file: str = _flag("", "ModelServerConfig, text format; replaces the single model")
    model_config_file_poll_wait_seconds: int = _flag(0, "Time between two reads; 0: read once")
    file_system_poll_wait_seconds: int = _flag(
        1, "Time between two looks for versions; 0: one look, negative: never"
    )
    max_num_load_retries: int = _flag(5, "Attempts to load a version, after the first")
    load_retry_interval_micros: int = _flag(60_000_000, "Time between attempts; negative: none")
    num_load_threads: int = _flag(0, "Versions loaded at a time; 0: one")
    num_unload_threads: int = _flag(0, "Versions unloaded at a time; 0: one")
    allow_version_labels_for_unavailable_models: bool = _flag(
        False, "New labels may be on versions that are not available"
    )
    enable_batching: bool = _flag(False, "Put requests together into batches")
    batching_parameters_file: str = _flag("", "BatchingParameters, text format")
    enable_per_model_batching_parameters: bool = _flag(
        False, "Read batching_params.pbtxt in the folder of a version"
    )
    monitoring_config_file: str = _flag("", "MonitoringConfig, text format")
    request_log_folder: str = _flag(
        "", "Folder to write requests to, for models without a logging_config; empty: nowhere"
    )
    request_log_sampling_rate: float = _flag(1.0, "Share of those requests; 0 to 1")
    request_log_max_file_mb: int = _flag(64, "MB of a file, after which the next is begun")
    request_log_max_file_seconds: int = _flag(300, "Seconds of a file, after which it is complete")
    request_log_max_total_mb: int = _flag(
        1024, "MB of all files of a prefix; the oldest go. 0: no limit"
    )
    request_log_max_queue_mb: int = _flag(
        64, "MB that wait to be written; what does not fit is dropped, and counted"
    )
    ssl_config_file: str = _flag("", "SSLConfig, text format; gRPC over TCP is encrypted")
    saved_model_tags: str = _flag("serve", "Tags of the meta graph to load, separated by commas")
    enable_model_warmup: bool = _flag(True, "Run the requests in assets.extra before serving")
    num_request_iterations_for_warmup: int = _flag(0, "Runs of each warm-up request; 0: one")
    grpc_channel_arguments: str = _flag("", "Options of the gRPC server: key=value,key=value")
    grpc_max_threads: int = _flag(
        0, "gRPC calls answered at a time; 0: 4 x CPUs, or 128 with batching"
    )
    tensorflow_session_config_file: str = _flag("", "ConfigProto, text format")
    tensorflow_session_parallelism: int = _flag(0, "Threads of a session; 0: chosen by TensorFlow")
    tensorflow_intra_op_parallelism: int = _flag(
        0, "Threads of one operation; 0: a quarter of the CPUs, at least 1"
    )
    tensorflow_inter_op_parallelism: int = _flag(0, "Operations run at a time; 0: chosen")
    per_process_gpu_memory_fraction: float = _flag(0.0, "Share of the GPU's memory; 0: chosen")
    enable_signature_method_name_check: bool = _flag(
        False, "Predict refuses signatures with a foreign method name"
    )
    enable_serialization_as_tensor_content: bool = _flag(
        False, "Predict answers with tensor_content"
    )
    enable_grpc_healthcheck_service: bool = _flag(False, "Serve grpc.health.v1")
    enable_grpc_reflection: bool = _flag(False, "Serve grpc.reflection, for grpcurl and others")
    enable_opentelemetry: bool = _flag(
        False, "Send traces and metrics to where OTEL_EXPORTER_OTLP_ENDPOINT says"
    )
    enable_trial_load: bool = _flag(
        False,
        "Load each version in a process of its own first: one whose damaged files end a process is "
        "a load error then, and not the end of the server; it takes twice the time and memory",
    )
    load_libraries: str = _flag(
        "", "Libraries of operators, separated by commas; those of known wheels need not be named"
    )
    processes: str = _flag(
        "1", "Processes that share the ports; auto: one for each CPU. They load the models each"
    )
    worker_socket_path: str = _flag("", "Set by --processes for the processes that it starts")
    max_requests_in_flight: int = _flag(
        1024, "Calls that are answered or wait, of gRPC and of REST each; 0: no limit"
    )
    max_filled_elements: int = _flag(
        2**20, "Elements of a tensor that a request may leave to be filled in; 0: no limit"
    )
    rest_api_max_body_bytes: int = _flag(
        2**26, "The largest body of a REST request, as it is sent and unpacked"
    )
    rest_api_max_total_bytes: int = _flag(
        2**30,
        "All REST requests under way: their bodies, as sent and unpacked, and the values in them",
    )
    rest_api_max_connections: int = _flag(1000, "REST connections; those beyond are closed")
    rest_api_stall_timeout_in_ms: int = _flag(
        30000, "How long a REST client may neither send what it began nor read its answer"
    )
    drain_timeout_in_ms: int = _flag(
        10000, "How long calls under way may last once the server is told to end"
    )
    lame_duck_in_ms: int = _flag(
        0, "How long the ports stay open once health says NOT_SERVING at the end"
    )
    version: bool = _flag(False, "Print the versions and leave")
    platform_config_file: str = _flag("", "Not supported")
    use_alts_credentials: bool = _flag(False, "Not supported")
    flush_filesystem_caches: bool = _flag(True, "Accepted, without effect")
    remove_unused_fields_from_bundle_metagraph: bool = _flag(True, "Accepted, without effect")
    num_tflite_pools: int = _flag(1, "Accepted, without effect")
    num_tflite_interpreters_per_pool: int = _flag(1, "Accepted, without effect")
    xla_cpu_compilation_enabled: bool = _flag(False, "Accepted, without effect")
    xla_gpu_compilation_enabled: bool = _flag(False, "Accepted, without effect")
    enable_profiler: bool = _flag(True, "Accepted, without effect")
    mixed_precision: str = _flag("", "Accepted, without effect")
    skip_initialize_tpu: bool = _flag(False, "Accepted, without effect")
    thread_pool_factory_config_file: str = _flag("", "Accepted, without effect")
    prefer_tflite_model: bool = _flag(False, "Accepted, without effect")

    @property
    def worker_processes(self) -> int:
        """The processes that serve.

        Raises:
            UsageError: It is neither a positive number nor ``auto``.
        """
        if self.processes == "auto":
            return _cpus()
        if not self.processes.isdecimal() or not int(self.processes):
            raise UsageError(f"Couldn't interpret value {self.processes} for flag processes.")
        return int(self.processes)

    @property
    def model_threads(self) -> int:
        """The runs of a model without batching that there are at a time."""
        return self.grpc_max_threads or 4 * _cpus()

    @property
    def grpc_threads(self) -> int:
        """The gRPC calls that are answered at a time; with batching, most of them wait."""
        return self.grpc_max_threads or (_BATCHING_THREADS if self.enable_batching else 4 * _cpus())

    @property
    def rest_threads(self) -> int:
        """The REST calls that are answered at a time; with batching, most of them wait."""
        few = _BATCHING_THREADS if self.enable_batching else 4 * _cpus()
        return self.rest_api_num_threads or few


def _cpus() -> int:
    return os.cpu_count() or 1


def parse(arguments: Sequence[str]) -> tuple[Flags, list[str]]:
    """Reads a command line.

    Args:
        arguments: ``--name=value``, ``--name value``, or ``--name`` for a boolean.

    Returns:
        The settings, and the arguments that are not known.

    Raises:
        UsageError: On ``--help``, or if the value of a known flag is bad.
    """
    kinds = {field.name: _KINDS[str(field.type)] for field in dataclasses.fields(Flags)}
    values: dict[str, Any] = {}
    unknown: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, equals, value = argument.removeprefix("--").partition("=")
        if argument in {"--help", "-h"}:
            raise UsageError
        if not argument.startswith("--") or name not in kinds:
            unknown.append(argument)
            continue
        if not equals:
            value = "true" if kinds[name] is bool else _following(argument, rest)
        values[name] = _convert(name, kinds[name], value)
    return Flags(**values), unknown


def with_environment(flags: Flags, environment: Mapping[str, str]) -> Flags:
    """Returns `flags` with the model that MODEL_NAME and MODEL_BASE_PATH name, if no flag does.

    They are the variables of TensorFlow Serving's Docker image, which opens REST on 8501, too.
    """
    named = environment.keys() & {"MODEL_NAME", "MODEL_BASE_PATH"}
    if not named or flags.model_base_path or flags.model_config_file:
        return flags
    name = environment.get("MODEL_NAME", "model")
    folder = environment.get("MODEL_BASE_PATH", "/models")
    return dataclasses.replace(
        flags,
        model_name=name,
        model_base_path=f"{folder}/{name}",
        rest_api_port=flags.rest_api_port or 8501,
    )


def usage() -> str:
    """Returns the description of all flags."""
    lines = ["usage: python -m tfline.serving.server", "Flags:"]
    for field in dataclasses.fields(Flags):
        default = str(field.default).lower() if field.type == "bool" else repr(field.default)
        lines.append(f"\t--{field.name}={default}\t{field.type}\t{field.metadata['description']}")
    return "\n".join(lines)


def _following(argument: str, rest: list[str]) -> str:
    """Takes the value of a flag from the next argument."""
    if not rest:
        raise UsageError(f"{argument} needs a value")
    return rest.pop(0)


def _convert(name: str, kind: type, value: str) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False}[value]
        return kind(value)
    except (KeyError, ValueError) as error:
        raise UsageError(f"Couldn't interpret value {value} for flag {name}.") from error
