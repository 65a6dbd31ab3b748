"""What the open-source backend of Kubeflow Pipelines accepts, stated again for a compiled file.

The backend finds most of these faults only when a run has started: in its compiler to Argo, in
the driver of a task, or in the launcher inside the pod (kubeflow/pipelines, `backend/src/v2`:
`compiler/visitor.go`, `compiler/argocompiler`, `driver`, `component/launcher_v2.go`).
"""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterator
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from tfline.pipelines.runners.kubeflow.acceptance_containers import container_faults
from tfline.pipelines.runners.kubeflow.acceptance_platform import platform_faults
from tfline.transforms.errors import SpecError

_SCHEMA_VERSION = "2.1.0"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PIPELINE_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_TYPES = {
    f"system.{name}"
    for name in (
        *("Artifact", "Dataset", "Model", "Metrics", "ClassificationMetrics"),
        *("SlicedClassificationMetrics", "HTML", "Markdown"),
    )
}
_KINDS = {
    "NUMBER_DOUBLE": "number_value",
    "NUMBER_INTEGER": "number_value",
    "STRING": "string_value",
    "BOOLEAN": "bool_value",
    "LIST": "list_value",
    "STRUCT": "struct_value",
}
"""Type of a parameter to the kind of value it takes."""


def check_accepted(text: str, source: str) -> None:
    """Raises if the backend would refuse a compiled pipeline.

    Args:
        text: The pipeline, as YAML.
        source: Where it comes from, for the error.

    Raises:
        SpecError: It names every fault.
    """
    faults = list(find_faults(text))
    if faults:
        raise SpecError(
            f"Kubeflow Pipelines would refuse the pipeline: {faults[0]}",
            source,
            "\n       ".join(f"also: {fault}" for fault in faults[1:]),
        )


def find_faults(text: str) -> Iterator[str]:
    """Yields what the backend would refuse in a compiled pipeline, in words."""
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
    except yaml.YAMLError as exc:
        yield f"it is no YAML: {exc}"
        return
    pipelines = [document for document in documents if "pipelineInfo" in document]
    platforms = [document for document in documents if "platforms" in document]
    if len(pipelines) != 1 or len(platforms) > 1 or len(documents) > 2:
        yield "expected one pipeline spec and at most one platform spec"
        return
    try:
        spec = json_format.ParseDict(pipelines[0], pipeline_spec_pb2.PipelineSpec())
        deployment = json_format.ParseDict(
            json_format.MessageToDict(spec.deployment_spec),
            pipeline_spec_pb2.PipelineDeploymentConfig(),
            ignore_unknown_fields=True,  # as the backend does, for its '@type'
        )
    except json_format.ParseError as exc:
        yield f"it is no pipeline spec: {exc}"
        return
    yield from _head_faults(spec)
    yield from _component_faults("root", spec.root, spec, deployment)
    for name, component in sorted(spec.components.items()):
        yield from _component_faults(name, component, spec, deployment)
    yield from container_faults(spec, deployment)
    if platforms:
        yield from platform_faults(platforms[0], set(deployment.executors))


def _head_faults(spec: Any) -> Iterator[str]:
    if spec.schema_version != _SCHEMA_VERSION:
        yield f"schema version '{spec.schema_version}', expected {_SCHEMA_VERSION}"
    if not _PIPELINE_NAME.fullmatch(spec.pipeline_info.name):
        yield f"the pipeline's name '{spec.pipeline_info.name}' is none of Kubernetes'"
    if not spec.root.HasField("dag"):
        yield "the root has no DAG"
    if "root" in spec.components:
        yield "the component name 'root' is reserved"


def _component_faults(name: str, component: Any, spec: Any, deployment: Any) -> Iterator[str]:
    """Yields the faults of a component: its types, and its executor or its DAG."""
    for side in (component.input_definitions, component.output_definitions):
        for parameter, definition in sorted(side.parameters.items()):
            yield from _parameter_faults(f"{name}.{parameter}", definition)
        for artifact, definition in sorted(side.artifacts.items()):
            yield from _artifact_faults(f"{name}.{artifact}", definition.artifact_type)
    kind = component.WhichOneof("implementation")
    if kind == "dag":
        yield from _dag_faults(name, component, spec)
    elif kind != "executor_label":
        yield f"{name}: neither an executor nor a DAG"
    elif component.executor_label not in deployment.executors:
        yield f"{name}: there is no executor '{component.executor_label}'"
    else:
        executor = deployment.executors[component.executor_label].WhichOneof("spec")
        if executor not in ("container", "importer"):
            yield f"{name}: executor of kind '{executor}'; only container and importer are run"


def _parameter_faults(name: str, definition: Any) -> Iterator[str]:
    kind = pipeline_spec_pb2.ParameterType.ParameterTypeEnum.Name(definition.parameter_type)
    if kind not in _KINDS:
        yield f"{name}: parameter of type {kind}"
    elif "default_value" in definition.DESCRIPTOR.fields_by_name and definition.HasField(
        "default_value"
    ):
        yield from _value_faults(name, definition.default_value, kind)


