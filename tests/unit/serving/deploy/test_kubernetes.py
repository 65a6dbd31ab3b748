"""The objects follow the schemas of Kubernetes' API, and fit one another."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from google.protobuf import text_format

from tfline.serving.deploy.kubernetes import kubernetes
from tfline.serving.deploy.served import ServedModel
from tfline.serving.protos import model_server_config_pb2

KINDS = [
    "PersistentVolumeClaim",
    "Deployment",
    "Service",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
]

Object = dict[str, Any]


def by_kind(model: ServedModel) -> dict[str, Object]:
    return {document["kind"]: document for document in kubernetes(model)}


def pod_of(model: ServedModel) -> Object:
    pod: Object = by_kind(model)["Deployment"]["spec"]["template"]["spec"]
    return pod


@pytest.mark.parametrize("version", ["1.27", "1.33"])
@pytest.mark.parametrize("labels", [False, True])
def test_objects_follow_the_schemas(
    version: str, labels: bool, model: ServedModel, labelled: ServedModel
) -> None:
    validator = pytest.importorskip("kubernetes_validate")
    for document in kubernetes(labelled if labels else model):
        validator.validate(document, version, strict=True)


def test_schemas_refuse_an_unknown_field(model: ServedModel) -> None:
    validator = pytest.importorskip("kubernetes_validate")
    deployment = by_kind(model)["Deployment"]
    deployment["spec"]["template"]["spec"]["containers"][0]["readyProbe"] = {}
    with pytest.raises(validator.ValidationError, match="readyProbe"):
        validator.validate(deployment, "1.33", strict=True)


def test_objects_come_in_the_order_in_which_they_are_needed(
    model: ServedModel, labelled: ServedModel
) -> None:
    assert [document["kind"] for document in kubernetes(model)] == KINDS
    assert [document["kind"] for document in kubernetes(labelled)] == ["ConfigMap", *KINDS]


def test_selectors_find_the_pods(model: ServedModel) -> None:
    objects = by_kind(model)
    pod_labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    for selector in (
        objects["Deployment"]["spec"]["selector"]["matchLabels"],
        objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
    ):
        assert selector.items() <= pod_labels
    target = objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == objects["Deployment"]["metadata"]["name"]
    assert "replicas" not in objects["Deployment"]["spec"]


def test_every_mount_has_its_volume(model: ServedModel, labelled: ServedModel) -> None:
    for served in (model, labelled):
        pod = pod_of(served)
        mounts = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
        assert mounts == {volume["name"] for volume in pod["volumes"]}
    claim = pod_of(model)["volumes"][0]["persistentVolumeClaim"]["claimName"]
    assert claim == by_kind(model)["PersistentVolumeClaim"]["metadata"]["name"]


def test_pod_is_not_root_and_may_write_nothing(model: ServedModel) -> None:
    pod = pod_of(model)
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"].keys() == {"cpu", "memory"}


def test_pod_is_ready_when_rest_says_so(model: ServedModel) -> None:
    [container] = pod_of(model)["containers"]
    probe = container["readinessProbe"]["httpGet"]
    assert probe == {"path": "/v1/models/chicago_taxi", "port": "rest"}
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {
        "grpc": 8500,
        "rest": 8501,
    }


def test_config_map_has_the_labels_and_the_path_in_the_container(labelled: ServedModel) -> None:
    text = by_kind(labelled)["ConfigMap"]["data"]["models.config"]
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    [model] = config.model_config_list.config
    assert model.base_path == "/models/taxi"
    assert dict(model.version_labels) == {"stable": 42, "canary": 43}


@pytest.mark.parametrize("name", ["taxi", "chicago_taxi", "a" * 80, "a" * 39 + "__b"])
def test_names_are_those_of_kubernetes(name: str, model: ServedModel) -> None:

    resource = dataclasses.replace(model, name=name).resource
    assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", resource)
