"""A client of a model server: rows in, predictions out. It does not import TensorFlow.

with Client("localhost:8500", model="taxi") as client:
    print(client.predict([{"fare": 12.5, "payment_type": "Cash"}])[0].label)
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.message import Message

from tfline.serving.channel import (
    GET_MODEL_METADATA,
    GET_MODEL_STATUS,
    PREDICT,
    Tls,
    channel_options,
)
from tfline.serving.errors import RejectedError, RowError
from tfline.serving.messages import (
    Features,
    Messages,
    MonteCarlo,
    News,
    Reasons,
    Sampling,
    Way,
    features_in,
    methods,
)
from tfline.serving.prediction import Prediction
from tfline.serving.predictions import predictions
from tfline.serving.protos import predict_pb2
from tfline.serving.rows import FeatureType, Row, as_rows

__all__ = ["Client", "Prediction", "Tls"]

_POLL_SECONDS = 0.1


class Client:
    """Asks a model on a server for predictions. Threads may share it.

    Args:
        target: ``host:port`` of the server's gRPC, or ``unix:path``.
        model: The name of the model.
        version: The version; None: that of the label, or the newest that is available.
        version_label: The label of a version, such as ``stable``.
        timeout: Seconds that a call may take.
        tls: Encryption; None: plain.
        options: Further options of the gRPC channel, such as keepalive.

    Raises:
        ServingError: If the address has no port, or there are both a version and a label.
    """

    def __init__(
        self,
        target: str,
        model: str = "default",
        *,
        version: int | None = None,
        version_label: str | None = None,
        timeout: float = 10.0,
        tls: Tls | None = None,
        options: Mapping[str, int | str] | None = None,
    ) -> None:
        self._messages = Messages(target, model, version, version_label, timeout)
        arguments = channel_options(options)
        self._channel = (
            grpc.secure_channel(target, tls.credentials(), arguments)
            if tls
            else grpc.insecure_channel(target, arguments)
        )
        self._methods = methods(self._channel)
        self._features: Features | None = None
        self._news = News()

    def predict(self, rows: Any) -> list[Prediction]:
        """Returns a prediction a row, in their order. Many rows travel in several calls.

        Args:
            rows: Dicts of raw feature to value (str, bytes, int, float, bool, a list of these, or
                None for a missing one), a pandas DataFrame, or a pyarrow Table.

        Raises:
            RowError: If a row does not fit the model.
            UnreachableError: If no server answers.
            DeadlineError: If the answer takes too long.
            RequestError: If the server answers with an error.
        """
        return self._predict(rows)

    def sample(self, rows: Any, *, temperature: float = 1.0, seed: int = 0) -> list[Prediction]:
        """Has a model that writes texts draw one for each row, rather than search the best.

        Args:
            rows: As those of `predict`.
            temperature: Below 1 more of the probable, above 1 more surprises; 0 takes the most
                probable token each time.
            seed: Of the first row; the next have those that follow. The same seed, the same text.

        Raises:
            ServingError: As `predict`; RequestError also if the model writes no texts.
        """
        return self._predict(rows, Sampling(temperature, seed))

    def monte_carlo(self, rows: Any) -> list[Prediction]:
        """Returns predictions with their standard deviations, by dropout at work.

        Args:
            rows: As those of `predict`.

        Raises:
            ServingError: As `predict`; RequestError also if the model was trained without
                `monte_carlo`.
        """
        return self._predict(rows, MonteCarlo())

    def explain(self, rows: Any) -> list[Prediction]:
        """Returns predictions with what each raw feature has added to them, a row each.

        Args:
            rows: As those of `predict`.

        Raises:
            ServingError: As `predict`; RequestError also if the model has no such signature.
        """
        return self._predict(rows, Reasons())

    def _predict(self, rows: Any, way: Way = None) -> list[Prediction]:
        read = as_rows(rows)
        if not read:
            return []
        known = self._known()
        try:
            answers = self._ask(read, known, way)
        except (RowError, RejectedError):
            # Another version may have come, with other features.
            fresh = self._known(again=True)
            if fresh.types == known.types:
                raise
            answers = self._ask(read, fresh, way)
        else:
            if self._news.are_in(answers, known):
                fresh = self._known(again=True)
                if fresh.types != known.types:
                    answers = self._ask(read, fresh, way)
        return [prediction for answer in answers for prediction in predictions(answer)]

    def _ask(self, rows: list[Row], known: Features, way: Way) -> list[predict_pb2.PredictResponse]:
        requests = self._messages.predict(rows, known.types, way)
        return [self._call(PREDICT, request) for request in requests]

    def _known(self, *, again: bool = False) -> Features:
        """Returns the features of the model, as the server told them last, or tells them now."""
        if self._features is None or again:
            self._features = features_in(self._call(GET_MODEL_METADATA, self._messages.metadata()))
        return self._features

    def features(self) -> Mapping[str, FeatureType]:
        """Returns the raw features of the model and their types; asked for once.

        Empty if the model does not tell them; then the types are taken from the values.

        Raises:
            ServingError: As `predict`.
        """
        return self._known().types

    def wait_until_available(self, timeout: float = 60.0, *, running: bool = False) -> None:
        """Blocks until the server answers and has the model.

        Args:
            timeout: Seconds to wait.
            running: Whether the server has to run already: if nothing answers at its address, that
                is said at once.

        Raises:
            UnreachableError: If it does not run, and has to.
            DeadlineError: If it takes longer.
            RequestError: If the model could not be loaded.
        """
        end = time.monotonic() + timeout
        while not self._is_available(running=running):
            if time.monotonic() > end:
                raise self._messages.overdue(timeout)
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _is_available(self, *, running: bool) -> bool:
        request, timeout = self._messages.status(), self._messages.timeout
        try:
            response = self._methods[GET_MODEL_STATUS](request, timeout=timeout)
        except grpc.RpcError as error:
            self._messages.check_wait(error, running=running)
            return False
        return self._messages.is_available(response)

    def _call(self, path: str, request: Message) -> Any:
        try:
            return self._methods[path](request, timeout=self._messages.timeout)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                raise self._messages.not_found(error, self._statuses()) from error
            raise self._messages.error(error) from error

    def _statuses(self) -> Any:
        """Returns the states of all versions; None if the server does not know the model."""
        try:
            return self._methods[GET_MODEL_STATUS](
                self._messages.all_statuses(), timeout=self._messages.timeout
            )
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise self._messages.error(error) from error
