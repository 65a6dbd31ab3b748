"""The methods of the API on a set of models: what gRPC and REST both call."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from tfline.serving.protos import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)
from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.core import ServerCore
from tfline.serving.server.handlers import examples, models
from tfline.serving.server.handlers import predict as predicting
from tfline.serving.server.monitoring import Metrics, merged
from tfline.serving.server.processes.peers import Peers
from tfline.serving.server.request_log.record import Kind
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import invalid_argument


@dataclass(frozen=True, kw_only=True)
class Service:
    """Answers requests, each in the thread that calls.

    Attributes:
        core: The models.
        metrics: Where requests are counted.
        entrypoint: Where the requests come from: ``GRPC`` or ``REST``.
        as_content: Predict answers with ``tensor_content``.
        check_method: Predict refuses signatures with a foreign method name.
        max_filled: The most elements of an input that does not have them all; 0: no limit.
        peers: The other processes of the server, if there are any.
    """

    core: ServerCore
    metrics: Metrics
    entrypoint: str = "GRPC"
    as_content: bool = False
    check_method: bool = False
    max_filled: int = 0
    peers: Peers | None = None

    def predict(
        self, request: predict_pb2.PredictRequest, call: Call = ENDLESS
    ) -> predict_pb2.PredictResponse:
        """See `tfline.serving.server.handlers.predict.predict`."""
        with self.inference(request, "Predict") as servable:
            response = predicting.predict(
                servable,
                request,
                call,
                as_content=self.as_content,
                check_method=self.check_method,
                max_filled=self.max_filled,
            )
            self.log("predict_log", servable, request, response, call)
            return response

    def classify(
        self, request: classification_pb2.ClassificationRequest, call: Call = ENDLESS
    ) -> classification_pb2.ClassificationResponse:
        """See `tfline.serving.server.handlers.examples.classify`."""
        with self.inference(request, "Classify") as servable:
            response = examples.classify(servable, request, call)
            self.log("classify_log", servable, request, response, call)
            return response

    def regress(
        self, request: regression_pb2.RegressionRequest, call: Call = ENDLESS
    ) -> regression_pb2.RegressionResponse:
        """See `tfline.serving.server.handlers.examples.regress`."""
        with self.inference(request, "Regress") as servable:
            response = examples.regress(servable, request, call)
            self.log("regress_log", servable, request, response, call)
            return response

    def multi_inference(
        self, request: inference_pb2.MultiInferenceRequest, call: Call = ENDLESS
    ) -> inference_pb2.MultiInferenceResponse:
        """See `tfline.serving.server.handlers.examples.multi_inference`.

        The first task says which version is used.
        """
        if not request.tasks:
            raise invalid_argument("ModelSpec has no name specified.")
        with self.inference(request.tasks[0], "MultiInference") as servable:
            response = examples.multi_inference(servable, request, call)
            self.log("multi_inference_log", servable, request, response, call)
            return response

    def model_metadata(
        self,
        request: get_model_metadata_pb2.GetModelMetadataRequest,
        call: Call = ENDLESS,
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """See `tfline.serving.server.handlers.models.model_metadata`."""
        models.check_metadata_fields(request)
        with self.core.hold(_spec(request)) as servable:
            return models.model_metadata(servable)

    def model_status(
        self,
        request: get_model_status_pb2.GetModelStatusRequest,
        call: Call = ENDLESS,
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """See `tfline.serving.server.handlers.models.model_status`."""
        return models.model_status(self.core, request)

    def reload_config(
        self,
        request: model_management_pb2.ReloadConfigRequest,
        call: Call = ENDLESS,
    ) -> model_management_pb2.ReloadConfigResponse:
        """See `tfline.serving.server.handlers.models.reload_config`."""
        try:
            return self.reload_this(request, call)
        finally:
            if self.peers:
                self.peers.reload(request, call)

    def reload_this(
        self,
        request: model_management_pb2.ReloadConfigRequest,
        call: Call = ENDLESS,
    ) -> model_management_pb2.ReloadConfigResponse:
        """Does what `reload_config` does, for this process alone."""
        return models.reload_config(self.core, request, call)

    def metrics_text(self) -> str:
        """Returns the metrics of all processes, in Prometheus' text format."""
        others = self.peers.metrics() if self.peers else []
        return merged([self.metrics.text(), *others])

    def log(
        self, kind: Kind, servable: Servable, request: Message, response: Message, call: Call
    ) -> None:
        """Has a request and its answer written, if its model wants that."""
        if self.core.log.has(servable.name):
            self.core.log.write(kind, servable, request, response, call.request)

    @contextlib.contextmanager
    def inference(self, request: Any, api: str) -> Iterator[Servable]:
        """Gives a request its version, and counts and measures it."""
        spec = _spec(request)
        # Names that no model has are counted as one: anybody can send any number of them.
        name = spec.name if self.core.has_model(spec.name) else ""
        with self.metrics.request(name, api, self.entrypoint), self.core.hold(spec) as servable:
            yield servable


def _spec(request: Any) -> model_pb2.ModelSpec:
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    return request.model_spec
