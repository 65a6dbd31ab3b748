"""The objects follow the schemas of Kubernetes' API, and fit one another."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from tfline.serving.deploy.kubernetes import kubernetes
from tfline.serving.deploy.served import RequestLog, ServedModel
from tfline.serving.server.settings import MonitoringConfig

KINDS = [
    "ConfigMap",
    "PersistentVolumeClaim",
    "Deployment",
    "Service",
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
    served = labelled if labels else model
    log = RequestLog(Path("/var/requests"), 0.1)
    logged = dataclasses.replace(served, log=log, requests_per_second=0.5)
    for document in (*kubernetes(served), *kubernetes(logged)):
        validator.validate(document, version, strict=True)


def test_schemas_refuse_an_unknown_field(model: ServedModel) -> None:
    validator = pytest.importorskip("kubernetes_validate")
    deployment = by_kind(model)["Deployment"]
    deployment["spec"]["template"]["spec"]["containers"][0]["readyProbe"] = {}
    with pytest.raises(validator.ValidationError, match="readyProbe"):
        validator.validate(deployment, "1.33", strict=True)


def test_objects_come_in_the_order_in_which_they_are_needed(model: ServedModel) -> None:
    assert [document["kind"] for document in kubernetes(model)] == KINDS


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
    assert probe == {"path": "/v1/models/chicago_taxi/metadata", "port": "rest"}
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {
        "grpc": 8500,
        "rest": 8501,
    }


def test_volume_has_the_path_that_the_labels_name(labelled: ServedModel) -> None:
    [container] = pod_of(labelled)["containers"]
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert mounts["/data/models/taxi"]["subPath"] == "taxi"
    assert "--model_config_file=/data/models/taxi/models.config" in container["args"]


def test_metrics_are_where_prometheus_is_sent(model: ServedModel) -> None:
    [container] = pod_of(model)["containers"]
    text = by_kind(model)["ConfigMap"]["data"]["monitoring.config"]
    assert "--monitoring_config_file=/etc/tfline/monitoring.config" in container["args"]
    config: Any = text_format.Parse(text, MonitoringConfig())
    template = by_kind(model)["Deployment"]["spec"]["template"]
    assert config.prometheus_config.enable
    assert template["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "8501",
        "prometheus.io/path": config.prometheus_config.path,
    }


def test_calls_are_spread_over_all_servers(model: ServedModel) -> None:
    services = {
        document["metadata"]["name"]: document["spec"]
        for document in kubernetes(model)
        if document["kind"] == "Service"
    }
    headless = services["chicago-taxi-grpc"]
    assert headless["clusterIP"] == "None"
    assert headless["selector"] == services["chicago-taxi"]["selector"]
    [container] = pod_of(model)["containers"]
    [age] = [flag for flag in container["args"] if "grpc_channel_arguments" in flag]
    assert "grpc.max_connection_age_ms=300000" in age
    # What is under way when a connection ends, and when the server does, may end first.
    assert "grpc.max_connection_age_grace_ms=30000" in age
    assert pod_of(model)["terminationGracePeriodSeconds"] >= 30 + 10


def test_servers_may_be_scaled_by_their_requests(model: ServedModel) -> None:
    scaled = dataclasses.replace(model, requests_per_second=0.5)
    resource, pods = by_kind(scaled)["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert resource["resource"]["name"] == "cpu"
    assert pods["pods"]["target"] == {"type": "AverageValue", "averageValue": "500m"}


@pytest.mark.parametrize("name", ["taxi", "chicago_taxi", "a" * 80, "a" * 39 + "__b"])
def test_names_are_those_of_kubernetes(name: str, model: ServedModel) -> None:

    resource = dataclasses.replace(model, name=name).resource
    assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", resource)
