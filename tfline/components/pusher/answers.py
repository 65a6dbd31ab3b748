"""The ways in which a model is asked about serialized tf.Examples: in process, gRPC and REST."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfline.components.artifacts.saved_model import load_saved_model
from tfline.components.pusher.parity import Outputs
from tfline.serving.channel import PREDICT, channel_options, readable_error
from tfline.serving.messages import methods
from tfline.serving.process import ServerProcess
from tfline.serving.protos import predict_pb2, types_pb2
from tfline.transforms.errors import PushError

PREDICTIONS = "serving_default"
"""The signature that predicts."""

FEATURES = "transform_features"
"""The signature that returns what the model is fed with."""

_INPUT = "examples"
_TIMEOUT_SECONDS = 30.0
_OPEN_SECONDS = 5.0
_POLL_SECONDS = 0.02


def predict_request(model: str, signature: str, records: Sequence[bytes]) -> Any:
    """Returns TF Serving's PredictRequest for serialized tf.Examples."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    tensor = request.inputs[_INPUT]
    tensor.dtype = types_pb2.DT_STRING
    tensor.tensor_shape.dim.add(size=len(records))
    tensor.string_val.extend(records)
    return request


def runtime() -> str:
    """Returns the version of TensorFlow: of this process, and of a server that it starts."""
    return str(tf.__version__)


class Process:
    """A SavedModel in this process.

    Args:
        folder: Of the SavedModel.

    Raises:
        PushError: It cannot be loaded.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._model = load_saved_model(str(folder))  # the signatures do not keep it alive
        except (OSError, ValueError, tf.errors.OpError) as exc:
            raise PushError(f"The model cannot be loaded: {exc}", str(folder)) from exc

    def answers(self, signature: str, records: Sequence[bytes]) -> Outputs:
        """Asks about all records at once; returns nothing if there is no such signature.

        Raises:
            PushError: The model fails.
        """
        function = self._model.signatures.get(signature)
        if function is None:
            return {}
        try:
            outputs = function(**{_INPUT: tf.constant(records)})
        except (TypeError, ValueError, tf.errors.OpError) as exc:
            raise PushError(f"The model cannot be run: {exc}", str(self._folder)) from exc
        return {name: tensor.numpy() for name, tensor in outputs.items()}


class Server:
    """A model on a running server. A context: leaving it closes the connection.

    Args:
        process: The server.
        model: The name of the model.
    """

    def __init__(self, process: ServerProcess, model: str) -> None:
        self._process = process
        self._model = model
        self._channel = grpc.insecure_channel(process.target, channel_options())
        self._predict = methods(self._channel)[PREDICT]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: object) -> None:
        self._channel.close()

    def over_grpc(self, signature: str, records: Sequence[bytes]) -> Outputs:
        """Asks about all records in one request.

        Raises:
            ServingError: It does not answer, or answers with an error.
        """
        request = predict_request(self._model, signature, records)
        try:
            response = self._predict(request, timeout=_TIMEOUT_SECONDS)
        except grpc.RpcError as exc:
            target = self._process.target
            raise readable_error(exc, target, self._model, _TIMEOUT_SECONDS) from exc
        return {name: tf.make_ndarray(tensor) for name, tensor in response.outputs.items()}

    def one_by_one(self, records: Iterable[bytes]) -> tuple[Outputs, list[float]]:
        """Asks for predictions over gRPC, a request a record.

        Returns:
            The outputs of all, and the seconds that each request took.

        Raises:
            ServingError: It does not answer, or answers with an error.
        """
        answers, seconds = [], []
        for record in records:
            started = time.perf_counter()
            answers.append(self.over_grpc(PREDICTIONS, [record]))
            seconds.append(time.perf_counter() - started)
        names = answers[0]
        return {
            name: np.concatenate([answer[name] for answer in answers]) for name in names
        }, seconds

    def over_rest(self, records: Sequence[bytes], outputs: Iterable[str]) -> Outputs:
        """Asks for predictions over REST, in one request.

        Args:
            records: Serialized tf.Examples.
            outputs: The names of the outputs; the answer does not name a single one.

        Raises:
            PushError: It does not answer, or answers with an error.
        """
        examples = [{"b64": base64.b64encode(record).decode()} for record in records]
        body = json.dumps({"signature_name": PREDICTIONS, "inputs": {_INPUT: examples}})
        path = f"/v1/models/{self._model}:predict"
        status, text = self._post(path, body)
        if status != http.client.OK:
            raise PushError(f"The server answers {status} over REST: {text}", path)
        answer, names = json.loads(text)["outputs"], list(outputs)
        named = answer if len(names) > 1 else {names[0]: answer}
        return {name: _array(values) for name, values in named.items()}

    def _post(self, path: str, body: str) -> tuple[int, str]:
        """Posts as soon as the port is open, which is shortly after that of gRPC."""
        end = time.monotonic() + _OPEN_SECONDS
        while True:
            connection = http.client.HTTPConnection(
                "localhost", self._process.rest_api_port, timeout=_TIMEOUT_SECONDS
            )
            try:
                connection.request("POST", path, body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                return response.status, response.read().decode(errors="surrogateescape")
            except OSError as exc:
                if not isinstance(exc, ConnectionRefusedError) or time.monotonic() > end:
                    raise PushError(f"The server does not answer over REST: {exc}", path) from exc
                time.sleep(_POLL_SECONDS)
            finally:
                connection.close()


def _array(values: list[Any]) -> NDArray[Any]:
    """Returns JSON's numbers or texts as an array; texts as bytes."""
    array = np.asarray(values)
    if array.dtype.kind != "U":
        return array
    encoded = [text.encode(errors="surrogateescape") for text in array.flat]
    result = np.empty(len(encoded), dtype=object)
    result[:] = encoded
    return result.reshape(array.shape)
