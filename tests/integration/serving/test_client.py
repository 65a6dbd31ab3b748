"""The clients on a server with models as tfline exports them."""

from __future__ import annotations

import asyncio
import math
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from tfline.components.pusher.availability import wait_until_available
from tfline.serving.async_client import AsyncClient
from tfline.serving.client import Client
from tfline.serving.errors import (
    DeadlineError,
    RequestError,
    RowError,
    ServingError,
    UnreachableError,
)
from tfline.serving.process import ServerProcess, start_server
from tfline.serving.rows import FeatureType
from tfline.transforms.errors import PushError

ROW = {"fare": 20.0, "hour": 12, "payment_type": "Card"}


@pytest.fixture(scope="module")
def client(server: ServerProcess):
    with Client(server.target, "taxi") as client:
        yield client


def test_predict_gives_label_and_probabilities(client: Client):
    first, second = client.predict([ROW, {**ROW, "fare": -40, "payment_type": b"Cash"}])
    yes = 1 / (1 + math.exp(-2.5))
    assert first.label == "yes"
    assert first.probabilities == pytest.approx({"no": 1 - yes, "yes": yes}, abs=1e-6)
    assert first.value is None
    assert second.label == "no"


def test_missing_features_are_left_to_the_model(client: Client):
    (prediction,) = client.predict([{"fare": None}])
    assert prediction.probabilities["yes"] == pytest.approx(0.5)


def test_features_are_those_of_the_model(client: Client):
    assert client.features() == {
        "fare": FeatureType.FLOAT,
        "hour": FeatureType.INT64,
        "payment_type": FeatureType.STRING,
    }


def test_regression_gives_a_value(server: ServerProcess):
    with Client(server.target, "price", version=123) as client:
        assert [prediction.value for prediction in client.predict([{"size": 2}])] == [6.0]


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"fare": [20.0, None], "hour": [12, None]}),
        pa.table({"fare": [20.0, None], "hour": [12, None]}),
    ],
    ids=["pandas", "pyarrow"],
)
def test_tables_give_the_predictions_of_their_rows(client: Client, data):
    expected = client.predict([{"fare": 20.0, "hour": 12}, {}])
    assert client.predict(data) == expected


def test_no_rows_give_no_predictions(client: Client):
    assert client.predict([]) == []


def test_unknown_feature_names_the_nearest(client: Client):
    with pytest.raises(RowError, match="no feature 'fair'") as caught:
        client.predict([ROW, {"fair": 1.0}])
    assert caught.value.where == "row 1"
    assert "Did you mean 'fare'?" in caught.value.hint


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"fare": "20"}, "a number"),
        ({"hour": 1.5}, "an integer of 64 bits"),
        ({"hour": 2**63}, "an integer of 64 bits"),
        ({"payment_type": 3}, "a string or bytes"),
    ],
)
def test_wrong_type_says_what_is_expected(client: Client, row, expected):
    with pytest.raises(RowError, match=f"Expected {expected}"):
        client.predict([row])


def test_unknown_model_is_a_request_error(server: ServerProcess):
    with (
        Client(server.target, "nope") as client,
        pytest.raises(RequestError, match="NOT_FOUND") as caught,
    ):
        client.predict([ROW])
    assert "The server has no model 'nope'" in caught.value.hint


def test_unknown_version_names_the_available_ones(server: ServerProcess):
    with (
        Client(server.target, "taxi", version=7) as client,
        pytest.raises(RequestError, match="NOT_FOUND") as caught,
    ):
        client.predict([ROW])
    assert caught.value.hint == "Available versions of 'taxi': 123."


def test_version_label_chooses_the_version(client: Client, server: ServerProcess):
    with Client(server.target, "taxi", version_label="stable") as stable:
        assert stable.predict([ROW]) == client.predict([ROW])
    with (
        Client(server.target, "taxi", version_label="canary") as canary,
        pytest.raises(RequestError, match="Unrecognized servable version label: canary") as caught,
    ):
        canary.predict([ROW])
    assert "--model_config_file" in caught.value.hint
    with pytest.raises(ServingError, match="not both"):
        Client(server.target, "taxi", version=123, version_label="stable")


