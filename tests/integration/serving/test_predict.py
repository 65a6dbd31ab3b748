"""Predict over gRPC: the answers, and each error with its code and text."""

from __future__ import annotations

import grpc
import pytest
from tensorflow_serving.apis import prediction_service_pb2_grpc

from tests.integration.serving.conftest import Grpc, predict_request, tensor
from tfline.serving.process import ServerProcess
from tfline.serving.protos import types_pb2


def test_predict_answers_through_the_official_stub(server: ServerProcess):
    with grpc.insecure_channel(server.target) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        response = stub.Predict(predict_request(x=[1.0, 2.0, 5.0]), timeout=10)
    assert list(response.outputs["y"].float_val) == [2.5, 3.0, 4.5]
    assert not response.outputs["y"].tensor_content
    assert [dim.size for dim in response.outputs["y"].tensor_shape.dim] == [3]


def test_response_names_version_and_resolved_signature(api: Grpc):
    spec = api.call("Predict", predict_request(x=[1.0])).model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == (
        "toolbox",
        123,
        "serving_default",
    )


def test_version_label_finds_its_version(api: Grpc):
    request = predict_request(x=[1.0])
    request.model_spec.version_label = "stable"
    assert api.call("Predict", request).model_spec.version.value == 123


def lookup_requests():
    nameless = predict_request(name="", x=[1.0])
    unlabelled = predict_request(x=[1.0])
    unlabelled.model_spec.version_label = "canary"
    missing = predict_request(x=[1.0])
    missing.ClearField("model_spec")
    return [
        (missing, "INVALID_ARGUMENT", "Missing ModelSpec"),
        (nameless, "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (unlabelled, "INVALID_ARGUMENT", "Unrecognized servable version label: canary"),
        (
            predict_request(name="nope", x=[1.0]),
            "NOT_FOUND",
            "Servable not found for request: Latest(nope)",
        ),
        (
            predict_request(version=9, x=[1.0]),
            "NOT_FOUND",
            "Servable not found for request: Specific(toolbox, 9)",
        ),
        (
            predict_request("nope", x=[1.0]),
            "FAILED_PRECONDITION",
            'Serving signature key "nope" not found.',
        ),
    ]


@pytest.mark.parametrize(("request_", "code", "text"), lookup_requests())
def test_model_lookup_error(api: Grpc, request_, code, text):
    assert api.error("Predict", request_) == (code, text)


def test_too_many_inputs_are_listed(api: Grpc):
    code, text = api.error("Predict", predict_request(x=[1.0], b=[1.0]))
    assert code == "INVALID_ARGUMENT"
    assert text == (
        "input size does not match signature: 2!=1 len({b,x}) != len({x}). "
        "Sent extra: {b}. Missing but required: {}."
    )


def test_too_few_inputs_are_listed(api: Grpc):
    code, text = api.error("Predict", predict_request("pair", x=[1.0]))
    assert code == "INVALID_ARGUMENT"
    assert "1!=2" in text
    assert "Missing but required: {z}." in text


def test_wrong_input_name_is_an_error(api: Grpc):
    code, text = api.error("Predict", predict_request(wrong=[1.0]))
    assert code == "INVALID_ARGUMENT"
    assert text.startswith("Signature input alias: x(feed name: serving_default_x:0) not found")


def test_missing_input_takes_the_default_of_the_signature(api: Grpc):
    response = api.call("Predict", predict_request("with_default", x=[1.0, 2.0]))
    assert list(response.outputs["total"].float_val) == [11.0, 12.0]


def test_tensor_without_dtype_cannot_be_parsed(api: Grpc):
    broken = tensor([1.0])
    broken.ClearField("dtype")
    assert api.error("Predict", predict_request(x=broken)) == (
        "INVALID_ARGUMENT",
        "tensor parsing error: x",
    )


def test_short_tensor_content_cannot_be_parsed(api: Grpc):
    broken = tensor([], shape=[4])
    broken.tensor_content = b"\0\0\0\0"
    assert api.error("Predict", predict_request(x=broken))[1] == "tensor parsing error: x"


@pytest.mark.parametrize(
    ("values", "expected"),
    [([4.0], [4.0, 4.0, 4.0]), ([], [2.0, 2.0, 2.0]), ([4.0, 0.0, 8.0, 9.0], [4.0, 2.0, 6.0])],
    ids=["last value repeats", "none are zeros", "extra are ignored"],
)
def test_number_of_values_need_not_match_shape(api: Grpc, values, expected):
    response = api.call("Predict", predict_request(x=tensor(values, shape=[3])))
    assert list(response.outputs["y"].float_val) == expected


def test_output_filter_keeps_the_named_outputs(api: Grpc):
    request = predict_request("pair", x=[2.0], z=[3.0])
    request.output_filter.append("product")
    assert list(api.call("Predict", request).outputs) == ["product"]


def test_unknown_output_is_an_error(api: Grpc):
    request = predict_request(x=[1.0])
    request.output_filter.append("Z")
    assert api.error("Predict", request) == (
        "INVALID_ARGUMENT",
        "output tensor alias not found in signature: Z Outputs expected to be in the set {y}.",
    )


def test_repeated_output_is_an_error(api: Grpc):
    request = predict_request(x=[1.0])
    request.output_filter.extend(["y", "y"])
    assert api.error("Predict", request) == (
        "INVALID_ARGUMENT",
        "duplicate output tensor alias: y",
    )


def test_wrong_dtype_gives_the_text_of_the_session(api: Grpc):
    code, text = api.error("Predict", predict_request(x=tensor([b"a"], types_pb2.DT_STRING)))
    assert code == "INVALID_ARGUMENT"
    assert "Expects arg[0] to be float but string is provided" in text


def test_shape_of_the_signature_is_not_checked(api: Grpc):
    response = api.call("Predict", predict_request(x=tensor([1.0] * 4, shape=[2, 2])))
    assert [dim.size for dim in response.outputs["y"].tensor_shape.dim] == [2, 2]


def test_empty_batch_gives_an_empty_answer(api: Grpc):
    response = api.call("Predict", predict_request(x=tensor([], shape=[0])))
    assert list(response.outputs["y"].float_val) == []
    assert response.outputs["y"].tensor_shape.dim[0].size == 0


def test_strings_of_any_length_and_content_come_back(api: Grpc):
    values = [b"", b"short", b"\xff\0\x80", b"long" * 1000]
    response = api.call("Predict", predict_request("text", x=tensor(values, types_pb2.DT_STRING)))
    assert list(response.outputs["raw_bytes"].string_val) == values
    assert list(response.outputs["plain"].string_val) == [value + b"!" for value in values]


def test_half_and_complex_use_their_typed_fields(api: Grpc):
    outputs = api.call("Predict", predict_request("odd_types", x=[1.0, -2.0])).outputs
    assert list(outputs["half"].half_val) == [0x3C00, 0xC000]
    assert list(outputs["complex"].scomplex_val) == [1.0, 0.0, -2.0, 0.0]


def test_message_of_many_megabytes_passes(api: Grpc):
    with grpc.insecure_channel(
        api.target,
        options=[
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
        ],
    ) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        response = stub.Predict(predict_request(x=[1.0] * 2_000_000), timeout=20)
    assert len(response.outputs["y"].float_val) == 2_000_000


def test_deadline_of_the_client_stops_the_run(api: Grpc):
    code, _ = api.error(
        "Predict", predict_request("slow", n=tensor([10_000_000], types_pb2.DT_INT32)), timeout=0.5
    )
    assert code == "DEADLINE_EXCEEDED"
    assert api.call("Predict", predict_request(x=[1.0])).outputs["y"].float_val[0] == 2.5


@pytest.mark.parametrize(
    "method",
    ["PredictionService/Nope", "PredictionService/PredictStreamed", "SessionService/SessionRun"],
)
def test_unknown_method_is_unimplemented(server: ServerProcess, method):
    with grpc.insecure_channel(server.target) as channel:
        call = channel.unary_unary(f"/tensorflow.serving.{method}")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
