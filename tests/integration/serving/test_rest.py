"""The REST API: paths, JSON in and out, status codes."""

from __future__ import annotations

import gzip
import http.client
import json

import pytest

from tests.integration.serving.conftest import Rest

TOOLBOX = "/v1/models/toolbox"


def predict(rest: Rest, signature: str = "serving_default", **document):
    return rest(f"{TOOLBOX}:predict", {"signature_name": signature, **document})


def test_instances_give_predictions(rest: Rest):
    assert predict(rest, instances=[1.0, 2, 5.0]) == (200, {"predictions": [2.5, 3.0, 4.5]})


def test_instances_may_be_objects(rest: Rest):
    assert predict(rest, instances=[{"x": 1.0}]) == (200, {"predictions": [2.5]})


def test_several_outputs_give_an_object_a_row(rest: Rest):
    rows = [{"x": 1, "z": 2}, {"x": 3, "z": 4}]
    expected = [{"total": 3.0, "product": 2.0}, {"total": 7.0, "product": 12.0}]
    assert predict(rest, "pair", instances=rows) == (200, {"predictions": expected})


def test_inputs_give_outputs(rest: Rest):
    assert predict(rest, inputs=[1.0]) == (200, {"outputs": [2.5]})
    assert predict(rest, "pair", inputs={"x": [1], "z": [2]}) == (
        200,
        {"outputs": {"total": [3.0], "product": [2.0]}},
    )


def test_scalar_is_a_column_but_not_a_row(rest: Rest):
    assert predict(rest, "sum", inputs=[1, 2]) == (200, {"outputs": 3.0})
    status, answer = predict(rest, "sum", instances=[1, 2])
    assert (status, answer["error"]) == (400, "Tensor name: y has no shape information ")


def test_bytes_travel_as_base64(rest: Rest):
    answer = predict(rest, "text", instances=["a", {"b64": "/wA="}, "é"])
    assert answer[0] == 200
    assert answer[1]["predictions"][1]["raw_bytes"] == {"b64": "/wA="}
    assert answer[1]["predictions"][2] == {"plain": "é!", "raw_bytes": {"b64": "w6k="}}


def test_all_number_types_survive(rest: Rest):
    row = {
        "float64": 0.1,
        "int8": -128,
        "uint8": 255,
        "int16": -32768,
        "int32": 2**31 - 1,
        "int64": -(2**63),
        "uint32": 2**32 - 1,
        "uint64": 2**64 - 1,
        "bool": True,
    }
    status, answer = predict(rest, "numbers", instances=[row])
    assert (status, answer) == (200, {"predictions": [{f"{k}_out": v for k, v in row.items()}]})


def test_nan_and_infinity_go_both_ways(rest: Rest):
    status, answer = rest(f"{TOOLBOX}:predict", b'{"instances": [NaN, Infinity, -Inf, 1e999]}')
    assert status == 200
    assert str(answer["predictions"]) == "[nan, inf, -inf, inf]"


def test_half_is_not_json(rest: Rest):
    assert predict(rest, "odd_types", instances=[1.0])[0] == 400


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"", 400, "JSON Parse error: The document is empty"),
        (b'{"instances": [1', 400, "at offset: "),
        (b"[1]", 400, "Is not object"),
        (b'{"signature_name": 1}', 400, "'signature_name' key must be a string value."),
        (b'{"signature_name": "no"}', 400, 'signature name: "no" not found in signature def'),
        (b'{"instances": [1], "inputs": [1]}', 400, "Not formatted correctly"),
        (b'{"other": 1}', 400, "Missing 'inputs' or 'instances' key"),
        (b'{"instances": 1}', 400, "'instances' value to be an list"),
        (b'{"instances": []}', 400, "No values in 'instances' array"),
        (b'{"instances": [1, {"x": 2}]}', 400, "element 1 is not"),
        (b'{"instances": [{"x": 1, "y": 2}]}', 400, "keys must be equal to: x"),
        (b'{"instances": [[1], [1, 2]]}', 400, "Expecting tensor size: 1 but got: 2"),
        (b'{"instances": [[[1], [2]], [[1, 2]]]}', 400, "Expecting shape [2,1] but got: [1,2]"),
        (b'{"instances": [[[1], [2, 3]]]}', 400, "Encountered list at unexpected size: 2"),
        (b'{"instances": [[[1], 2]]}', 400, "found at incorrect level: 2"),
        (
            b'{"instances": ["a"]}',
            400,
            'JSON Value: "a" Type: String is not of expected type: float',
        ),
        (b'{"instances": [null]}', 400, "Type: Null is not of expected type: float"),
        (b'{"inputs": {"z": [1]}}', 400, "Missing named input: x in 'inputs' object."),
        (b'{"instances": ' + b"[" * 100_000, 400, "JSON Parse error"),
        (b'{"instances": [' + b"[" * 300 + b"]" * 300 + b"]}", 400, "at most 254 dimensions"),
        (b'{"instances": [' + b"9" * 5000 + b"]}", 400, "JSON Parse error"),
        (b'{"instances": ["\xff"]}', 400, "Invalid encoding"),
    ],
)
def test_invalid_body_is_refused(rest: Rest, body, status, text):
    answer = rest(f"{TOOLBOX}:predict", body)
    assert answer[0] == status
    assert text in answer[1]["error"]


def test_item_error_names_element_and_key(rest: Rest):
    status, answer = predict(rest, "pair", instances=[{"x": 1, "z": 1}, {"x": 1, "z": "a"}])
    assert status == 400
    assert answer["error"].startswith(
        "Failed to process element: 1 key: z of 'instances' list. Error: INVALID_ARGUMENT: "
    )


