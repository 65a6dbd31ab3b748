"""Compiled pipelines: what is in them, and that they are always the same."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import pytest
import yaml
from google.protobuf import json_format

from tfline.pipelines.run.plan import UPSTREAM
from tfline.pipelines.runners.kubeflow.acceptance import find_faults
from tfline.pipelines.runners.kubeflow.forms import kebab
from tfline.pipelines.spec import CATALOG

NAMES = sorted(file.stem for file in CATALOG.glob("*.yaml"))
ROOTS = ["/mnt/pipeline", "s3://bucket/pipelines"]


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    pipeline, platform = yaml.safe_load_all(text)
    return pipeline, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("name", NAMES)
def test_backend_accepts_every_pipeline_of_the_catalog(name: str, root: str, compiled) -> None:
    assert list(find_faults(compiled(name, root=root))) == []


@pytest.mark.parametrize("root", ROOTS)
def test_compiling_twice_gives_the_same_bytes(root: str, compiled) -> None:
    assert compiled("taxi", root=root) == compiled("taxi", root=root)


@pytest.mark.parametrize("name", NAMES)
def test_sdk_loads_the_file_and_its_protos_round_trip(name: str, compiled) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from kfp import components
        from kfp.pipeline_spec import pipeline_spec_pb2
    text = compiled(name)
    assert components.load_component_from_text(text).name == name
    pipeline, _ = yaml.safe_load_all(text)
    message = json_format.ParseDict(pipeline, pipeline_spec_pb2.PipelineSpec())
    again = type(message).FromString(message.SerializeToString())
    assert json_format.MessageToDict(again) == pipeline


def test_every_component_is_a_container_that_follows_the_plan(compiled) -> None:
    pipeline, _ = parts(compiled("taxi"))
    tasks = pipeline["root"]["dag"]["tasks"]
    components = [name for name in UPSTREAM if name != "Tuner"]  # the spec does not tune
    assert set(tasks) == {"plan", *map(kebab, components)}
    for name, executor in pipeline["deploymentSpec"]["executors"].items():
        assert list(executor) == ["container"], name
    for name in map(kebab, components):
        source = tasks[name]["inputs"]["parameters"]["properties"]["taskOutputParameter"]
        assert source["producerTask"] == "plan"
    assert "example-validator" in tasks["trainer"]["dependentTasks"]
    assert "resolver" in tasks["evaluator"]["dependentTasks"]


def test_plan_and_pusher_are_never_taken_from_the_cache(compiled) -> None:
    pipeline, _ = parts(compiled("taxi"))
    tasks = pipeline["root"]["dag"]["tasks"].items()
    uncached = {name for name, task in tasks if not task["cachingOptions"].get("enableCache")}
    assert uncached == {"plan", "pusher"}


def test_spec_reaches_the_plan_with_its_overrides(compiled) -> None:
    pipeline, _ = parts(compiled("taxi", "train.epochs=2"))
    given = pipeline["root"]["dag"]["tasks"]["plan"]["inputs"]["parameters"]
    spec = json.loads(given["spec"]["runtimeValue"]["constant"])
    assert spec["train"]["epochs"] == 2
    assert {given[name]["componentInputParameter"] for name in ("data_root", "span", "steps")} == {
        "data_root",
        "span",
        "steps",
    }


def test_root_in_an_object_store_is_the_default_and_the_data_is_imported(compiled) -> None:
    pipeline, _ = parts(compiled("taxi", root="s3://bucket/pipelines"))
    assert pipeline["defaultPipelineRoot"] == "s3://bucket/pipelines"
    assert pipeline["deploymentSpec"]["executors"]["exec-data"]["importer"]["artifactUri"] == {
        "runtimeParameter": "uri"
    }
    assert "data" in pipeline["components"]["comp-example-gen"]["inputDefinitions"]["artifacts"]


def test_root_in_a_volume_leaves_the_backend_its_own(compiled) -> None:
    pipeline, platform = parts(compiled("taxi"))
    assert "defaultPipelineRoot" not in pipeline
    assert "exec-data" not in pipeline["deploymentSpec"]["executors"]
    for name, executor in pipeline["deploymentSpec"]["executors"].items():
        arguments = executor["container"]["args"]
        assert arguments[arguments.index("--root") + 1] == "/mnt/pipeline", name
        assert platform[name]["pvcMount"][0]["mountPath"] == "/mnt/pipeline", name


def test_settings_of_a_step_become_resources_and_platform_messages(compiled) -> None:
    section = """{
        volumes: {pipeline: /mnt/pipeline}, image_pull_secrets: [registry], retries: 2,
        steps: {Trainer: {
            cpu: 2, memory: 8Gi, gpu: 1, env: {A: b}, timeout_minutes: 90,
            node_selector: {pool: gpu}, tolerations: [{key: gpu, operator: Exists, seconds: 5}],
            secrets: [{name: store, env: {KEY: key}, mount: /etc/store}],
            config_maps: [{name: settings, env: {MODE: mode}}]}}}"""
    pipeline, platform = parts(compiled("taxi", f"kubernetes={section}"))
    container = pipeline["deploymentSpec"]["executors"]["exec-trainer"]["container"]
    assert container["resources"] == {
        "resourceCpuRequest": "2",
        "resourceCpuLimit": "2",
        "resourceMemoryRequest": "8Gi",
        "resourceMemoryLimit": "8Gi",
        "accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "1"},
    }
    assert container["env"] == [{"name": "A", "value": "b"}]
    trainer = platform["exec-trainer"]
    assert trainer["activeDeadlineSeconds"] == "5400"
    assert trainer["nodeSelector"] == {"labels": {"pool": "gpu"}}
    [toleration] = trainer["tolerations"]
    assert {name: value for name, value in toleration.items() if value} == {
        "key": "gpu",
        "operator": "Exists",
        "tolerationSeconds": "5",
    }
    assert trainer["secretAsEnv"][0]["keyToEnv"] == [{"secretKey": "key", "envVar": "KEY"}]
    assert trainer["secretAsVolume"][0]["mountPath"] == "/etc/store"
    assert trainer["configMapAsEnv"][0]["configMapName"] == "settings"
    assert {config["imagePullSecret"][0]["secretName"] for config in platform.values()} == {
        "registry"
    }
    policies = [task["retryPolicy"] for task in pipeline["root"]["dag"]["tasks"].values()]
    assert {policy["maxRetryCount"] for policy in policies} == {2}


def test_beam_arguments_reach_the_data_steps_and_no_other(compiled) -> None:
    pipeline, _ = parts(compiled("taxi", "beam={runner: FlinkRunner, options: {parallelism: 8}}"))
    found = {
        name: [word for word in executor["container"]["args"] if word.startswith("--beam=")]
        for name, executor in pipeline["deploymentSpec"]["executors"].items()
    }
    given = ["--beam=--runner=FlinkRunner", "--beam=--parallelism=8"]
    data_steps = {"exec-statistics-gen", "exec-transform", "exec-evaluator"}
    assert {name for name, words in found.items() if words} == data_steps
    assert all(found[name] == given for name in data_steps)


def test_curated_schema_travels_in_the_file(folder, compiled) -> None:
    (folder / "schema.pbtxt").write_text('feature { name: "fare" type: FLOAT }\n')
    pipeline, _ = parts(compiled("taxi", "schema_file=schema.pbtxt"))
    given = pipeline["root"]["dag"]["tasks"]["plan"]["inputs"]["parameters"]
    assert 'name: "fare"' in given["schema"]["runtimeValue"]["constant"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ExampleGen", "example-gen"), ("Plan", "plan"), ("my_taxi", "my-taxi")],
)
def test_names_are_those_of_kubernetes(name: str, expected: str) -> None:
    assert kebab(name) == expected
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", kebab(name))