def _value_faults(name: str, value: Any, kind: str) -> Iterator[str]:
    if value.WhichOneof("kind") != _KINDS.get(kind):
        yield f"{name}: a {value.WhichOneof('kind')} where {kind} is expected"
    if "{{" in value.string_value:
        yield f"{name}: a constant with '{{{{', which Argo takes for a template"


def _artifact_faults(name: str, schema: Any) -> Iterator[str]:
    kind = schema.WhichOneof("kind")
    if kind == "schema_title" and schema.schema_title not in _TYPES:
        yield f"{name}: unknown artifact type '{schema.schema_title}'"
    elif kind not in ("schema_title", "instance_schema"):
        yield f"{name}: artifact type by {kind}, which the launcher does not know"


def _dag_faults(name: str, component: Any, spec: Any) -> Iterator[str]:
    """Yields the faults of the tasks of a DAG and of its edges."""
    tasks = component.dag.tasks
    graph: dict[str, set[str]] = {}
    for task_name, task in sorted(tasks.items()):
        where = f"task {task_name}"
        if not _NAME.fullmatch(task_name):
            yield f"{where}: the name is none of Kubernetes'"
        if task.task_info.name != task_name:
            yield f"{where}: its info calls it '{task.task_info.name}'"
        if task.HasField("artifact_iterator"):
            yield f"{where}: artifact iterators are not implemented"
        used = spec.components.get(task.component_ref.name)
        if used is None:
            yield f"{where}: there is no component '{task.component_ref.name}'"
            continue
        producers = set(task.dependent_tasks) | set(_producers(task))
        unknown = sorted(producers - set(tasks))
        if unknown:
            yield f"{where}: depends on the unknown task '{unknown[0]}'"
        graph[task_name] = producers
        yield from _input_faults(where, task, used, component, spec)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as exc:
        yield f"{name}: a circle of tasks: {' -> '.join(exc.args[1])}"


def _producers(task: Any) -> Iterator[str]:
    for source in task.inputs.parameters.values():
        if source.HasField("task_output_parameter"):
            yield source.task_output_parameter.producer_task
    for source in task.inputs.artifacts.values():
        if source.HasField("task_output_artifact"):
            yield source.task_output_artifact.producer_task


def _input_faults(where: str, task: Any, used: Any, parent: Any, spec: Any) -> Iterator[str]:
    """Yields the faults of what a task takes: each is defined, given, and of the same type."""
    definitions = used.input_definitions
    for kind in ("parameters", "artifacts"):
        given, defined = getattr(task.inputs, kind), getattr(definitions, kind)
        for name in sorted(set(given) - set(defined)):
            yield f"{where}: the component has no input '{name}'"
        for name in sorted(set(defined) - set(given)):
            if not defined[name].is_optional and not _has_default(defined[name]):
                yield f"{where}: nothing is given for '{name}'"
    for name in sorted(set(task.inputs.parameters) & set(definitions.parameters)):
        source, definition = task.inputs.parameters[name], definitions.parameters[name]
        kind = pipeline_spec_pb2.ParameterType.ParameterTypeEnum.Name(definition.parameter_type)
        if source.HasField("runtime_value"):
            yield from _value_faults(f"{where}.{name}", source.runtime_value.constant, kind)
        else:
            output = source.task_output_parameter
            found = _source(
                parent, spec, "parameters", source.component_input_parameter,
                output.producer_task, output.output_parameter_key,
            )  # fmt: skip
            if found is None or found.parameter_type != definition.parameter_type:
                yield f"{where}: nothing of type {kind} comes for '{name}'"
    for name in sorted(set(task.inputs.artifacts) & set(definitions.artifacts)):
        artifact, wanted = task.inputs.artifacts[name], definitions.artifacts[name].artifact_type
        made = artifact.task_output_artifact
        found = _source(
            parent, spec, "artifacts", artifact.component_input_artifact,
            made.producer_task, made.output_artifact_key,
        )  # fmt: skip
        if found is None or found.artifact_type.schema_title != wanted.schema_title:
            yield f"{where}: no {wanted.schema_title} comes for '{name}'"


def _has_default(definition: Any) -> bool:
    fields = definition.DESCRIPTOR.fields_by_name
    return "default_value" in fields and definition.HasField("default_value")


def _source(parent: Any, spec: Any, kind: str, own: str, producer: str, key: str) -> Any:
    """Returns the definition of what a task takes; None if there is none.

    Args:
        parent: The component around the task.
        spec: The pipeline.
        kind: ``parameters`` or ``artifacts``.
        own: The input of the parent; empty if it is an output of another task.
        producer: That task.
        key: The name of its output.
    """
    if own:
        return getattr(parent.input_definitions, kind).get(own)
    task = parent.dag.tasks.get(producer)
    component = spec.components.get(task.component_ref.name) if task is not None else None
    return getattr(component.output_definitions, kind).get(key) if component is not None else None