def test_integer_type_refuses_a_decimal(rest: Rest):
    assert predict(rest, "slow", instances=[1.0])[0] == 400


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/v1/models", 400, "Missing model name in request."),
        ("/v1/nothing", 400, "Malformed request: GET /v1/nothing"),
        ("/v1/models/toolbox:predict", 400, "Malformed request: GET /v1/models/toolbox:predict"),
        ("/v1/models/nope", 404, "Could not find any versions of model nope"),
        ("/v1/models/toolbox/versions/9", 404, "Could not find version 9 of model toolbox"),
        ("/v1/models/nope/metadata", 404, "Servable not found for request: Latest(nope)"),
        ("/v1/models/toolbox/versions/" + "9" * 30, 400, "Failed to convert version: "),
        ("/v1/models/toolbox/labels/canary", 400, "Unrecognized servable version label: canary"),
    ],
)
def test_path_without_answer_is_an_error(rest: Rest, path, status, text):
    answer = rest(path)
    assert answer[0] == status
    assert text in answer[1]["error"]


def test_path_outside_of_the_api_is_not_found(rest: Rest):
    assert rest("/")[0] == 404


def test_path_is_not_case_sensitive_and_its_query_is_left_out(rest: Rest):
    body = {"instances": [1]}
    assert rest("/V1/MODELS/toolbox/Versions/123:PREDICT?a=b", body) == (
        200,
        {"predictions": [2.5]},
    )
    assert rest("/v1/models/toolbo%78/labels/stable:predict", body)[0] == 200


def test_status_prints_all_fields(rest: Rest):
    assert rest(TOOLBOX) == (
        200,
        {
            "model_version_status": [
                {
                    "version": "123",
                    "state": "AVAILABLE",
                    "status": {"error_code": "OK", "error_message": ""},
                }
            ]
        },
    )


def test_metadata_holds_the_signatures(rest: Rest):
    status, answer = rest(f"{TOOLBOX}/metadata")
    assert status == 200
    assert answer["model_spec"] == {"name": "toolbox", "signature_name": "", "version": "123"}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert signatures["serving_default"]["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert "__saved_model_init_op" in signatures


def test_classify_and_regress_take_plain_objects(rest: Rest):
    examples = [{"x": 0.25}, {"x": [1.0]}]
    body = {"signature_name": "classify", "examples": examples}
    assert rest(f"{TOOLBOX}:classify", body) == (
        200,
        {"results": [[["low", 0.75], ["high", 0.25]], [["low", 0.0], ["high", 1.0]]]},
    )
    body = {"signature_name": "regress", "context": {"x": 2.0}, "examples": [{}, {"y": "a"}]}
    assert rest(f"{TOOLBOX}:regress", body) == (200, {"results": [3.0, 3.0]})


@pytest.mark.parametrize(
    "examples",
    [None, [], {}, [1], [{"x": None}], [{"x": [1, 1.0]}], [{"x": [[1.0]]}], [{"x": 2**63}]],
)
def test_invalid_examples_are_refused(rest: Rest, examples):
    body = {"signature_name": "regress", "examples": examples}
    assert rest(f"{TOOLBOX}:regress", body)[0] == 400


def test_whole_number_is_not_a_float_feature(rest: Rest):
    status, answer = rest(
        f"{TOOLBOX}:regress", {"signature_name": "regress", "examples": [{"x": 2}]}
    )
    assert status == 400
    assert "Data types don't match" in answer["error"]


def test_gzip_body_is_unpacked(rest: Rest):
    body = gzip.compress(b'{"instances": [1]}')
    headers = {"Content-Encoding": "gzip"}
    assert rest(f"{TOOLBOX}:predict", body, headers=headers) == (200, {"predictions": [2.5]})
    assert rest(f"{TOOLBOX}:predict", b"not gzip", headers=headers)[0] == 400


def test_options_need_an_origin(rest: Rest):
    assert rest(TOOLBOX, method="OPTIONS", headers={"Origin": "https://a.org"})[0] == 200
    assert rest(TOOLBOX, method="OPTIONS")[0] == 400


def test_connection_is_kept_and_chunks_are_read(rest: Rest):
    connection = http.client.HTTPConnection("localhost", rest.port, timeout=10)
    for _ in range(2):
        chunks = iter([b'{"instances"', b": [1]}"])
        connection.request("POST", f"{TOOLBOX}:predict", chunks, encode_chunked=True)
        response = connection.getresponse()
        assert response.getheader("Content-Type") == "application/json"
        assert json.loads(response.read()) == {"predictions": [2.5]}
    connection.close()


def test_unknown_models_are_one_series(rest: Rest):
    for index in range(50):
        assert rest(f"/v1/models/nobody{index}:predict", {"instances": [1.0]})[0] == 404
    _, text = rest("/monitoring/prometheus/metrics")
    assert "nobody" not in text
    assert 'request_count{model_name="",status="NOT_FOUND"}' in text


def test_metrics_count_requests_and_latencies(rest: Rest):
    predict(rest, instances=[1])
    predict(rest, instances=["a"])
    status, text = rest("/monitoring/prometheus/metrics")
    assert status == 200
    assert "# TYPE :tensorflow:serving:request_count counter" in text
    assert ':tensorflow:serving:request_count{model_name="toolbox",status="OK"}' in text
    assert 'model_name="toolbox",status="INVALID_ARGUMENT"' in text
    labels = 'model_name="toolbox",API="Predict",entrypoint="REST"'
    assert f':tensorflow:serving:request_latency_bucket{{{labels},le="+Inf"}}' in text
    assert f":tensorflow:serving:request_latency_count{{{labels}}}" in text
    assert ':tensorflow:serving:runtime_latency_sum{model_name="toolbox",API="Predict"' in text
