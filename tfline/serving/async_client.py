"""The client for asyncio: the same answers, awaited.

async with AsyncClient("localhost:8500", model="taxi") as client:
    print((await client.predict([{"fare": 12.5}]))[0].label)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio
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

__all__ = ["AsyncClient"]

_POLL_SECONDS = 0.1


class AsyncClient:
    """Asks a model on a server for predictions. Many calls may be under way at a time.

    The arguments are those of `tfline.serving.client.Client`.
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
            grpc.aio.secure_channel(target, tls.credentials(), arguments)
            if tls
            else grpc.aio.insecure_channel(target, arguments)
        )
        self._methods = methods(self._channel)
        self._features: Features | None = None
        self._news = News()

    async def predict(self, rows: Any) -> list[Prediction]:
        """Returns a prediction a row, in their order; see `tfline.serving.client.Client`."""
        return await self._predict(rows)

    async def sample(
        self, rows: Any, *, temperature: float = 1.0, seed: int = 0
    ) -> list[Prediction]:
        """Has texts drawn, one a row; see `tfline.serving.client.Client.sample`."""
        return await self._predict(rows, Sampling(temperature, seed))

    async def monte_carlo(self, rows: Any) -> list[Prediction]:
        """Returns predictions with their doubt; see `tfline.serving.client.Client.monte_carlo`."""
        return await self._predict(rows, MonteCarlo())

    async def explain(self, rows: Any) -> list[Prediction]:
        """Returns predictions with their reasons; see `tfline.serving.client.Client.explain`."""
        return await self._predict(rows, Reasons())

    async def _predict(self, rows: Any, way: Way = None) -> list[Prediction]:
        read = as_rows(rows)
        if not read:
            return []
        known = await self._known()
        try:
            answers = await self._ask(read, known, way)
        except (RowError, RejectedError):
            # Another version may have come, with other features.
            fresh = await self._known(again=True)
            if fresh.types == known.types:
                raise
            answers = await self._ask(read, fresh, way)
        else:
            if self._news.are_in(answers, known):
                fresh = await self._known(again=True)
                if fresh.types != known.types:
                    answers = await self._ask(read, fresh, way)
        return [prediction for answer in answers for prediction in predictions(answer)]

    async def _ask(
        self, rows: list[Row], known: Features, way: Way
    ) -> list[predict_pb2.PredictResponse]:
        requests = self._messages.predict(rows, known.types, way)
        return list(await asyncio.gather(*(self._call(PREDICT, each) for each in requests)))

    async def _known(self, *, again: bool = False) -> Features:
        """Returns the features of the model, as the server told them last, or tells them now."""
        if self._features is None or again:
            self._features = features_in(
                await self._call(GET_MODEL_METADATA, self._messages.metadata())
            )
        return self._features

    async def features(self) -> Mapping[str, FeatureType]:
        """Returns the raw features of the model; see `tfline.serving.client.Client.features`."""
        return (await self._known()).types

    async def wait_until_available(self, timeout: float = 60.0, *, running: bool = False) -> None:
        """Waits until the server answers and has the model.

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
        while not await self._is_available(running=running):
            if time.monotonic() > end:
                raise self._messages.overdue(timeout)
            await asyncio.sleep(_POLL_SECONDS)

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _is_available(self, *, running: bool) -> bool:
        request, timeout = self._messages.status(), self._messages.timeout
        try:
            response = await self._methods[GET_MODEL_STATUS](request, timeout=timeout)
        except grpc.RpcError as error:
            self._messages.check_wait(error, running=running)
            return False
        return self._messages.is_available(response)

    async def _call(self, path: str, request: Message) -> Any:
        try:
            return await self._methods[path](request, timeout=self._messages.timeout)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                raise self._messages.not_found(error, await self._statuses()) from error
            raise self._messages.error(error) from error

    async def _statuses(self) -> Any:
        """Returns the states of all versions; None if the server does not know the model."""
        try:
            return await self._methods[GET_MODEL_STATUS](
                self._messages.all_statuses(), timeout=self._messages.timeout
            )
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return None
            raise self._messages.error(error) from error
