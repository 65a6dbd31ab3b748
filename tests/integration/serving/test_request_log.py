"""A real server writes what it is asked, over gRPC and REST, and `tfline data show` reads it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.serving.conftest import (
    Grpc,
    Rest,
    example,
    free_port,
    predict_request,
)
from tfline.components.example_gen.tfrecord import read_records
from tfline.pipelines import cli
from tfline.serving.client import Client
from tfline.serving.process import ServerProcess, start_server
from tfline.serving.protos import (
    classification_pb2,
    inference_pb2,
    input_pb2,
    prediction_log_pb2,
    regression_pb2,
)

METRICS = "/monitoring/prometheus/metrics"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if mount is None or subprocess.run([mount, *options], capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def logs(folder: Path) -> list[Any]:
    files = sorted(folder.glob("*.tfrecord"))
    records = (record for file in files for record in read_records(file))
    return [prediction_log_pb2.PredictionLog.FromString(record) for record in records]


def examples() -> input_pb2.Input:
    found = input_pb2.Input()
    found.example_list.examples.append(example(x=2.0))
    return found


def ask_everything(server: ServerProcess) -> None:
    """One request of each kind, by label, by version and without either; and one that fails."""
    api, rest = Grpc(server.target), Rest(server.rest_api_port)
    by_label = predict_request(x=[1.0, 2.0])
    by_label.model_spec.version_label = "stable"
    api.call("Predict", by_label)
    spec = {"name": "toolbox", "signature_name": "classify"}
    api.call(
        "Classify", classification_pb2.ClassificationRequest(model_spec=spec, input=examples())
    )
    spec = {"name": "toolbox", "signature_name": "regress"}
    api.call("Regress", regression_pb2.RegressionRequest(model_spec=spec, input=examples()))
    tasks = [{"model_spec": spec, "method_name": "tensorflow/serving/regress"}]
    api.call("MultiInference", inference_pb2.MultiInferenceRequest(tasks=tasks, input=examples()))
    assert rest("/v1/models/toolbox/versions/3:predict", {"instances": [4.0]})[0] == 200
    body = {"signature_name": "regress", "examples": [{"x": 2.0}]}
    assert rest("/v1/models/toolbox:regress", body)[0] == 200
    api.error("Predict", predict_request("none", x=[1.0]))


def test_requests_of_every_kind_are_written_and_shown(
    publish: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish("toolbox", tmp_path / "toolbox", 3)
    config, folder = tmp_path / "models.config", tmp_path / "logs"
    config.write_text(f"""
        model_config_list {{ config {{
          name: "toolbox" base_path: "{tmp_path}/toolbox" model_platform: "tensorflow"
          version_labels {{ key: "stable" value: 3 }}
          logging_config {{
            log_collector_config {{ filename_prefix: "{folder}/asked" }}
            sampling_config {{ sampling_rate: 1.0 }}
          }} }} }}""")
    (tmp_path / "monitoring").write_text("prometheus_config { enable: true }")
    flags = [f"--model_config_file={config}", f"--monitoring_config_file={tmp_path}/monitoring"]
    with start_server(
        tmp_path / "toolbox", "unused", rest_api_port=free_port(), flags=flags
    ) as server:
        ask_everything(server)
    kinds = [log.WhichOneof("log_type") for log in logs(folder)]
    assert kinds == [
        *("predict_log", "classify_log", "regress_log", "multi_inference_log"),
        *("predict_log", "regress_log"),
    ]
    assert {log.log_metadata.model_spec.version.value for log in logs(folder)} == {3}
    first, over_rest = logs(folder)[0].predict_log, logs(folder)[4].predict_log
    assert first.request.model_spec.version_label == "stable"
    assert list(first.request.inputs["x"].float_val) == [1.0, 2.0]
    assert list(first.response.outputs["y"].float_val) == [2.5, 3.0]
    assert over_rest.request.model_spec.version.value == 3
    assert list(over_rest.response.outputs["y"].float_val) == [4.0]

    [file] = folder.glob("asked-*.tfrecord")
    assert cli.main(["data", "show", str(file), "-n", "9"]) == 0
    shown = capsys.readouterr().out
    assert "record 0: predict request, " in shown
    assert "  model: toolbox version 3 by label stable, signature serving_default" in shown
    assert "  input x: [2] 1, 2\n  output y: [2] 2.5, 3\n" in shown
    assert "record 1: classify request, " in shown
    assert "    x: float[1] 2\n  answer: " in shown


def test_full_disk_holds_no_request_up_and_is_counted(
    publish: Callable[..., Path], tmp_path: Path, small_disk: Path
) -> None:
    publish("taxi", tmp_path / "taxi", 1)
    (tmp_path / "monitoring").write_text("prometheus_config { enable: true }")
    flags = [
        f"--request_log_folder={small_disk}",
        "--request_log_sampling_rate=1.0",
        "--request_log_max_file_mb=64",
        "--request_log_max_file_seconds=300",
        "--request_log_max_total_mb=0",
        "--request_log_max_queue_mb=64",
        f"--monitoring_config_file={tmp_path}/monitoring",
    ]
    with (
        start_server(tmp_path / "taxi", "taxi", rest_api_port=free_port(), flags=flags) as server,
        Client(server.target, "taxi") as client,
    ):
        rest = Rest(server.rest_api_port)
        rows = [{"payment_type": "x" * 1000}] * 100
        metrics = ""
        for _ in range(200):
            assert len(client.predict(rows)) == 100
            metrics = rest(METRICS)[1]
            if 'request_log_count{model_name="taxi",status="UNAVAILABLE"}' in metrics:
                break
        assert ':tensorflow:serving:request_log_count{model_name="taxi",status="OK"}' in metrics
        assert 'status="UNAVAILABLE"}' in metrics
        assert "No space left on device" in server.output()
    for log in logs(small_disk):
        assert len(log.predict_log.request.inputs["examples"].string_val) == 100
