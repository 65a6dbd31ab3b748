"""From an HTTP request to an answer: paths, methods, status codes. No sockets."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from google.protobuf import json_format

from tfline.serving.protos import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
    tensor_pb2,
)
from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.handlers.predict import answering_spec, run_signature
from tfline.serving.server.rest import json_text
from tfline.serving.server.rest.json_answers import write_columns, write_rows
from tfline.serving.server.rest.json_examples import (
    read_input,
    write_classifications,
    write_regressions,
)
from tfline.serving.server.rest.json_tensors import read_tensors
from tfline.serving.server.servable import DEFAULT_SIGNATURE
from tfline.serving.server.service import Service
from tfline.serving.server.status import Code, StatusError, invalid_argument

logger = logging.getLogger(__name__)

_MODEL = r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?"
_INFERENCE_PATH = re.compile(rf"{_MODEL}:(classify|regress|predict)", re.IGNORECASE | re.ASCII)
_STATUS_PATH = re.compile(
    r"/v1/models(?:/([^/:]+))?(?:/versions/(\d+)|/labels/([^/:]+))?(?:/(metadata))?",
    re.IGNORECASE | re.ASCII,
)
_PREFIX = "/v1/"
_INT64_MAX = 2**63 - 1

_HTTP_STATUSES = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}
_INTERNAL_ERROR = 500
_TRY_AGAIN = (429, 503)
_FOUND_NOTHING = 404


@dataclass(frozen=True)
class Answer:
    """What goes back to the client.

    Attributes:
        status: The HTTP status.
        body: The content.
        content_type: Its type.
        headers: Further headers.
    """

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def error_answer(
    status: int, message: str, *, close: bool = False, retry_after: int | None = None
) -> Answer:
    """Returns an answer that carries `message`.

    Args:
        status: The HTTP status.
        message: What is wrong.
        close: Whether the connection ends with it.
        retry_after: Seconds after which the client may try again.
    """
    headers: tuple[tuple[str, str], ...] = (("connection", "close"),) if close else ()
    if retry_after is not None:
        headers += (("retry-after", str(retry_after)),)
    body = json_text.encode(json.dumps({"error": message}, ensure_ascii=False))
    return Answer(status, body, headers=headers)


class Router:
    """Answers REST requests.

    Args:
        service: The methods of the API.
        metrics_path: The path of the metrics; None: they are not served.
    """

    def __init__(self, service: Service, metrics_path: str | None = None) -> None:
        self._service = dataclasses.replace(service, entrypoint="REST")
        self._metrics_path = metrics_path

    def answer(self, method: str, path: str, body: bytes, call: Call = ENDLESS) -> Answer:
        """Returns the answer to a request; it never raises.

        Args:
            method: GET, POST, ...
            path: The path, without the query string.
            body: The content of the request.
            call: Until when the answer is wanted.
        """
        if path == self._metrics_path and method == "GET":
            return Answer(200, self._service.metrics_text().encode(), "text/plain")
        if not path.lower().startswith(_PREFIX):
            return error_answer(_FOUND_NOTHING, "Not Found")
        try:
            return Answer(200, json_text.encode(self._dispatch(method, path, body, call)))
        except StatusError as error:
            status = _HTTP_STATUSES.get(error.code, _INTERNAL_ERROR)
            retry_after = 1 if status in _TRY_AGAIN else None
            return error_answer(status, error.message, retry_after=retry_after)
        except Exception as error:
            logger.exception("%s %s failed", method, path)
            return error_answer(_INTERNAL_ERROR, str(error))

    def _dispatch(self, method: str, path: str, body: bytes, call: Call) -> str:
        if method == "POST" and (match := _INFERENCE_PATH.fullmatch(path)):
            name, version, label, verb = match.groups()
            answer = {
                "predict": self._predict,
                "classify": self._classify,
                "regress": self._regress,
            }[verb.lower()]
            return answer(_model_spec(name, version, label), body, call)
        if method == "GET" and (match := _STATUS_PATH.fullmatch(path)):
            name, version, label, metadata = match.groups()
            if not name:
                raise invalid_argument("Missing model name in request.")
            spec = _model_spec(name, version, label)
            return self._metadata(spec) if metadata else self._status(spec)
        raise invalid_argument(f"Malformed request: {method} {path}")

    def _predict(self, spec: model_pb2.ModelSpec, body: bytes, call: Call) -> str:
        document, signature_name = _read_document(body)
        outputs, as_rows = self._outputs(spec, signature_name, document, call)
        return write_rows(outputs) if as_rows else write_columns(outputs)

    def _outputs(
        self, spec: model_pb2.ModelSpec, signature_name: str, document: dict[str, Any], call: Call
    ) -> tuple[dict[str, tensor_pb2.TensorProto], bool]:
        """Returns the outputs by alias, and whether the inputs came as rows."""
        request = predict_pb2.PredictRequest(model_spec=spec)
        with self._service.inference(request, "Predict") as servable:
            name = signature_name or DEFAULT_SIGNATURE
            signature = servable.signatures.get(name)
            if signature is None:
                raise invalid_argument(
                    f'Serving signature name: "{name}" not found in signature def'
                )
            inputs, as_rows = read_tensors(document, signature.inputs)
            tensors = run_signature(servable, signature, inputs, call=call)
            outputs = {alias: tensor.to_proto() for alias, tensor in tensors.items()}
            if self._service.core.log.has(servable.name):
                request.model_spec.signature_name = name
                request.MergeFrom(predict_pb2.PredictRequest(inputs=inputs))
                response = predict_pb2.PredictResponse(
                    model_spec=answering_spec(servable, name), outputs=outputs
                )
                self._service.log("predict_log", servable, request, response, call)
            return outputs, as_rows

    def _classify(self, spec: model_pb2.ModelSpec, body: bytes, call: Call) -> str:
        document, spec.signature_name = _read_document(body)
        request = classification_pb2.ClassificationRequest(
            model_spec=spec, input=read_input(document)
        )
        return write_classifications(self._service.classify(request, call).result)

    def _regress(self, spec: model_pb2.ModelSpec, body: bytes, call: Call) -> str:
        document, spec.signature_name = _read_document(body)
        request = regression_pb2.RegressionRequest(model_spec=spec, input=read_input(document))
        return write_regressions(self._service.regress(request, call).result)

    def _status(self, spec: model_pb2.ModelSpec) -> str:
        with_version = self._resolved(spec)
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=with_version)
        return _json(json_format.MessageToDict(self._service.model_status(request), **_AS_IS))

    def _metadata(self, spec: model_pb2.ModelSpec) -> str:
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=spec, metadata_field=["signature_def"]
        )
        response = self._service.model_metadata(request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        return _json(
            {
                "model_spec": json_format.MessageToDict(response.model_spec, **_AS_IS),
                "metadata": {"signature_def": json_format.MessageToDict(signatures, **_AS_IS)},
            }
        )

    def _resolved(self, spec: model_pb2.ModelSpec) -> model_pb2.ModelSpec:
        """Returns `spec` with the version that its label stands for."""
        if spec.WhichOneof("version_choice") != "version_label":
            return spec
        resolved = model_pb2.ModelSpec(name=spec.name)
        resolved.version.value = self._service.core.labelled(spec.name, spec.version_label)
        return resolved


_AS_IS: dict[str, Any] = {
    "preserving_proto_field_name": True,
    "always_print_fields_with_no_presence": True,
}


def _json(value: Any) -> str:
    return json.dumps(value, indent=1)


def _model_spec(name: str, version: str | None, label: str | None) -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=unquote(name))
    if version:
        if len(version.lstrip("0")) > len(str(_INT64_MAX)) or int(version) > _INT64_MAX:
            raise invalid_argument(f"Failed to convert version: {version} to numeric.")
        spec.version.value = int(version)
    elif label:
        spec.version_label = unquote(label)
    return spec


def _read_document(body: bytes) -> tuple[dict[str, Any], str]:
    """Returns the request, and the name of the signature or ""."""
    document = json_text.parse(body)
    if not isinstance(document, dict):
        raise json_text.format_error(document, "Is not object")
    signature_name = document.get("signature_name", "")
    if not isinstance(signature_name, str):
        raise json_text.format_error(document, "'signature_name' key must be a string value.")
    return document, signature_name
