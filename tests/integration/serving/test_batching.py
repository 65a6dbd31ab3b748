"""Batching: requests that come together are run together, and errors stay as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from tests.integration.serving.conftest import Grpc, predict_request, tensor
from tfline.serving.process import start_server
from tfline.serving.protos import types_pb2

PARAMETERS = """
max_batch_size { value: 8 }
batch_timeout_micros { value: 50000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
allowed_batch_sizes: [2, 4, 8]
"""


def serve(publish, folder: Path, parameters: str) -> Iterator[Grpc]:
    publish("toolbox", folder / "toolbox", 1)
    path = folder / "batching.config"
    path.write_text(parameters)
    flags = ["--enable_batching", f"--batching_parameters_file={path}"]
    with start_server(folder / "toolbox", "toolbox", flags=flags) as server:
        yield Grpc(server.target)


@pytest.fixture(scope="module")
def batching(publish: Callable[..., Path], tmp_path_factory) -> Iterator[Grpc]:
    yield from serve(publish, tmp_path_factory.mktemp("batching"), PARAMETERS)


@pytest.fixture(scope="module")
def padding(publish: Callable[..., Path], tmp_path_factory) -> Iterator[Grpc]:
    parameters = """
        max_batch_size { value: 4 } batch_timeout_micros { value: 100000 }
        pad_variable_length_inputs: true enable_large_batch_splitting { value: true }
    """
    yield from serve(publish, tmp_path_factory.mktemp("padding"), parameters)


def call_all(api: Grpc, requests: list) -> list:
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda request: api.call("Predict", request), requests))


def test_each_request_gets_its_own_rows(batching: Grpc):
    sizes = [1, 2, 3, 1, 2, 8, 5] * 3
    inputs = [[float(100 * i + j) for j in range(size)] for i, size in enumerate(sizes)]
    responses = call_all(batching, [predict_request(x=values) for values in inputs])
    for values, response in zip(inputs, responses, strict=True):
        assert list(response.outputs["y"].float_val) == [value / 2 + 2 for value in values]


def test_burst_waits_for_its_batches(batching: Grpc):
    async def ask() -> list[grpc.aio.AioRpcError | bytes]:
        async with grpc.aio.insecure_channel(batching.target) as channel:
            predict = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
            request = predict_request(x=[1.0]).SerializeToString()
            calls = (predict(request) for _ in range(4000))
            return await asyncio.gather(*calls, return_exceptions=True)

    errors = [answer for answer in asyncio.run(ask()) if isinstance(answer, grpc.RpcError)]
    # The queue of batches is full, or there are more calls than --max_requests_in_flight.
    full = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert {error.code() for error in errors} <= full


def test_strings_are_put_together_and_taken_apart(batching: Grpc):
    inputs = [[b"%d" % i * 20, b"s"] for i in range(6)]
    responses = call_all(
        batching,
        [predict_request("text", x=tensor(values, types_pb2.DT_STRING)) for values in inputs],
    )
    for values, response in zip(inputs, responses, strict=True):
        assert list(response.outputs["plain"].string_val) == [value + b"!" for value in values]


def test_large_request_is_refused(batching: Grpc):
    assert batching.error("Predict", predict_request(x=[1.0] * 9)) == (
        "INVALID_ARGUMENT",
        "Task size 9 is larger than maximum input batch size 8",
    )


def test_scalar_and_unequal_inputs_are_refused(batching: Grpc):
    code, text = batching.error("Predict", predict_request(x=tensor([1.0], shape=[])))
    assert (code, "at least one dimension" in text) == ("INVALID_ARGUMENT", True)
    code, text = batching.error("Predict", predict_request("pair", x=[1.0], z=[1.0, 2.0]))
    assert (code, "equal 0th-dimension size" in text) == ("INVALID_ARGUMENT", True)


def test_output_without_rows_fails_the_batch(batching: Grpc):
    assert batching.error("Predict", predict_request("sum", x=[1.0])) == (
        "FAILED_PRECONDITION",
        "Batched output tensor has 0 dimensions",
    )


def test_error_of_the_session_reaches_the_request(batching: Grpc):
    code, text = batching.error("Predict", predict_request(x=tensor([b"a"], types_pb2.DT_STRING)))
    assert code == "INVALID_ARGUMENT"
    assert "Expects arg[0] to be float but string is provided" in text


def test_variable_lengths_are_padded_with_the_first_element(padding: Grpc):
    requests = [
        predict_request("row_sums", x=tensor([1.0, 2.0], shape=[1, 2])),
        predict_request("row_sums", x=tensor([5.0, 1.0, 1.0, 1.0], shape=[1, 4])),
    ]
    sums = [r.outputs["y"].float_val[0] for r in call_all(padding, requests)]
    assert sums in ([5.0, 8.0], [3.0, 8.0])  # together: 1 + 2 + 1 + 1; or one after the other


def test_large_request_is_split(padding: Grpc):
    values = [float(i) for i in range(11)]
    response = padding.call("Predict", predict_request(x=values))
    assert list(response.outputs["y"].float_val) == [value / 2 + 2 for value in values]


def test_full_queue_is_unavailable(publish: Callable[..., Path], tmp_path: Path):
    parameters = "max_batch_size { value: 1 } max_enqueued_batches { value: 1 } "
    parameters += "num_batch_threads { value: 1 }"
    for api in serve(publish, tmp_path, parameters):
        slow = predict_request("slow", n=tensor([300], types_pb2.DT_INT32))
        with ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(api.call, "Predict", slow) for _ in range(8)]
            errors = [future.exception() for future in futures]
        codes = {error.code().name for error in errors if error}
        assert codes == {"UNAVAILABLE"}
        assert None in errors
