"""Flags that change how a server answers: one server that has them all."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from tests.integration.serving.conftest import Grpc, Rest, free_port, predict_request, tensor
from tfline.serving.channel import PREDICT
from tfline.serving.errors import StartError
from tfline.serving.process import ServerProcess, start_server
from tfline.serving.protos import get_model_metadata_pb2, types_pb2

FLAGS = [
    "--enable_signature_method_name_check",
    "--enable_batching",
    "--enable_per_model_batching_parameters",
    "--allow_version_labels_for_unavailable_models",
    "--grpc_channel_arguments=grpc.max_receive_message_length=2000,grpc.primary_user_agent=x",
    "--grpc_max_threads=1",
    "--enable_serialization_as_tensor_content",
    "--rest_api_num_threads=1",
    "--rest_api_timeout_in_ms=300",
    "--saved_model_tags=serve,",
    "--enable_model_warmup=false",
    "--num_request_iterations_for_warmup=2",
]
WITHOUT_EFFECT = [
    "--flush_filesystem_caches=false",
    "--remove_unused_fields_from_bundle_metagraph=false",
    "--num_tflite_pools=2",
    "--num_tflite_interpreters_per_pool=2",
    "--xla_cpu_compilation_enabled",
    "--xla_gpu_compilation_enabled",
    "--enable_profiler=false",
    "--mixed_precision=bfloat16",
    "--skip_initialize_tpu",
    "--thread_pool_factory_config_file=/none",
    "--prefer_tflite_model",
]


@pytest.fixture(scope="module")
def config(publish: Callable[..., Path], tmp_path_factory) -> Path:
    """Two models: one with batching parameters of its own, one with a label on no version."""
    folder = tmp_path_factory.mktemp("flags")
    batched = publish("toolbox", folder / "batched", 1)
    (batched / "batching_params.pbtxt").write_text("max_batch_size { value: 2 }")
    (batched / "assets.extra").mkdir()
    (batched / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"damaged")
    publish("toolbox", folder / "plain", 1)
    path = folder / "models.config"
    path.write_text(
        "model_config_list {"
        + "".join(
            f'config {{ name: "{name}" base_path: "{folder / name}" model_platform: "tensorflow" '
            f'version_labels {{ key: "next" value: 9 }} }}'
            for name in ("batched", "plain")
        )
        + "}"
    )
    return path


@pytest.fixture(scope="module")
def process(config: Path) -> Iterator[ServerProcess]:
    flags = [f"--model_config_file={config}", *FLAGS, *WITHOUT_EFFECT]
    with start_server(
        config.parent / "plain", "unused", rest_api_port=free_port(), flags=flags
    ) as server:
        yield server


@pytest.fixture(scope="module")
def flagged(process: ServerProcess) -> Grpc:
    return Grpc(process.target)


def test_flags_without_effect_are_accepted(process: ServerProcess):
    assert "unknown argument" not in process.output()


def test_method_name_of_a_signature_is_checked(flagged: Grpc):
    code, text = flagged.error("Predict", predict_request("sum", "plain", x=[1.0]))
    assert code == "INTERNAL"
    assert text == (
        "Expected prediction signature method_name to be one of {tensorflow/serving/predict, "
        "tensorflow/serving/classify, tensorflow/serving/regress}. Was: somewhere/else"
    )


def test_method_name_is_not_checked_by_default(api: Grpc):
    response = api.call("Predict", predict_request("sum", x=[1.0, 2.0]))
    assert list(response.outputs["y"].float_val) == [3.0]


def test_only_a_model_with_batching_parameters_is_batched(flagged: Grpc):
    code, text = flagged.error("Predict", predict_request(name="batched", x=[1.0] * 3))
    assert code == "INVALID_ARGUMENT"
    assert text == "Task size 3 is larger than maximum input batch size 2"
    response = flagged.call("Predict", predict_request(name="plain", x=[1.0] * 3))
    assert len(response.outputs["y"].tensor_content) == 3 * 4


def test_new_label_may_wait_for_its_version(flagged: Grpc):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name, request.model_spec.version_label = "plain", "next"
    assert flagged.error("GetModelMetadata", request) == (
        "NOT_FOUND",
        "Servable not found for request: Specific(plain, 9)",
    )


def test_channel_arguments_reach_the_server(flagged: Grpc):
    large = predict_request(name="plain", x=tensor([1.0] * 1000))
    assert flagged.error("Predict", large)[0] == "RESOURCE_EXHAUSTED"


def test_call_waits_for_a_thread(flagged: Grpc):
    slow = predict_request("slow", "plain", n=tensor([10_000_000], types_pb2.DT_INT32))
    quick = predict_request(name="plain", x=[1.0])
    predict = flagged.channel.unary_unary(PREDICT)
    under_way = predict.future(slow.SerializeToString(), timeout=0.5)
    assert flagged.error("Predict", quick, timeout=0.2)[0] == "DEADLINE_EXCEEDED"
    assert under_way.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert flagged.call("Predict", quick).outputs


def test_rest_call_has_a_time_limit_and_waits_for_a_thread(process: ServerProcess):
    rest = Rest(process.rest_api_port)
    slow = {"signature_name": "slow", "instances": [10_000_000]}
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda body: rest("/v1/models/plain:predict", body), [slow] * 3))
    assert [status for status, _ in answers] == [504] * 3
    assert rest("/v1/models/plain:predict", {"instances": [1.0]}) == (200, {"predictions": [2.5]})


def test_tags_choose_the_graph(config: Path):
    with pytest.raises(StartError) as caught:
        start_server(config.parent / "plain", "m", flags=["--saved_model_tags=gpu"])
    assert "matching supplied tags: { gpu }" in caught.value.where


def test_two_processes_may_share_a_port(publish: Callable[..., Path], tmp_path: Path):
    port, seen = free_port(), set()
    with contextlib.ExitStack() as stack:
        for version in (1, 2):
            base = tmp_path / str(version)
            publish("price", base, version)
            stack.callback(stop, start_sharing(base, port))
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec={"name": "price"}, metadata_field=["signature_def"]
        )
        end = time.monotonic() + 20
        while seen != {1, 2} and time.monotonic() < end:
            api = Grpc(f"localhost:{port}", {"grpc.use_local_subchannel_pool": 1})
            with api.channel, contextlib.suppress(grpc.RpcError):
                seen.add(api.call("GetModelMetadata", request).model_spec.version.value)
    assert seen == {1, 2}


def start_sharing(base: Path, port: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "tfline.serving.server",
        f"--port={port}",
        "--model_name=price",
    ]
    options = [f"--model_base_path={base}", "--grpc_channel_arguments=grpc.so_reuseport=1"]
    return subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    assert process.wait(20) == 0