def test_many_rows_come_back_in_their_order(client: Client):
    rows = [{"fare": fare / 10} for fare in range(2500)]
    probabilities = [prediction.probabilities["yes"] for prediction in client.predict(rows)]
    assert len(probabilities) == 2500
    assert probabilities == sorted(probabilities)


def test_foreign_model_is_a_request_error(server: ServerProcess):
    with Client(server.target, "toolbox") as client, pytest.raises(RequestError):
        client.predict([{"x": 1.0}])


def test_absent_server_is_unreachable():
    with Client("localhost:1", "taxi", timeout=5) as client:
        with pytest.raises(UnreachableError, match="No model server answers at localhost:1"):
            client.predict([ROW])
        with pytest.raises(DeadlineError, match=r"within 0\.2 seconds"):
            client.wait_until_available(0.2)


@pytest.mark.parametrize("timeout", [0, -1.0])
def test_timeout_that_leaves_no_time_is_refused(timeout: float):
    with pytest.raises(ServingError, match="Expected seconds above 0"):
        Client("localhost:1", "taxi", timeout=timeout)


def test_silent_server_is_a_deadline_error():
    with socket.create_server(("localhost", 0)) as silent:
        target = f"localhost:{silent.getsockname()[1]}"
        with (
            Client(target, "taxi", timeout=0.3) as client,
            pytest.raises(DeadlineError, match=r"No answer within 0\.3 seconds"),
        ):
            client.predict([ROW])


def test_clients_follow_a_feature_whose_type_changes(publish: Callable[..., Path], tmp_path: Path):
    """The version after is loaded under the eyes of clients that know the one before."""
    folder = tmp_path / "price"
    publish("price", folder, 1)
    row = {"size": 2}

    async def ask(client: AsyncClient) -> float | None:
        return (await client.predict([row]))[0].value

    async def follow(server: ServerProcess) -> list[float | None]:
        async with AsyncClient(server.target, "price") as async_client:
            before = await ask(async_client)
            publish("whole_price", folder, 2)
            wait_until_available(server.target, "price", 2)
            return [before, await ask(async_client)]

    with start_server(folder, "price") as server, Client(server.target, "price") as client:
        assert client.predict([row])[0].value == 6.0
        assert asyncio.run(follow(server)) == [6.0, 8.0]
        assert client.predict([row])[0].value == 8.0
        assert client.features() == {"size": FeatureType.INT64}
        with pytest.raises(RowError, match="Expected an integer"):
            client.predict([{"size": 2.5}])


def test_push_to_a_server_that_is_not_there_says_so_at_once():
    began = time.monotonic()
    with pytest.raises(
        PushError, match="Version 3 is pushed, but no model server answers"
    ) as caught:
        wait_until_available("localhost:1", "taxi", 3)
    assert "Connection refused" in caught.value.message
    assert time.monotonic() - began < 5


def test_async_client_gives_the_same_answers(client: Client, server: ServerProcess):
    async def ask():
        async with AsyncClient(server.target, "taxi") as async_client:
            await async_client.wait_until_available(10)
            with pytest.raises(RowError):
                await async_client.predict([{"fair": 1.0}])
            assert len(await async_client.predict([ROW] * 1001)) == 1001
            return await asyncio.gather(*(async_client.predict([ROW]) for _ in range(5)))

    assert asyncio.run(ask()) == [client.predict([ROW])] * 5


def test_async_client_has_the_same_errors(server: ServerProcess):
    async def ask(model: str, **version):
        async with AsyncClient(server.target, model, **version) as async_client:
            return await async_client.predict([ROW])

    with pytest.raises(RequestError, match="NOT_FOUND") as caught:
        asyncio.run(ask("taxi", version=7))
    assert caught.value.hint == "Available versions of 'taxi': 123."
    with pytest.raises(RequestError, match="NOT_FOUND") as caught:
        asyncio.run(ask("nope"))
    assert "no model 'nope'" in caught.value.hint
    with pytest.raises(RequestError, match="Unrecognized servable version label"):
        asyncio.run(ask("taxi", version_label="canary"))
