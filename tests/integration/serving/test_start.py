"""Starting and ending the server process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from tests.integration.serving.conftest import Grpc, free_port, predict_request
from tfline.serving.channel import PREDICT
from tfline.serving.client import Client
from tfline.serving.errors import StartError
from tfline.serving.process import start_server
from tfline.serving.protos import prediction_log_pb2
from tfline.serving.server.rpc.methods import SERVICES
from tfline.transforms.framing import frame


def run(*flags: str) -> tuple[int, str, str]:
    """Runs a server that ends by itself."""
    done = subprocess.run(
        [sys.executable, "-m", "tfline.serving.server", *flags],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_server_imports_no_tensorflow():
    code = (
        "import sys, tfline.serving.server.main; "
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('tensorflow', 'numpy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_version_prints_both_versions():
    code, out, _ = run("--version")
    assert code == 0
    assert out.splitlines()[0].startswith("TensorFlow ModelServer: ")
    assert out.splitlines()[1].startswith("TensorFlow Library: 2.")


def test_help_prints_the_flags():
    code, out, _ = run("--help")
    assert code == 255
    assert "--rest_api_port=0" in out


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--port=many"], "Couldn't interpret value many for flag port."),
        (["--port=0", "--model_base_path=/tmp"], "INVALID_ARGUMENT"),
        ([], "INVALID_ARGUMENT: Both server_options.model_base_path and"),
        (["--model_base_path=relative"], "to have an absolute path or URI"),
        (["--model_base_path=/m", "--batching_parameters_file=/b"], "enable_batching to true"),
        (
            ["--model_base_path=/m", "--platform_config_file=/p"],
            "platform_config_file is not supported",
        ),
        (
            ["--model_base_path=/m", "--use_alts_credentials"],
            "use_alts_credentials is not supported",
        ),
        (
            [
                "--model_base_path=/m",
                "--tensorflow_session_parallelism=1",
                "--tensorflow_intra_op_parallelism=1",
                "--tensorflow_inter_op_parallelism=1",
            ],
            "You cannot configure all",
        ),
    ],
)
def test_wrong_flags_end_the_start(flags, text):
    code, out, _ = run(*flags)
    assert code == 255
    assert text in out


def test_unparsable_config_file_ends_the_start(tmp_path: Path):
    path = tmp_path / "models.config"
    path.write_text("model_config_list { config { nme: 'a' } }")
    code, out, err = run(f"--model_config_file={path}")
    assert code == 255
    assert "Error parsing text-format tensorflow.serving.ModelServerConfig" in err
    assert f"Error: INVALID_ARGUMENT: Invalid protobuf file: '{path}'" in out


def broken_models(publish: Callable[..., Path], base: Path) -> dict[str, str]:
    """Makes a base path for each kind of damage; returns what the server says of it."""
    (base / "empty" / "1").mkdir(parents=True)
    (publish("price", base / "blank") / "saved_model.pb").write_bytes(b"")
    (publish("toolbox", base / "halfway") / "variables" / "variables.index").unlink()
    truncated = publish("price", base / "truncated") / "saved_model.pb"
    truncated.write_bytes(truncated.read_bytes()[:-100])
    return {
        "empty": "NOT_FOUND: Could not find SavedModel .pb or .pbtxt at supplied export directory",
        "blank": "NOT_FOUND: Could not find meta graph def matching supplied tags: { serve }",
        "halfway": "NOT_FOUND: The graph has variables, but there was no",
        "truncated": "OUT_OF_RANGE",
    }


def test_broken_models_fail_the_start(publish: Callable[..., Path], tmp_path: Path):
    texts = broken_models(publish, tmp_path)
    config = tmp_path / "models.config"
    config.write_text(
        "model_config_list {"
        + "".join(
            f'config {{ name: "{name}" base_path: "{tmp_path / name}" model_type: TENSORFLOW }}'
            for name in texts
        )
        + "}"
    )
    code, out, _ = run("--port=1", f"--model_config_file={config}", "--max_num_load_retries=0")
    assert code == 255
    assert (
        "Error: UNKNOWN: 4 servable(s) did not become available: {{{name: blank version: 1}" in out
    )
    for name, text in texts.items():
        assert f"{{name: {name} version: 1}} due to error: {text}" in out


def test_port_is_closed_until_a_model_is_available_and_sigterm_ends_with_zero(
    publish: Callable[..., Path], tmp_path: Path
):
    port = free_port()
    base = tmp_path / "late"
    command = [sys.executable, "-m", "tfline.serving.server", f"--port={port}"]
    process = subprocess.Popen(
        [*command, "--model_name=late", f"--model_base_path={base}", "--unknown=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(2.5)
        assert process.poll() is None
        code, _ = Grpc(f"localhost:{port}").error("Predict", predict_request(x=[1.0]))
        assert code == "UNAVAILABLE"
        publish("toolbox", base, 7)
        api = Grpc(f"localhost:{port}")
        grpc.channel_ready_future(api.channel).result(timeout=20)
        response = api.call("Predict", predict_request(name="late", x=[1.0]))
        assert response.model_spec.version.value == 7
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "unknown argument: --unknown=1" in out
    assert "Could not find base path" in err


def test_port_in_use_ends_the_start(publish: Callable[..., Path], tmp_path: Path, server):
    publish("price", tmp_path / "price", 1)
    code, out, _ = run(f"--port={server.port}", f"--model_base_path={tmp_path / 'price'}")
    assert code == 255
    assert f"Error: UNAVAILABLE: Cannot serve gRPC at 0.0.0.0:{server.port}" in out


def test_rest_is_left_out_on_the_port_of_grpc(publish: Callable[..., Path], tmp_path: Path):
    publish("price", tmp_path / "price", 1)
    port = free_port()
    with start_server(tmp_path / "price", "price", port, flags=[f"--rest_api_port={port}"]) as one:
        end = time.monotonic() + 10
        while "REST is not served" not in one.output():  # it is said once gRPC is open
            assert time.monotonic() < end, one.output()
            time.sleep(0.05)


def test_cors_headers_are_sent_if_asked_for(publish: Callable[..., Path], tmp_path: Path):
    publish("price", tmp_path / "price", 1)
    flags = ["--rest_api_enable_cors_support", "--enable_serialization_as_tensor_content"]
    with start_server(
        tmp_path / "price", "price", rest_api_port=free_port(), flags=flags
    ) as server:
        url = f"http://localhost:{server.rest_api_port}/v1/models/price"
        with urllib.request.urlopen(url, timeout=10) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "*"
        with Client(server.target, "price") as client:
            assert client.predict([{"size": 1.0}])[0].value == 3.0


@pytest.mark.parametrize("batching", ["--enable_batching=false", "--enable_batching"])
def test_unix_socket_health_and_warm_up(
    batching: str, publish: Callable[..., Path], tmp_path: Path
):
    version = publish("toolbox", tmp_path / "warm", 1)
    write_warm_up(version, predict_request(x=[1.0]))
    path = tmp_path / "grpc.sock"
    with start_server(
        tmp_path / "warm",
        "toolbox",
        flags=[
            *(f"--grpc_socket_path={path}", "--enable_grpc_healthcheck_service"),
            *("--enable_grpc_reflection", batching),
        ],
    ) as server:
        api = Grpc(f"unix:{path}")
        assert api.call("Predict", predict_request(x=[1.0])).outputs["y"].float_val[0] == 2.5
        assert "Warmed up toolbox version 1 with 1 records" in server.output()
        assert [
            line for line in server.output().splitlines() if " tfline.serving." not in line
        ] == []
        health = health_pb2_grpc.HealthStub(api.channel)
        serving = health_pb2.HealthCheckResponse(status="SERVING")
        assert health.Check(health_pb2.HealthCheckRequest()) == serving
        watches = [health.Watch(health_pb2.HealthCheckRequest()) for _ in range(20)]
        assert [next(watch) for watch in watches] == [serving] * 20
        assert api.call("Predict", predict_request(x=[1.0])).outputs["y"].float_val[0] == 2.5
        for watch in watches:
            watch.cancel()
        known = ProtoReflectionDescriptorDatabase(api.channel)
        assert {"grpc.health.v1.Health", *SERVICES} <= set(known.get_services())
        methods = DescriptorPool(known).FindServiceByName(SERVICES[0]).methods
        assert "Predict" in {method.name for method in methods}
        with pytest.raises(grpc.RpcError, match="Exception deserializing request!") as caught:
            api.channel.unary_unary(PREDICT)(b"no message")
        assert caught.value.code() is grpc.StatusCode.INTERNAL


def test_failing_warm_up_is_a_load_error(publish: Callable[..., Path], tmp_path: Path):
    version = publish("toolbox", tmp_path / "cold", 1)
    write_warm_up(version, predict_request("nope", x=[1.0]))
    with pytest.raises(StartError, match="exit code 255") as caught:
        start_server(tmp_path / "cold", "toolbox")
    assert 'Serving signature key "nope" not found.' in caught.value.where


def write_warm_up(version: Path, request) -> None:
    record = prediction_log_pb2.PredictionLog(predict_log={"request": request}).SerializeToString()
    (version / "assets.extra").mkdir()
    (version / "assets.extra" / "tf_serving_warmup_requests").write_bytes(frame(record))


def test_start_server_refuses_what_cannot_work(tmp_path: Path, server):
    with pytest.raises(StartError, match="does not exist"):
        start_server(tmp_path / "nowhere", "a")
    (tmp_path / "a").mkdir()
    with pytest.raises(StartError, match="has no version"):
        start_server(tmp_path / "a", "a")
    (tmp_path / "a" / "1").mkdir()
    with pytest.raises(StartError, match=f"Port {server.port} cannot be used"):
        start_server(tmp_path / "a", "a", server.port)
    with pytest.raises(StartError, match="exit code 255") as caught:
        start_server(tmp_path / "a", "a")
    assert "Could not find SavedModel" in caught.value.where


def test_stop_leaves_no_process(publish: Callable[..., Path], tmp_path: Path):
    publish("price", tmp_path / "price", 1)
    with start_server(tmp_path / "price", "price") as server:
        assert server.running
    assert not server.running
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_server_ends_with_a_process_that_is_killed(publish: Callable[..., Path], tmp_path: Path):
    publish("price", tmp_path / "price", 1)
    code = (
        "import os, signal; from tfline.serving.process import start_server;"
        f"server = start_server({str(tmp_path / 'price')!r}, 'price');"
        "print(server.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    end = time.monotonic() + 10
    while is_running(int(done.stdout)):
        assert time.monotonic() < end
        time.sleep(0.1)


def is_running(pid: int) -> bool:
    """Returns whether a process is there, and is not one that only waits to be collected."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
