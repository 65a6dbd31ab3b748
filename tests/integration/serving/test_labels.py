"""A running server follows the labels beside the versions, and answers all the while."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.integration.serving.conftest import Grpc, Rest, free_port, predict_request
from tfline.components.pusher.availability import wait_until_available
from tfline.components.pusher.folder import PushFolder
from tfline.components.pusher.promotion import promote, roll_back
from tfline.pipelines import cli
from tfline.serving.deploy.served import ServedModel, server_flags
from tfline.serving.labels import LABELS, read_labels
from tfline.serving.process import ServerProcess, start_server
from tfline.transforms.errors import PushError

SPEC = """\
name: toolbox
data: {train: train.tfrecord, eval: eval.tfrecord}
label: y
features: {z_score: [x]}
model: mlp
"""

_SECONDS = 20.0


def asked_for(label: str) -> Any:
    request = predict_request(name="toolbox", x=[2.0])
    request.model_spec.version_label = label
    return request


def answering_version(api: Grpc, label: str) -> int:
    response = api.call("Predict", asked_for(label))
    return int(response.model_spec.version.value)


def wait_for(api: Grpc, label: str, version: int) -> None:
    """Asks again and again, which must never fail, until the version answers."""
    end = time.monotonic() + _SECONDS
    while answering_version(api, label) != version:
        assert time.monotonic() < end
        time.sleep(0.02)


def start(folder: Path) -> ServerProcess:
    """Starts a server as `tfline serve` does."""
    flags = server_flags(
        ServedModel("toolbox", folder, read_labels(folder, "toolbox")), str(folder)
    )[2:]
    return start_server(folder, "unused", rest_api_port=free_port(), flags=flags)


def test_server_starts_on_labels_and_follows_them_without_a_failed_request(
    publish: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "toolbox"
    for version in (1, 2):
        publish("toolbox", folder, version)
    promote(PushFolder(folder, "toolbox"), 1)
    promote(PushFolder(folder, "toolbox"), 2, "canary")
    with start(folder) as server:
        api, rest = Grpc(server.target), Rest(server.rest_api_port)
        assert [answering_version(api, label) for label in LABELS] == [1, 2]
        canary = rest("/v1/models/toolbox/labels/canary:predict", {"instances": [2.0]})
        assert canary[0] == 200

        began = time.monotonic()
        promote(PushFolder(folder, "toolbox"), 2)
        wait_for(api, "stable", 2)
        assert time.monotonic() - began < 1

        _, earlier, added = roll_back(PushFolder(folder, "toolbox"))
        assert earlier.number == 1
        wait_until_available(server.target, "toolbox", added.number)
        wait_for(api, "stable", added.number)


def test_server_starts_while_the_version_of_a_label_is_gone(
    publish: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "toolbox"
    for version in (1, 2):
        publish("toolbox", folder, version)
    promote(PushFolder(folder, "toolbox"), 2)
    promote(PushFolder(folder, "toolbox"), 1, "canary")
    shutil.rmtree(folder / "2")
    with start(folder) as server:
        api = Grpc(server.target)
        assert answering_version(api, "canary") == 1
        code, details = api.error("Predict", asked_for("stable"))
        assert (code, details) == (
            "NOT_FOUND",
            "Servable not found for request: Specific(toolbox, 2)",
        )
        promote(PushFolder(folder, "toolbox"), 1)
        end = time.monotonic() + _SECONDS
        while True:
            with contextlib.suppress(grpc.RpcError):
                assert answering_version(api, "stable") == 1
                break
            assert time.monotonic() < end
            time.sleep(0.02)


def test_push_waits_until_the_server_has_the_version_or_cannot_load_it(
    publish: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "toolbox"
    publish("toolbox", folder, 1)
    with start_server(folder, "toolbox") as server:
        publish("toolbox", folder, 2)
        wait_until_available(server.target, "toolbox", 2)
        (folder / "3").mkdir()
        with pytest.raises(PushError, match="Version 3 is pushed, but not served") as caught:
            wait_until_available(server.target, "toolbox", 3, _SECONDS)
        assert "could not be loaded" in caught.value.message
        with pytest.raises(PushError, match=r"was not available within 0\.3 seconds"):
            wait_until_available(server.target, "toolbox", 9, timeout=0.3)
        assert Grpc(server.target).call("Predict", predict_request(x=[2.0])) is not None


def test_predict_without_a_server_answers_from_the_version_that_is_asked_for(
    publish: Callable[..., Path],
    folder: Path,
    write_text: Callable[[Path, str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Version 1 answers three times the size, version 2 four times."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    for version, model in ((1, "price"), (2, "whole_price")):
        publish(model, folder / "pushed", version)
    write_text(folder / "spec.yaml", SPEC.replace("toolbox", "price") + "push: pushed\n")
    write_text(folder / "rows.jsonl", '{"size": 2}\n')

    def predict(*arguments: str) -> str:
        code = cli.main(["predict", "spec.yaml", "rows.jsonl", *arguments])
        captured = capsys.readouterr()
        return captured.out.strip() if code == 0 else f"{code}: {captured.err.splitlines()[0]}"

    assert predict() == "8"  # the newest
    assert predict("--label", "stable").startswith("2: tfline predict: No version is labelled")
    push = PushFolder(folder / "pushed", "price")
    promote(push, 1)
    promote(push, 2, "canary")
    assert predict() == "6"  # what is stable
    assert predict("--label", "canary") == "8"
    assert predict("--version", "1") == "6"
    assert predict("--version", "7") == "2: tfline predict: There is no version 7"


def test_rollback_ends_when_the_server_has_the_version(
    publish: Callable[..., Path],
    folder: Path,
    write_text: Callable[[Path, str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    for version in (1, 2):
        publish("toolbox", folder / "pushed", version)
    with start_server("pushed", "toolbox") as server:
        spec = SPEC + f"push: {{to: pushed, server: '{server.target}'}}\n"
        write_text(folder / "spec.yaml", spec)
        assert cli.main(["rollback", "spec.yaml"]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == f"  served by: {server.target}"
        response = Grpc(server.target).call("Predict", predict_request(x=[2.0]))
        assert response.model_spec.version.value > 2
