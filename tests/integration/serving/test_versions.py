"""Versions that come and go, policies, labels, reload: on one server whose files change."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import text_format

from tests.integration.serving.conftest import Grpc, predict_request
from tfline.serving.process import start_server
from tfline.serving.protos import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_server_config_pb2,
)

State = get_model_status_pb2.ModelVersionStatus.State


class Changing:
    """A server whose configuration and folders change."""

    def __init__(self, folder: Path, publish: Callable[..., Path]) -> None:
        self.folder = folder
        self._publish = publish
        self.config_file = folder / "models.config"
        self.api: Grpc

    @contextlib.contextmanager
    def serve(self, *flags: str) -> Iterator[None]:
        """Runs the server, first with one model."""
        self.publish("first", 1)
        self.write_config("first")
        flags += (
            f"--model_config_file={self.config_file}",
            "--load_retry_interval_micros=-1",
            "--max_num_load_retries=1",
        )
        with start_server(self.folder / "first", "unused", flags=flags) as server:
            self.api = Grpc(server.target)
            yield

    def write_config(self, *models: str) -> None:
        self.config_file.write_text(text_format.MessageToString(self.config(*models)))

    def publish(self, name: str, version: int | str) -> Path:
        return self._publish("price", self.folder / name, version)

    def config(self, *models: str) -> model_server_config_pb2.ModelServerConfig:
        """Returns a configuration of models, each written ``name: further fields``."""
        config = model_server_config_pb2.ModelServerConfig()
        config.model_config_list.SetInParent()
        for model in models:
            name, _, rest = model.partition(":")
            added = config.model_config_list.config.add(
                name=name, base_path=str(self.folder / name), model_platform="tensorflow"
            )
            text_format.Merge(rest, added)
        return config

    def request(self, *models: str) -> model_management_pb2.ReloadConfigRequest:
        return model_management_pb2.ReloadConfigRequest(config=self.config(*models))

    def reload(self, *models: str) -> None:
        response = self.api.call("HandleReloadConfigRequest", self.request(*models))
        assert response.status.error_code == 0

    def states(self, name: str) -> dict[int, str]:
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = name
        try:
            response = self.api.call("GetModelStatus", request)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            return {}
        return {v.version: State.Name(v.state) for v in response.model_version_status}

    def wait_for(self, name: str, states: dict[int, str], seconds: float = 15) -> None:
        end = time.monotonic() + seconds
        while (seen := self.states(name)) != states:
            assert time.monotonic() < end, f"{seen} instead of {states}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def changing(
    tmp_path_factory: pytest.TempPathFactory, publish: Callable[..., Path]
) -> Iterator[Changing]:
    changing = Changing(tmp_path_factory.mktemp("changing"), publish)
    with changing.serve():
        yield changing


def test_new_version_replaces_the_old_one_without_a_gap(changing: Changing):
    changing.publish("swap", 1)
    changing.reload("first", "swap")
    stop, failures, versions = threading.Event(), [], set()

    def ask() -> None:
        while not stop.is_set():
            try:
                response = changing.api.call(
                    "GetModelMetadata",
                    get_model_metadata_pb2.GetModelMetadataRequest(
                        model_spec={"name": "swap"}, metadata_field=["signature_def"]
                    ),
                )
                versions.add(response.model_spec.version.value)
            except grpc.RpcError as error:
                failures.append(error)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        changing.publish("swap", "0002")
        changing.wait_for("swap", {2: "AVAILABLE", 1: "END"})
    finally:
        stop.set()
        asker.join()
    assert not failures
    assert versions == {1, 2}


def test_broken_version_does_not_displace_a_working_one(changing: Changing):
    changing.publish("steady", 1)
    changing.reload("first", "steady")
    (changing.folder / "steady" / "2").mkdir()
    changing.wait_for("steady", {2: "END", 1: "AVAILABLE"})
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "steady"
    request.model_spec.version.value = 2
    (status,) = changing.api.call("GetModelStatus", request).model_version_status
    assert status.status.error_code == 5
    assert "Could not find SavedModel .pb or .pbtxt" in status.status.error_message


def test_policies_choose_the_versions(changing: Changing):
    for version in (1, 2, 3):
        changing.publish("chosen", version)
    changing.reload("first", "chosen: model_version_policy { latest { num_versions: 2 } }")
    changing.wait_for("chosen", {3: "AVAILABLE", 2: "AVAILABLE"})
    changing.reload("first", "chosen: model_version_policy { specific { versions: 1 } }")
    changing.wait_for("chosen", {3: "END", 2: "END", 1: "AVAILABLE"})
    changing.reload("first", "chosen: model_version_policy { all {} }")
    changing.wait_for("chosen", {3: "AVAILABLE", 2: "AVAILABLE", 1: "AVAILABLE"})


def test_label_moves_between_available_versions(changing: Changing):
    for version in (42, 43):
        changing.publish("labelled", version)
    policy = "labelled: model_version_policy { specific { versions: 42 versions: 43 } }"
    changing.reload("first", policy)
    changing.wait_for("labelled", {43: "AVAILABLE", 42: "AVAILABLE"})
    for version in (42, 43):
        changing.reload("first", f'{policy} version_labels {{ key: "stable" value: {version} }}')
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        request.model_spec.name, request.model_spec.version_label = "labelled", "stable"
        response = changing.api.call("GetModelMetadata", request)
        assert response.model_spec.version.value == version
    code, text = changing.api.error(
        "HandleReloadConfigRequest",
        changing.request("first", f'{policy} version_labels {{ key: "stable" value: 9 }}'),
    )
    assert code == "FAILED_PRECONDITION"
    assert text == (
        "Request to assign label to version 9 of model labelled, "
        "which is not currently available for inference"
    )


def test_disappeared_versions_are_unloaded_but_a_missing_base_path_changes_nothing(
    changing: Changing,
):
    changing.publish("gone", 1)
    changing.reload("first", "gone")
    moved = (changing.folder / "gone").rename(changing.folder / "away")
    time.sleep(1.5)
    assert changing.states("gone") == {1: "AVAILABLE"}
    moved.rename(changing.folder / "gone")
    shutil.rmtree(changing.folder / "gone" / "1")
    changing.wait_for("gone", {1: "END"})
    changing.publish("gone", 1)
    changing.wait_for("gone", {1: "AVAILABLE"})


def test_removed_model_is_unloaded(changing: Changing):
    changing.publish("removed", 1)
    changing.reload("first", "removed")
    changing.reload("first")
    changing.wait_for("removed", {1: "END"})
    code, text = changing.api.error("Predict", predict_request(name="removed", x=[1.0]))
    assert (code, text) == ("NOT_FOUND", "Servable not found for request: Latest(removed)")


def test_config_file_is_read_again(publish: Callable[..., Path], tmp_path: Path):
    changing = Changing(tmp_path, publish)
    with changing.serve("--model_config_file_poll_wait_seconds=1"):
        changing.publish("polled", 1)
        changing.config_file.write_text("no config")
        time.sleep(1.2)
        assert changing.states("first") == {1: "AVAILABLE"}
        changing.write_config("first", "polled")
        changing.wait_for("polled", {1: "AVAILABLE"})


def reload_errors():
    return [
        (("first", "first"), "INVALID_ARGUMENT", "Illegal to list model first multiple times"),
        (
            ('relative: base_path: "some/path"',),
            "INVALID_ARGUMENT",
            "Expected model relative to have an absolute path or URI; got base_path()=some/path",
        ),
        (
            ('odd: model_platform: "other"',),
            "INVALID_ARGUMENT",
            "Model odd requests unsupported platform other",
        ),
    ]


@pytest.mark.parametrize(("models_", "code", "text"), reload_errors())
def test_invalid_reload_is_refused(changing: Changing, models_, code, text):
    answer = changing.api.error("HandleReloadConfigRequest", changing.request(*models_))
    assert answer[0] == code
    assert answer[1].startswith(text)


def test_reload_without_a_list_is_refused(changing: Changing):
    code, text = changing.api.error(
        "HandleReloadConfigRequest", model_management_pb2.ReloadConfigRequest()
    )
    assert code == "INVALID_ARGUMENT"
    assert text == (
        "ServerModelConfig type not supported by HandleReloadConfigRequest. "
        "Only ModelConfigList is currently supported"
    )


def test_reload_fails_if_a_new_model_does(changing: Changing):
    (changing.folder / "empty" / "1").mkdir(parents=True)
    code, text = changing.api.error("HandleReloadConfigRequest", changing.request("first", "empty"))
    assert code == "UNKNOWN"
    assert text.startswith(
        "1 model(s) did not become available: {{{name: empty version: 1} due to error: NOT_FOUND"
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ([], "GetModelMetadataRequest must specify at least one metadata_field"),
        (["other"], "Metadata field other is not supported"),
    ],
)
def test_metadata_field_must_be_signature_def(changing: Changing, fields, text):
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec={"name": "first"}, metadata_field=fields
    )
    assert changing.api.error("GetModelMetadata", request) == ("INVALID_ARGUMENT", text)


def test_status_of_unknown_models_and_versions_is_not_found(changing: Changing):
    request = get_model_status_pb2.GetModelStatusRequest(model_spec={"name": "nope"})
    assert changing.api.error("GetModelStatus", request) == (
        "NOT_FOUND",
        "Could not find any versions of model nope",
    )
    request.model_spec.name = "first"
    request.model_spec.version.value = 77
    assert changing.api.error("GetModelStatus", request)[1] == (
        "Could not find version 77 of model first"
    )
