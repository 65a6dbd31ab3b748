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
from tfline.serving.errors import RowError
from tfline.serving.messages import Messages, Sampling, methods, types_in
from tfline.serving.predictions import Prediction, predictions
from tfline.serving.rows import FeatureType, as_rows

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
        self._types: dict[str, FeatureType] | None = None

    async def predict(self, rows: Any) -> list[Prediction]:
        """Returns a prediction a row, in their order; see `tfline.serving.client.Client`."""
        return await self._predict(rows)

    async def sample(
        self, rows: Any, *, temperature: float = 1.0, seed: int = 0
    ) -> list[Prediction]:
        """Has texts drawn, one a row; see `tfline.serving.client.Client.sample`."""
        return await self._predict(rows, Sampling(temperature, seed))

    async def _predict(self, rows: Any, sampling: Sampling | None = None) -> list[Prediction]:
        read = as_rows(rows)
        if not read:
            return []
        try:
            requests = self._messages.predict(read, await self.features(), sampling)
        except RowError:
            self._types = None  # another version may have come, with other features
            requests = self._messages.predict(read, await self.features(), sampling)
        answers = await asyncio.gather(*(self._call(PREDICT, request) for request in requests))
        return [prediction for answer in answers for prediction in predictions(answer)]

    async def features(self) -> Mapping[str, FeatureType]:
        """Returns the raw features of the model; see `tfline.serving.client.Client.features`."""
        if self._types is None:
            self._types = types_in(await self._call(GET_MODEL_METADATA, self._messages.metadata()))
        return self._types

    async def wait_until_available(self, timeout: float = 60.0) -> None:
        """Waits until the server answers and has the model.

        Args:
            timeout: Seconds to wait.

        Raises:
            DeadlineError: If it takes longer.
            RequestError: If the model could not be loaded.
        """
        end = time.monotonic() + timeout
        while not await self._is_available():
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

    async def _is_available(self) -> bool:
        request, timeout = self._messages.status(), self._messages.timeout
        try:
            response = await self._methods[GET_MODEL_STATUS](request, timeout=timeout)
        except grpc.RpcError as error:
            self._messages.check_wait(error)
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
