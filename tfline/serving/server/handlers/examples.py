"""Classify, Regress and MultiInference: tf.Examples in, classes and numbers out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tfline.serving.protos import (
    classification_pb2,
    inference_pb2,
    input_pb2,
    meta_graph_pb2,
    regression_pb2,
    types_pb2,
)
from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.handlers.predict import CLASSIFY_METHOD, REGRESS_METHOD, answering_spec
from tfline.serving.server.servable import DEFAULT_SIGNATURE, Servable
from tfline.serving.server.status import Code, StatusError, invalid_argument
from tfline.serving.server.tensor import Tensor, string_tensor

Signature: TypeAlias = meta_graph_pb2.SignatureDef
Outputs: TypeAlias = Mapping[str, Tensor]

_CLASS_RANK = 2  # examples, classes
_INPUTS, _CLASSES, _SCORES, _OUTPUTS = "inputs", "classes", "scores", "outputs"


def classify(
    servable: Servable,
    request: classification_pb2.ClassificationRequest,
    call: Call = ENDLESS,
) -> classification_pb2.ClassificationResponse:
    """Runs a signature that takes serialized examples and gives classes, scores or both.

    Raises:
        StatusError: With TensorFlow Serving's code and text.
    """
    name, signature = _signature(servable, request.model_spec.signature_name)
    aliases = _classify_outputs(signature)
    examples = _serialized_examples(request.input)
    outputs = _run(servable, signature, aliases, examples, call)
    return classification_pb2.ClassificationResponse(
        model_spec=answering_spec(servable, name),
        result=_classify_result(outputs, len(examples)),
    )


def regress(
    servable: Servable,
    request: regression_pb2.RegressionRequest,
    call: Call = ENDLESS,
) -> regression_pb2.RegressionResponse:
    """Runs a signature that takes serialized examples and gives one number for each.

    Raises:
        StatusError: With TensorFlow Serving's code and text.
    """
    name, signature = _signature(servable, request.model_spec.signature_name)
    aliases = _regress_outputs(signature)
    examples = _serialized_examples(request.input)
    outputs = _run(servable, signature, aliases, examples, call)
    return regression_pb2.RegressionResponse(
        model_spec=answering_spec(servable, name),
        result=_regress_result(outputs, len(examples)),
    )


def multi_inference(
    servable: Servable,
    request: inference_pb2.MultiInferenceRequest,
    call: Call = ENDLESS,
) -> inference_pb2.MultiInferenceResponse:
    """Runs several signatures on the same examples, in one run of the graph.

    Raises:
        StatusError: With TensorFlow Serving's code and text.
    """
    plans = _plans(servable, request.tasks)
    examples = _serialized_examples(request.input)
    feeds = {
        plan.signature.inputs[_INPUTS].name: string_tensor(examples) for plan in plans.values()
    }
    fetches = sorted(
        {plan.signature.outputs[alias].name for plan in plans.values() for alias in plan.aliases}
    )
    values = dict(zip(fetches, servable.runner.run(feeds, fetches, call), strict=True))
    response = inference_pb2.MultiInferenceResponse()
    for name, plan in plans.items():
        outputs = {alias: values[plan.signature.outputs[alias].name] for alias in plan.aliases}
        result = response.results.add(model_spec=answering_spec(servable, name))
        plan.fill(result, outputs, len(examples))
    return response


@dataclass(frozen=True)
class _Plan:
    """What one task of MultiInference computes.

    Attributes:
        signature: The signature to run.
        aliases: Its outputs to fetch.
        fill: Puts their values, for a number of examples, into the result.
    """

    signature: Signature
    aliases: Sequence[str]
    fill: Callable[[inference_pb2.InferenceResult, Outputs, int], None]


def _plans(servable: Servable, tasks: Sequence[inference_pb2.InferenceTask]) -> dict[str, _Plan]:
    """Returns a plan for each task, by signature name, in the order of the tasks."""
    plans: dict[str, _Plan] = {}
    for task in tasks:
        if not task.model_spec.name:
            raise invalid_argument("Found ModelSpec with an empty model name.")
        if task.model_spec.name != servable.name:
            raise invalid_argument(
                "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if name in plans:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        signature = servable.signatures.get(name)
        if signature is None:
            raise invalid_argument(f"Requested signature not found in model graph: {name}")
        plans[name] = _plan(signature, task.method_name)
    return plans


def _plan(signature: Signature, method: str) -> _Plan:
    if method == CLASSIFY_METHOD:
        return _Plan(signature, _classify_outputs(signature), _fill_classification)
    if method == REGRESS_METHOD:
        return _Plan(signature, _regress_outputs(signature), _fill_regression)
    raise StatusError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {method}")


def _fill_classification(
    result: inference_pb2.InferenceResult, outputs: Outputs, count: int
) -> None:
    result.classification_result.CopyFrom(_classify_result(outputs, count))


def _fill_regression(result: inference_pb2.InferenceResult, outputs: Outputs, count: int) -> None:
    result.regression_result.CopyFrom(_regress_result(outputs, count))


def _signature(servable: Servable, requested: str) -> tuple[str, Signature]:
    name = requested or DEFAULT_SIGNATURE
    signature = servable.signatures.get(name)
    if signature is None:
        raise invalid_argument(f"No signature was found with the name: {name}")
    return name, signature


def _serialized_examples(given: input_pb2.Input) -> list[bytes]:
    """Returns the examples as strings.

    The context of a list is put before each of its examples: parsing merges the two.
    """
    kind = given.WhichOneof("kind")
    context = b""
    examples = given.example_list.examples
    if kind == "example_list_with_context":
        context = given.example_list_with_context.context.SerializeToString()
        examples = given.example_list_with_context.examples
    if not examples:
        raise invalid_argument("Input is empty.")
    return [context + example.SerializeToString() for example in examples]


def _run(
    servable: Servable,
    signature: Signature,
    aliases: Sequence[str],
    examples: Sequence[bytes],
    call: Call,
) -> dict[str, Tensor]:
    feeds = {signature.inputs[_INPUTS].name: string_tensor(examples)}
    fetches = [signature.outputs[alias].name for alias in aliases]
    return dict(zip(aliases, servable.runner.run(feeds, fetches, call), strict=True))


def _check_input(signature: Signature, kind: str) -> None:
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if _INPUTS not in signature.inputs:
        raise invalid_argument(f"No {kind} inputs found in SignatureDef: {signature}")


def _classify_outputs(signature: Signature) -> list[str]:
    if len(signature.inputs) == 1 and len(signature.outputs) not in {1, 2}:
        found = len(signature.outputs)
        raise invalid_argument(f"Expected one or two output Tensors, found {found}")
    _check_input(signature, "classification")
    aliases = [alias for alias in (_CLASSES, _SCORES) if alias in signature.outputs]
    if not aliases:
        raise invalid_argument(
            f'Expected classification signature outputs to contain at least one of "{_CLASSES}" '
            f'or "{_SCORES}". Signature was: {signature}'
        )
    return aliases


def _regress_outputs(signature: Signature) -> list[str]:
    if len(signature.inputs) == 1 and len(signature.outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    _check_input(signature, "regression")
    if _OUTPUTS not in signature.outputs:
        raise invalid_argument(f"No regression outputs found in SignatureDef: {signature}")
    return [_OUTPUTS]


def _classify_result(outputs: Outputs, count: int) -> classification_pb2.ClassificationResult:
    """Returns a class list an example; labels default to "", scores to 0."""
    classes, scores = outputs.get(_CLASSES), outputs.get(_SCORES)
    if classes:
        _check_class_tensor(classes, _CLASSES, types_pb2.DT_STRING, count)
    if scores:
        _check_class_tensor(scores, _SCORES, types_pb2.DT_FLOAT, count)
    if classes and scores and classes.shape[1] != scores.shape[1]:
        raise invalid_argument(
            "Tensors class and score should match in dim_size(1). "
            f"Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    width = (classes or scores or _no_output()).shape[1]
    labels = classes.strings() if classes else [b""] * (count * width)
    numbers = scores.values() if scores else [0.0] * (count * width)
    result = classification_pb2.ClassificationResult()
    for start in range(0, count * width, width or 1):
        row = result.classifications.add()
        for label, score in zip(
            labels[start : start + width], numbers[start : start + width], strict=True
        ):
            row.classes.add(label=label.decode(errors="replace"), score=score)
    for _ in range(count if not width else 0):
        result.classifications.add()
    return result


def _no_output() -> Tensor:
    raise invalid_argument("Expected classes or scores")


def _check_class_tensor(tensor: Tensor, alias: str, dtype: int, count: int) -> None:
    if len(tensor.shape) != _CLASS_RANK:
        raise invalid_argument(
            f"Expected Tensor shape: [batch_size num_{alias}] but got {_shape_text(tensor)}"
        )
    if tensor.dtype != dtype:
        kind = "string" if dtype == types_pb2.DT_STRING else "float"
        raise invalid_argument(
            f"Expected {alias} Tensor of {kind} type, got: {types_pb2.DataType.Name(tensor.dtype)}"
        )
    if tensor.shape[0] != count:
        raise invalid_argument(
            f"Expected first dimension of {alias} Tensor to be the batch size {count}, "
            f"got {tensor.shape[0]}"
        )


def _regress_result(outputs: Outputs, count: int) -> regression_pb2.RegressionResult:
    """Returns a number an example."""
    tensor = outputs[_OUTPUTS]
    if tensor.shape not in {(tensor.shape[0] if tensor.shape else 0,), (count, 1)}:
        raise invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] "
            f"but got {_shape_text(tensor)}"
        )
    if tensor.dtype != types_pb2.DT_FLOAT:
        raise invalid_argument(
            "Expected output Tensor of DT_FLOAT.  "
            f"Instead got {types_pb2.DataType.Name(tensor.dtype)}"
        )
    if math.prod(tensor.shape) != count:
        raise invalid_argument(
            f"Expected output batch size to be {count}, got {math.prod(tensor.shape)}"
        )
    result = regression_pb2.RegressionResult()
    for value in tensor.values():
        result.regressions.add(value=value)
    return result


def _shape_text(tensor: Tensor) -> str:
    return f"[{','.join(str(size) for size in tensor.shape)}]"
