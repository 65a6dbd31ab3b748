"""What a client sends about one model, and what it makes of the answers.

Shared by the synchronous and the asynchronous client, which differ only in how they wait.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message

from tfline.serving.channel import (
    GET_MODEL_METADATA,
    GET_MODEL_STATUS,
    PREDICT,
    checked_target,
    readable_error,
)
from tfline.serving.errors import DeadlineError, RequestError, ServingError
from tfline.serving.protos import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
    types_pb2,
)
from tfline.serving.rows import FeatureType, Row, feature_types, serialized_examples

_SIGNATURE, _INPUT, _COLUMNS, _METADATA = "serving_default", "examples", "columns", "signature_def"
_SAMPLE, _TEMPERATURE, _SEED = "sample", "temperature", "seed"
_MONTE_CARLO, _EXPLAIN = "monte_carlo", "explain"
_ROWS_A_CALL = 1000  # what a server that batches takes at most, unless it is told otherwise
_AVAILABLE = get_model_status_pb2.ModelVersionStatus.AVAILABLE
_END = get_model_status_pb2.ModelVersionStatus.END
_NOT_YET = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}


@dataclasses.dataclass(frozen=True)
class Sampling:
    """How a model that writes texts draws one.

    Attributes:
        temperature: Below 1 more of the probable, above 1 more surprises; 0 takes the most
            probable token each time.
        seed: Of the first row; the next have those that follow. The same seed, the same text.
    """

    temperature: float = 1.0
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class MonteCarlo:
    """Predictions under dropout are asked for: their mean, and how far they differ."""


@dataclasses.dataclass(frozen=True)
class Reasons:
    """Predictions are asked for with what each raw feature has added to them."""


Way = Sampling | MonteCarlo | Reasons | None
"""How a model is asked; None: for its best answer."""


class Messages:
    """The messages about one model on one server.

    Args:
        target: The address of the server.
        model: The name of the model.
        version: The version; None: that of the label, or the newest that is available.
        version_label: The label of a version.
        timeout: Seconds that a call may take.

    Raises:
        ServingError: If the address has no port, the timeout is not above 0, or there are both a
            version and a label.
    """

    def __init__(
        self,
        target: str,
        model: str,
        version: int | None,
        version_label: str | None,
        timeout: float,
    ) -> None:
        self.target = checked_target(target)
        self.model = model
        if timeout is not None and timeout <= 0:
            raise ServingError(f"Invalid timeout. Expected seconds above 0. Received: {timeout}")
        self.timeout = timeout
        self._spec = model_pb2.ModelSpec(name=model)
        if version is not None and version_label is not None:
            raise ServingError(
                "Give a version or a version_label, not both. "
                f"Received: version={version}, version_label='{version_label}'"
            )
        if version is not None:
            self._spec.version.value = version
        if version_label is not None:
            self._spec.version_label = version_label

    def metadata(self) -> get_model_metadata_pb2.GetModelMetadataRequest:
        """Returns the request for the signatures."""
        return get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=self._spec, metadata_field=[_METADATA]
        )

    def status(self) -> get_model_status_pb2.GetModelStatusRequest:
        """Returns the request for the states of the versions."""
        return get_model_status_pb2.GetModelStatusRequest(model_spec=self._spec)

    def all_statuses(self) -> get_model_status_pb2.GetModelStatusRequest:
        """Returns the request for the states of all versions, whichever is asked for."""
        return get_model_status_pb2.GetModelStatusRequest(model_spec={"name": self.model})

    def predict(
        self,
        rows: list[Row],
        types: Mapping[str, FeatureType],
        way: Way = None,
    ) -> list[predict_pb2.PredictRequest]:
        """Returns the requests for the predictions of `rows`, in their order.

        Args:
            rows: Raw rows.
            types: The raw features of the model.
            way: How the model is asked.

        Raises:
            RowError: If a row does not fit the model.
        """
        examples = serialized_examples(rows, types)
        requests = []
        for start in range(0, len(examples), _ROWS_A_CALL):
            some = examples[start : start + _ROWS_A_CALL]
            request = self._predict(some)
            if isinstance(way, Sampling):
                _add_sampling(request, way.temperature, way.seed + start, len(some))
            elif way is not None:
                is_explained = isinstance(way, Reasons)
                request.model_spec.signature_name = _EXPLAIN if is_explained else _MONTE_CARLO
            requests.append(request)
        return requests

    def _predict(self, examples: list[bytes]) -> predict_pb2.PredictRequest:
        request = predict_pb2.PredictRequest(model_spec=self._spec)
        request.model_spec.signature_name = _SIGNATURE
        tensor = request.inputs[_INPUT]
        tensor.dtype = types_pb2.DT_STRING
        tensor.tensor_shape.dim.add(size=len(examples))
        tensor.string_val.extend(examples)
        return request

    def error(self, error: grpc.RpcError) -> ServingError:
        """Returns what a failed call means for the user."""
        readable = readable_error(error, self.target, self.model, self.timeout)
        if f'key "{_SAMPLE}" not found' in readable.message:
            hint = "Only a model that writes texts can draw them: leave the temperature out."
            return RequestError(readable.message, readable.where, hint)
        if f'key "{_MONTE_CARLO}" not found' in readable.message:
            hint = "Train the model with dropout, and with `train: {monte_carlo: 50}`."
            return RequestError(readable.message, readable.where, hint)
        if f'key "{_EXPLAIN}" not found' in readable.message:
            hint = "The model was exported without it: write `explain: true` into its spec."
            return RequestError(readable.message, readable.where, hint)
        return readable

    def not_found(
        self, error: grpc.RpcError, statuses: get_model_status_pb2.GetModelStatusResponse | None
    ) -> ServingError:
        """Returns the error of a call for a model or version that is not there.

        Args:
            error: What gRPC raised.
            statuses: The answer to `all_statuses`; None: the server has no such model.
        """
        if statuses is None:
            hint = (
                f"The server has no model '{self.model}'. Its --model_name, or the names in its "
                "--model_config_file, say what it has."
            )
        else:
            available = [
                str(status.version)
                for status in statuses.model_version_status
                if status.state == _AVAILABLE
            ]
            hint = f"Available versions of '{self.model}': {', '.join(available) or 'none'}."
        plain = self.error(error)
        return RequestError(plain.message, plain.where, hint)

    def is_available(self, response: get_model_status_pb2.GetModelStatusResponse) -> bool:
        """Returns whether a version is available.

        Raises:
            RequestError: If none is, and the newest could not be loaded.
        """
        statuses = response.model_version_status
        if any(status.state == _AVAILABLE for status in statuses):
            return True
        if statuses and statuses[0].state == _END and statuses[0].status.error_code:
            raise RequestError(
                f"Model '{self.model}' could not be loaded: {statuses[0].status.error_message}",
                where=f"version {statuses[0].version} at {self.target}",
            )
        return False

    def check_wait(self, error: grpc.RpcError, *, running: bool = False) -> None:
        """Raises unless `error` says that the server or the model is not there yet.

        Args:
            error: What gRPC raised.
            running: Whether the server has to be there.

        Raises:
            ServingError: What the failed call means for the user.
        """
        not_there = error.code() is grpc.StatusCode.UNAVAILABLE
        if error.code() not in _NOT_YET or (running and not_there):
            raise self.error(error) from error

    def overdue(self, seconds: float) -> DeadlineError:
        """Returns the error of a wait that took too long."""
        return DeadlineError(
            f"Model '{self.model}' was not available within {seconds:g} seconds",
            where=self.target,
            hint="Look at the server's log: it says what it is waiting for.",
        )


def _add_sampling(
    request: predict_pb2.PredictRequest, temperature: float, seed: int, count: int
) -> None:
    """Makes a request for the best texts of `count` rows one for texts that are drawn."""
    request.model_spec.signature_name = _SAMPLE
    temperatures, seeds = request.inputs[_TEMPERATURE], request.inputs[_SEED]
    temperatures.dtype, seeds.dtype = types_pb2.DT_FLOAT, types_pb2.DT_INT64
    temperatures.float_val.extend([temperature] * count)
    seeds.int64_val.extend(range(seed, seed + count))
    for tensor in (temperatures, seeds):
        tensor.tensor_shape.dim.add(size=count)


@dataclasses.dataclass(frozen=True)
class Features:
    """The raw features of a version.

    Attributes:
        version: The version that told them.
        types: Their types, by name; empty if the model does not tell them.
    """

    version: int
    types: Mapping[str, FeatureType]


class News:
    """Whether answers come from a version whose features have not been asked for yet.

    A version that has been asked about is no news: two that are served side by side, behind one
    address, cost no further calls.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def are_in(self, answers: Iterable[predict_pb2.PredictResponse], known: Features) -> bool:
        """Tells whether an answer is of another version than those that were seen so far.

        Args:
            answers: What the server said.
            known: The features that the requests were made with.
        """
        versions = {answer.model_spec.version.value for answer in answers} - {known.version}
        new = versions - self._seen
        self._seen |= new
        return bool(new)


def features_in(response: get_model_metadata_pb2.GetModelMetadataResponse) -> Features:
    """Returns the raw features of the version that answers, by its signatures."""
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata[_METADATA].Unpack(signatures)
    types = feature_types(signatures.signature_def[_COLUMNS])
    return Features(response.model_spec.version.value, types)


def methods(channel: Any) -> dict[str, Any]:
    """Returns the calls of `channel`, synchronous or not, by path."""
    responses: dict[str, type[Message]] = {
        PREDICT: predict_pb2.PredictResponse,
        GET_MODEL_METADATA: get_model_metadata_pb2.GetModelMetadataResponse,
        GET_MODEL_STATUS: get_model_status_pb2.GetModelStatusResponse,
    }
    return {
        path: channel.unary_unary(
            path,
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=response.FromString,
        )
        for path, response in responses.items()
    }
