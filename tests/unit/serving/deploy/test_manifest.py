"""Every manifest is YAML that its reader accepts, and the same bytes each time."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfline.pipelines.commands.deploy import _NEXT
from tfline.serving.deploy.manifest import TARGETS, manifest
from tfline.serving.deploy.served import ServedModel
from tfline.serving.server.flags import parse


def documents(target: str, model: ServedModel) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifest(target, model)))


def server_arguments(target: str, model: ServedModel) -> list[str]:
    if target == "compose":
        [service] = documents(target, model)[0]["services"].values()
        return list(service["command"])
    [deployment] = [d for d in documents(target, model) if d["kind"] == "Deployment"]
    return list(deployment["spec"]["template"]["spec"]["containers"][0]["args"])


def test_command_line_has_every_target() -> None:
    assert _NEXT.keys() == TARGETS.keys()


@pytest.mark.parametrize("target", TARGETS)
def test_manifest_is_what_it_was_made_from_and_the_same_twice(
    target: str, labelled: ServedModel
) -> None:
    assert documents(target, labelled) == TARGETS[target](labelled)
    assert manifest(target, labelled) == manifest(target, labelled)
    assert "&id" not in manifest(target, labelled)


@pytest.mark.parametrize("target", ["compose", "kubernetes"])
@pytest.mark.parametrize("labels", [False, True])
def test_server_knows_every_flag(
    target: str, labels: bool, model: ServedModel, labelled: ServedModel
) -> None:
    flags, unknown = parse(server_arguments(target, labelled if labels else model))
    assert unknown == []
    assert (flags.port, flags.rest_api_port) == (8500, 8501)
    assert bool(flags.model_config_file) == labels
    assert (flags.model_base_path.endswith("/models/chicago_taxi")) != labels


def test_image_is_of_the_tensorflow_of_the_certificate(model: ServedModel) -> None:
    assert re.fullmatch(r"tensorflow/serving:2\.\d+\.\d+", model.image)
    certified = dataclasses.replace(model, runtime="2.20.1")
    [service] = documents("compose", certified)[0]["services"].values()
    assert service["image"] == certified.image == "tensorflow/serving:2.20.1"


def test_container_of_compose_may_write_nothing_and_is_not_root(model: ServedModel) -> None:
    [document] = documents("compose", model)
    assert document["name"] == "chicago-taxi"
    [service] = document["services"].values()
    assert service["read_only"] is True
    assert service["user"] == "65532:65532"
    assert service["volumes"] == [
        {
            "type": "bind",
            "source": "/data/models/chicago_taxi",
            "target": "/data/models/chicago_taxi",
            "read_only": True,
        }
    ]


def test_compose_puts_no_variable_into_a_path() -> None:
    model = ServedModel("taxi", Path("/data/$HOME/taxi"))
    text = manifest("compose", model)
    assert "/data/$$HOME/taxi" in text
    assert "/data/$HOME" not in text


def test_inference_service_reads_the_claimed_volume(model: ServedModel) -> None:
    [service] = documents("kserve", model)
    assert (service["apiVersion"], service["kind"]) == (
        "serving.kserve.io/v1beta1",
        "InferenceService",
    )
    assert service["metadata"]["name"] == "chicago-taxi"
    predictor = service["spec"]["predictor"]["model"]
    assert predictor["storageUri"] == "pvc://chicago-taxi-models/chicago_taxi"
    assert f"tensorflow/serving:{predictor['runtimeVersion']}" == model.image
