"""Classify, Regress and MultiInference over gRPC."""

from __future__ import annotations

import pytest

from tests.integration.serving.conftest import Grpc, example
from tfline.serving.protos import classification_pb2, inference_pb2, regression_pb2

CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


def fill(request, signature: str, *examples):
    request.model_spec.name = "toolbox"
    request.model_spec.signature_name = signature
    request.input.example_list.examples.extend(examples)
    return request


def classify(signature: str, *examples):
    return fill(classification_pb2.ClassificationRequest(), signature, *examples)


def regress(signature: str, *examples):
    return fill(regression_pb2.RegressionRequest(), signature, *examples)


def multi(*tasks: tuple[str, str], name: str = "toolbox"):
    request = inference_pb2.MultiInferenceRequest()
    for signature, method in tasks:
        task = request.tasks.add(method_name=method)
        task.model_spec.name = name
        task.model_spec.signature_name = signature
    request.input.example_list.examples.append(example(x=0.25))
    return request


def test_classify_gives_labels_and_scores(api: Grpc):
    response = api.call("Classify", classify("classify", example(x=0.25), example(x=1.0)))
    rows = [
        [(item.label, item.score) for item in row.classes]
        for row in response.result.classifications
    ]
    assert rows == [[("low", 0.75), ("high", 0.25)], [("low", 0.0), ("high", 1.0)]]
    assert response.model_spec.signature_name == "classify"
    assert response.model_spec.version.value == 123


def test_classify_without_classes_gives_empty_labels(api: Grpc):
    response = api.call("Classify", classify("scores_only", example(x=0.25)))
    assert [item.label for item in response.result.classifications[0].classes] == ["", ""]


def test_regress_gives_a_number_an_example(api: Grpc):
    response = api.call("Regress", regress("regress", example(x=2.0), example(x=4.0)))
    assert [item.value for item in response.result.regressions] == [3.0, 4.0]


def test_context_is_merged_into_each_example(api: Grpc):
    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = "toolbox", "regress"
    given = request.input.example_list_with_context
    given.context.CopyFrom(example(x=2.0))
    given.examples.extend([example(other=1.0), example(other=2.0)])
    response = api.call("Regress", request)
    assert [item.value for item in response.result.regressions] == [3.0, 3.0]


@pytest.mark.parametrize(
    ("method", "request_", "text"),
    [
        ("Classify", classify("classify"), "Input is empty."),
        ("Regress", regress("regress"), "Input is empty."),
        (
            "Classify",
            classify("nope", example(x=1.0)),
            "No signature was found with the name: nope",
        ),
        ("Classify", classify("pair", example(x=1.0)), "Expected one input Tensor."),
        ("Classify", classify("", example(x=1.0)), "No classification inputs found"),
        ("Classify", classify("numbers", example(x=1.0)), "Expected one input Tensor."),
        ("Regress", regress("classify", example(x=1.0)), "Expected one output Tensor."),
        (
            "Classify",
            classify("bad_scores", example(x=1.0), example(x=2.0)),
            "Expected first dimension of scores Tensor",
        ),
        ("Classify", classify("classify", example(other=1.0)), "Feature: x"),
    ],
)
def test_invalid_request_is_refused(api: Grpc, method, request_, text):
    code, details = api.error(method, request_)
    assert code == "INVALID_ARGUMENT"
    assert text in details


def test_multi_inference_answers_in_the_order_of_the_tasks(api: Grpc):
    response = api.call("MultiInference", multi(("regress", REGRESS), ("classify", CLASSIFY)))
    first, second = response.results
    assert first.regression_result.regressions[0].value == 2.125
    assert second.classification_result.classifications[0].classes[1].score == 0.25
    assert (first.model_spec.signature_name, second.model_spec.signature_name) == (
        "regress",
        "classify",
    )


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (multi(), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (
            multi(("regress", REGRESS), ("regress", REGRESS)),
            "INVALID_ARGUMENT",
            "Duplicate evaluation of signature: regress",
        ),
        (
            multi(("nope", REGRESS)),
            "INVALID_ARGUMENT",
            "Requested signature not found in model graph: nope",
        ),
        (multi(("regress", "other")), "UNIMPLEMENTED", "Unsupported signature method_name: other"),
    ],
)
def test_invalid_multi_inference_is_refused(api: Grpc, request_, code, text):
    assert api.error("MultiInference", request_) == (code, text)


def test_multi_inference_on_two_models_is_refused(api: Grpc):
    request = multi(("regress", REGRESS), ("classify", CLASSIFY))
    request.tasks[1].model_spec.name = "taxi"
    code, text = api.error("MultiInference", request)
    assert code == "INVALID_ARGUMENT"
    assert "same model name" in text
