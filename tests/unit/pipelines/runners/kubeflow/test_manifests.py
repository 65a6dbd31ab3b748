"""The kustomize base: it follows the schemas of Kubernetes' API, and its parts fit one another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

BASE = Path(__file__).resolve().parents[5] / "kubeflow" / "base"
Object = dict[str, Any]


def kustomization() -> Object:
    content: Object = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    return content


def objects() -> list[Object]:
    return [
        document
        for file in kustomization()["resources"]
        for document in yaml.safe_load_all((BASE / file).read_text())
    ]


def one(kind: str, name: str = "") -> Object:
    found = [o for o in objects() if o["kind"] == kind and o["metadata"]["name"].startswith(name)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("version", ["1.27", "1.33"])
def test_objects_follow_the_schemas(version: str) -> None:
    validator = pytest.importorskip("kubernetes_validate")
    for document in objects():
        validator.validate(document, version, strict=True)


def test_every_file_is_used() -> None:
    content = kustomization()
    used = {*content["resources"], *content["configMapGenerator"][0]["files"]}
    files = {file.name for file in BASE.glob("*.yaml")}
    assert files == used | {"kustomization.yaml"}


def test_submitter_may_not_touch_kubernetes() -> None:
    role = one("Role")
    assert {group for rule in role["rules"] for group in rule["apiGroups"]} == {
        "pipelines.kubeflow.org"
    }
    assert "*" not in str(role["rules"])
    assert one("ServiceAccount")["automountServiceAccountToken"] is False
    [subject] = one("RoleBinding")["subjects"]
    assert subject["name"] == one("ServiceAccount")["metadata"]["name"]


def test_job_submits_the_compiled_pipeline() -> None:
    pod = one("Job")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    [generated] = kustomization()["configMapGenerator"]
    assert container["command"] == ["tfline", "submit", f"/pipeline/{generated['files'][0]}"]
    sources = {volume["name"]: volume for volume in pod["volumes"]}
    assert sources["pipeline"]["configMap"]["name"] == generated["name"]
    assert pod["serviceAccountName"] == one("ServiceAccount")["metadata"]["name"]
    assert {mount["name"] for mount in container["volumeMounts"]} == set(sources)


def test_pipeline_mounts_claims_that_are_there() -> None:
    claims = {o["metadata"]["name"] for o in objects() if o["kind"] == "PersistentVolumeClaim"}
    _, platform = yaml.safe_load_all((BASE / "taxi.yaml").read_text())
    configs = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values()
    mounted = {mount["constant"] for config in configs for mount in config["pvcMount"]}
    assert mounted == claims == {"taxi-pipeline", "taxi-models"}


def test_server_reads_what_the_pipeline_pushes() -> None:
    pod = one("Deployment")["spec"]["template"]["spec"]
    claims = [v["persistentVolumeClaim"] for v in pod["volumes"] if "persistentVolumeClaim" in v]
    assert claims == [{"claimName": "taxi-models", "readOnly": True}]
    assert "--model_base_path=/models/taxi" in pod["containers"][0]["args"]


def test_image_is_the_one_that_the_pipeline_is_compiled_for() -> None:
    [image] = kustomization()["images"]
    [container] = one("Job")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{image['name']}:{image['newTag']}"
    assert f"image: {container['image']}" in (BASE / "taxi.yaml").read_text()
