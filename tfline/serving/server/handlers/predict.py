"""Predict: any signature, tensors in and tensors out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfline.serving.protos import meta_graph_pb2, model_pb2, predict_pb2, tensor_pb2
from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.servable import DEFAULT_SIGNATURE, Servable
from tfline.serving.server.status import (
    Code,
    StatusError,
    failed_precondition,
    invalid_argument,
)
from tfline.serving.server.tensor import Tensor, decode

CLASSIFY_METHOD = "tensorflow/serving/classify"
REGRESS_METHOD = "tensorflow/serving/regress"
PREDICT_METHOD = "tensorflow/serving/predict"
_KNOWN_METHODS = (PREDICT_METHOD, CLASSIFY_METHOD, REGRESS_METHOD)


def predict(
    servable: Servable,
    request: predict_pb2.PredictRequest,
    call: Call = ENDLESS,
    *,
    as_content: bool = False,
    check_method: bool = False,
    max_filled: int = 0,
) -> predict_pb2.PredictResponse:
    """Runs one signature.

    Args:
        servable: The version of the model that the request asks for.
        request: The inputs by alias.
        call: Until when the answer is wanted.
        as_content: Outputs go into ``tensor_content`` rather than into the typed fields.
        check_method: A signature with a foreign method name is an error.
        max_filled: The most elements of an input that does not have them all; 0: no limit.

    Raises:
        StatusError: With TensorFlow Serving's code and text.
    """
    signature_name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(signature_name)
    if signature is None:
        raise failed_precondition(f'Serving signature key "{signature_name}" not found.')
    if check_method:
        _check_method(signature)
    outputs = run_signature(
        servable, signature, request.inputs, request.output_filter, call, max_filled
    )
    response = predict_pb2.PredictResponse(
        model_spec=answering_spec(servable, signature_name),
    )
    for alias, tensor in outputs.items():
        tensor.write(response.outputs[alias], as_content=as_content)
    return response


def run_signature(
    servable: Servable,
    signature: meta_graph_pb2.SignatureDef,
    inputs: Mapping[str, tensor_pb2.TensorProto],
    output_filter: Iterable[str] = (),
    call: Call = ENDLESS,
    max_filled: int = 0,
) -> dict[str, Tensor]:
    """Returns the outputs of `signature` by alias.

    Args:
        servable: The model.
        signature: One of its signatures.
        inputs: A tensor for each input of the signature; those with a default may be missing.
        output_filter: The aliases to compute; empty: all.
        call: Until when the answer is wanted.
        max_filled: The most elements of an input that does not have them all; 0: no limit.

    Raises:
        StatusError: If the inputs do not match the signature, or the run fails.
    """
    feeds = _feeds(signature, inputs, max_filled)
    aliases = _output_aliases(signature, output_filter)
    fetches = [signature.outputs[alias].name for alias in aliases]
    return dict(zip(aliases, servable.runner.run(feeds, fetches, call), strict=True))


def answering_spec(servable: Servable, signature_name: str) -> model_pb2.ModelSpec:
    """Returns the spec that a response carries: name, version and signature that answered."""
    spec = model_pb2.ModelSpec(name=servable.name, signature_name=signature_name)
    spec.version.value = servable.version
    return spec


def _check_method(signature: meta_graph_pb2.SignatureDef) -> None:
    if signature.method_name not in _KNOWN_METHODS:
        raise StatusError(
            Code.INTERNAL,
            "Expected prediction signature method_name to be one of "
            f"{{{', '.join(_KNOWN_METHODS)}}}. Was: {signature.method_name}",
        )


def _feeds(
    signature: meta_graph_pb2.SignatureDef,
    inputs: Mapping[str, tensor_pb2.TensorProto],
    max_filled: int,
) -> dict[str, Tensor]:
    """Returns the values of the graph's placeholders."""
    sent, expected = set(inputs), set(signature.inputs)
    too_few = len(sent) < len(expected) and not signature.defaults
    if len(sent) > len(expected) or too_few:
        raise invalid_argument(
            f"input size does not match signature: {len(sent)}!={len(expected)} "
            f"len({{{_listed(sent)}}}) != len({{{_listed(expected)}}}). "
            f"Sent extra: {{{_listed(sent - expected)}}}. "
            f"Missing but required: {{{_listed(expected - sent)}}}."
        )
    feeds = {}
    for alias, info in signature.inputs.items():
        if alias in sent:
            feeds[info.name] = decode(alias, inputs[alias], max_filled)
        elif alias in signature.defaults:
            feeds[info.name] = decode(alias, signature.defaults[alias])
        else:
            raise invalid_argument(
                f"Signature input alias: {alias}(feed name: {info.name}) not found in request and "
                "no default value provided. Inputs expected to be in the request "
                f"{{{_listed(expected)}}}, or default input alias set: "
                f"{{{_listed(signature.defaults)}}}"
            )
    if not sent <= expected:
        raise invalid_argument(
            f"Inputs contains invalid name. Used request inputs: {{{_listed(sent & expected)}}}, "
            f"request input: {{{_listed(sent)}}}"
        )
    return feeds


def _output_aliases(
    signature: meta_graph_pb2.SignatureDef, output_filter: Iterable[str]
) -> list[str]:
    aliases: list[str] = []
    for alias in output_filter:
        if alias not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {alias} "
                f"Outputs expected to be in the set {{{_listed(signature.outputs)}}}."
            )
        if alias in aliases:
            raise invalid_argument(f"duplicate output tensor alias: {alias}")
        aliases.append(alias)
    return aliases or sorted(signature.outputs)


def _listed(names: Iterable[str]) -> str:
    return ",".join(sorted(names))
