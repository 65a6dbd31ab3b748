"""The checker bites: each fault that the backend finds is found, and the stock runner's file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfline.pipelines.runners.kubeflow.acceptance import check_accepted, find_faults
from tfline.transforms.errors import SpecError

Object = dict[str, Any]
Change = Callable[[Object, Object], object]


def component(pipeline: Object, name: str) -> Object:
    found: Object = pipeline["components"][f"comp-{name}"]
    return found


def container(pipeline: Object, name: str) -> Object:
    found: Object = pipeline["deploymentSpec"]["executors"][f"exec-{name}"]["container"]
    return found


def task(pipeline: Object, name: str) -> Object:
    found: Object = pipeline["root"]["dag"]["tasks"][name]
    return found


def executors(platform: Object) -> Object:
    found: Object = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return found


CHANGES: dict[str, tuple[Change, str]] = {
    "version": (lambda p, _: p.update(schemaVersion="2.0.0"), "schema version '2.0.0'"),
    "name": (lambda p, _: p["pipelineInfo"].update(name="My Taxi"), "name 'My Taxi'"),
    "unknown_field": (lambda p, _: p.update(extra=1), "no pipeline spec"),
    "no_component": (
        lambda p, _: p["components"].pop("comp-trainer"),
        "no component 'comp-trainer'",
    ),
    "no_executor": (
        lambda p, _: p["deploymentSpec"]["executors"].pop("exec-trainer"),
        "no executor 'exec-trainer'",
    ),
    "executor_kind": (
        lambda p, _: p["deploymentSpec"]["executors"].update({"exec-resolver": {"resolver": {}}}),
        "executor of kind 'resolver'",
    ),
    "lifecycle": (
        lambda p, _: container(p, "trainer").update(
            lifecycle={"preCacheCheck": {"command": ["a"]}}
        ),
        "lifecycle hooks",
    ),
    "no_image": (lambda p, _: container(p, "trainer").update(image=""), "needs an image"),
    "placeholder": (
        lambda p, _: container(p, "trainer")["args"].append("{{$.inputs.artifacts['x'].path}}"),
        "unknown placeholder",
    ),
    "same_container": (
        lambda p, _: p["deploymentSpec"]["executors"].update(
            {"exec-trainer": {"container": container(p, "evaluator")}}
        ),
        "the same as that of comp-evaluator",
    ),
    "parameter_type": (
        lambda p, _: component(p, "trainer")["inputDefinitions"]["parameters"].update(
            properties={}
        ),
        "PARAMETER_TYPE_ENUM_UNSPECIFIED",
    ),
    "constant_type": (
        lambda p, _: task(p, "plan")["inputs"]["parameters"].update(
            spec={"runtimeValue": {"constant": 1}}
        ),
        "a number_value where STRING is expected",
    ),
    "template": (
        lambda p, _: task(p, "plan")["inputs"]["parameters"].update(
            spec={"runtimeValue": {"constant": "a {{workflow.name}}"}}
        ),
        "which Argo takes for a template",
    ),
    "large_constant": (
        lambda p, _: task(p, "plan")["inputs"]["parameters"].update(
            spec={"runtimeValue": {"constant": "a" * 200_000}}
        ),
        "200,000 bytes",
    ),
    "artifact_title": (
        lambda p, _: component(p, "trainer")["outputDefinitions"]["artifacts"]["model"].update(
            artifactType={"schemaTitle": "tfx.Model"}
        ),
        "unknown artifact type 'tfx.Model'",
    ),
    "artifact_uri": (
        lambda p, _: component(p, "trainer")["outputDefinitions"]["artifacts"]["model"].update(
            artifactType={"schemaUri": "a"}
        ),
        "artifact type by schema_uri",
    ),
    "unknown_producer": (
        lambda p, _: task(p, "trainer").update(dependentTasks=["trainr"]),
        "unknown task 'trainr'",
    ),
    "circle": (
        lambda p, _: task(p, "example-gen")["dependentTasks"].append("pusher"),
        "a circle of tasks",
    ),
    "missing_input": (
        lambda p, _: task(p, "trainer")["inputs"]["artifacts"].pop("examples"),
        "nothing is given for 'examples'",
    ),
    "unknown_input": (
        lambda p, _: component(p, "trainer")["inputDefinitions"]["artifacts"].pop("examples"),
        "has no input 'examples'",
    ),
    "unknown_output": (
        lambda p, _: component(p, "plan")["outputDefinitions"]["parameters"].pop("Trainer"),
        "nothing of type STRING comes for 'properties'",
    ),
    "other_artifact": (
        lambda p, _: component(p, "example-gen")["outputDefinitions"]["artifacts"][
            "examples"
        ].update(artifactType={"schemaTitle": "system.Model"}),
        "no system.Dataset comes for 'examples'",
    ),
    "task_name": (lambda p, _: task(p, "plan")["taskInfo"].update(name="x"), "calls it 'x'"),
    "platform_message": (
        lambda _, q: executors(q)["exec-plan"].update(secrets=["a"]),
        "platform, exec-plan",
    ),
    "platform_label": (lambda _, q: executors(q).update({"exec-x": {}}), "no executor 'exec-x'"),
    "platform_twice": (
        lambda _, q: executors(q)["exec-plan"]["pvcMount"].append(
            {"constant": "pipeline", "mountPath": "/b"}
        ),
        "the volume 'pipeline' is there twice",
    ),
    "platform_name": (
        lambda _, q: executors(q)["exec-plan"].update(imagePullSecret=[{}]),
        "ImagePullSecret without a name",
    ),
    "platform_toleration": (
        lambda _, q: executors(q)["exec-plan"].update(tolerations=[{"operator": "Is"}]),
        "an unknown toleration",
    ),
}


@pytest.mark.parametrize("case", sorted(CHANGES))
def test_fault_is_found(case: str, compiled) -> None:
    pipeline, platform = yaml.safe_load_all(compiled("taxi"))
    change, said = CHANGES[case]
    change(pipeline, platform)
    faults = list(find_faults(yaml.safe_dump_all([pipeline, platform])))
    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize("text", ["a: [", "a: 1", ""])
def test_what_is_no_pipeline_is_refused(text: str) -> None:
    assert list(find_faults(text))


def test_error_names_every_fault(compiled) -> None:
    pipeline, _ = yaml.safe_load_all(compiled("taxi"))
    pipeline["schemaVersion"] = "1"
    pipeline["pipelineInfo"]["name"] = "A"
    with pytest.raises(SpecError, match="schema version '1'") as caught:
        check_accepted(yaml.safe_dump(pipeline), "taxi.yaml")
    assert "also: the pipeline's name 'A'" in caught.value.hint


def test_file_of_the_stock_runner_is_refused(folder: Path) -> None:
    from tfx.components.example_gen.csv_example_gen.component import CsvExampleGen
    from tfx.dsl.components.common.resolver import Resolver
    from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
        LatestBlessedModelStrategy,
    )
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner
    from tfx.orchestration.pipeline import Pipeline
    from tfx.types import Channel, standard_artifacts

    resolver = Resolver(
        strategy_class=LatestBlessedModelStrategy,
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
    ).with_id("baseline")
    components = [CsvExampleGen(input_base="gs://bucket/data"), resolver]
    pipeline = Pipeline("stock", "gs://bucket/root", components=components)
    config = kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(default_image="tfx:1.21.0")
    file = folder / "stock.json"
    kubeflow_v2_dag_runner.KubeflowV2DagRunner(config, output_filename=str(file)).run(pipeline)
    faults = list(find_faults(json.dumps(json.loads(file.read_text())["pipelineSpec"])))
    assert any("executor of kind 'resolver'" in fault for fault in faults)
    assert any("CsvExampleGen: lifecycle hooks are not run" in fault for fault in faults)
