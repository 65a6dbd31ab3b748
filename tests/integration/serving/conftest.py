"""Models, and the servers that the tests share."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from tfline.serving.process import ServerProcess, start_server
from tfline.serving.protos import (
    classification_pb2,
    example_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
    tensor_pb2,
    types_pb2,
)

METHODS = {
    "Predict": ("Prediction", predict_pb2.PredictResponse),
    "Classify": ("Prediction", classification_pb2.ClassificationResponse),
    "Regress": ("Prediction", regression_pb2.RegressionResponse),
    "MultiInference": ("Prediction", inference_pb2.MultiInferenceResponse),
    "GetModelMetadata": ("Prediction", get_model_metadata_pb2.GetModelMetadataResponse),
    "GetModelStatus": ("Model", get_model_status_pb2.GetModelStatusResponse),
    "HandleReloadConfigRequest": ("Model", model_management_pb2.ReloadConfigResponse),
}


@dataclass
class Grpc:
    """A bare channel: any request to any method."""

    target: str
    options: dict[str, int] = field(default_factory=dict)
    channel: grpc.Channel = field(init=False)

    def __post_init__(self) -> None:
        self.channel = grpc.insecure_channel(self.target, list(self.options.items()))

    def call(self, method: str, request: Any, timeout: float | None = 20.0) -> Any:
        service, response = METHODS[method]
        return self.channel.unary_unary(
            f"/tensorflow.serving.{service}Service/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )(request, timeout=timeout)

    def error(self, method: str, request: Any, timeout: float | None = 20.0) -> tuple[str, str]:
        with pytest.raises(grpc.RpcError) as caught:
            self.call(method, request, timeout)
        return caught.value.code().name, caught.value.details()


@dataclass
class Rest:
    """The REST API of a server."""

    port: int

    def __call__(
        self,
        path: str,
        body: Any = None,
        *,
        method: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://localhost:{self.port}{path}", data, headers or {}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, _content(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _content(error.read())


def _content(body: bytes) -> Any:
    try:
        return json.loads(body.decode(errors="surrogateescape"))
    except ValueError:
        return body.decode(errors="surrogateescape")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def tensor(values: Any, dtype: int = types_pb2.DT_FLOAT, shape: list[int] | None = None) -> Any:
    fields = {
        types_pb2.DT_FLOAT: "float_val",
        types_pb2.DT_INT32: "int_val",
        types_pb2.DT_STRING: "string_val",
    }
    proto = tensor_pb2.TensorProto(dtype=dtype, **{fields[dtype]: values})
    proto.tensor_shape.SetInParent()
    for size in [len(values)] if shape is None else shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def predict_request(
    signature: str = "", name: str = "toolbox", version: int | None = None, **inputs: Any
) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    for alias, value in inputs.items():
        proto = value if isinstance(value, tensor_pb2.TensorProto) else tensor(value)
        request.inputs[alias].CopyFrom(proto)
    return request


def example(**values: float) -> Any:
    message = example_pb2.Example()
    for name, value in values.items():
        message.features.feature[name].float_list.value.append(value)
    return message


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the SavedModels: toolbox, taxi, price."""
    folder = tmp_path_factory.mktemp("models")
    script = Path(__file__).with_name("build_models.py")
    subprocess.run([sys.executable, script, folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def publish(models: Path) -> Callable[..., Path]:
    """Puts a model into place as a version, as an exporter does: copy, then rename."""

    def publish(model: str, base: Path, version: str | int = 1) -> Path:
        staged = base.parent / f".{base.name}-{version}"
        shutil.copytree(models / model, staged)
        base.mkdir(parents=True, exist_ok=True)
        return staged.rename(base / str(version))

    return publish


@pytest.fixture(scope="session")
def server(
    publish: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server with all models at version 123, with REST and metrics."""
    folder = tmp_path_factory.mktemp("served")
    for name in ("toolbox", "taxi", "price"):
        publish(name, folder / name, "00000123")
    config = folder / "models.config"
    config.write_text(
        "model_config_list {"
        + "".join(
            f'config {{ name: "{name}" base_path: "{folder / name}" model_platform: "tensorflow" '
            f'version_labels {{ key: "stable" value: 123 }} }}'
            for name in ("toolbox", "taxi", "price")
        )
        + "}"
    )
    monitoring = folder / "monitoring.config"
    monitoring.write_text("prometheus_config { enable: true }")
    flags = [f"--model_config_file={config}", f"--monitoring_config_file={monitoring}"]
    with start_server(
        folder / "toolbox", "unused", rest_api_port=free_port(), flags=flags
    ) as process:
        yield process


@pytest.fixture(scope="session")
def api(server: ServerProcess) -> Grpc:
    return Grpc(server.target)


@pytest.fixture(scope="session")
def rest(server: ServerProcess) -> Rest:
    return Rest(server.rest_api_port)
