"""Compiles a spec to a pipeline that the open-source backend of Kubeflow Pipelines v2 runs.

The steps are the components of `tfline.pipelines.graph`, each in a container that runs the
component's own executor. What depends on the moment (the files of the data, the baseline, the
fingerprints) is not compiled in: the step Plan builds the same graph at the start of each run and
hands every component its execution properties as one parameter, which is therefore part of the
cache key.

The format is that of `pipeline_spec.proto` (kfp-pipeline-spec), written in its JSON form.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types.channel import OutputChannel

from tfline.components.example_gen.config import IngestConfig
from tfline.pipelines.graph import create_pipeline
from tfline.pipelines.run.plan import UPSTREAM, Plan, read_schema
from tfline.pipelines.runners.kubeflow.forms import (
    Object,
    artifact_type,
    constant,
    kebab,
    path,
    root_input,
    task_output,
)
from tfline.pipelines.runners.kubeflow.parameters import DATA_ROOT, RUNTIME, SCHEMA, SPEC
from tfline.pipelines.runners.kubeflow.platform import (
    container_settings,
    platform_config,
    retry_policy,
)
from tfline.pipelines.runners.kubeflow.target import PLAN, Target
from tfline.pipelines.spec import PipelineSpec
from tfline.pipelines.spec.document import Document

_SCHEMA_VERSION = "2.1.0"

_IMPORTER = "Data"
_DATA = "data"
_PROPERTIES = "properties"
_NEVER_CACHED = frozenset({PLAN, _IMPORTER, "Pusher"})
"""Steps that look at what is there now."""


def compile_pipeline(spec: PipelineSpec, document: Document, target: Target) -> str:
    """Returns the pipeline as YAML: the pipeline spec, and the platform spec if there is one.

    The caller has made sure that it can run there: see `target.check_target`.

    Args:
        spec: What the pipeline does.
        document: What the spec was read from, with its overrides; the steps read it again.
        target: Where it runs.
    """
    builder = _Builder(spec, document, target)
    builder.add_plan()
    for component in _components(spec):
        builder.add(component)
    pipeline = json_format.ParseDict(builder.pipeline(), pipeline_spec_pb2.PipelineSpec())
    documents = [pipeline]
    if builder.platforms:
        executors = {"deploymentSpec": {"executors": builder.platforms}}
        platform = {"platforms": {"kubernetes": executors}}
        documents.append(json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec()))
    return yaml.safe_dump_all(map(json_format.MessageToDict, documents), sort_keys=True, width=100)


def _components(spec: PipelineSpec) -> list[BaseComponent]:
    """Returns the components in an order in which they can run, with stand-ins for the data."""
    schema = "" if spec.schema_file else None
    ingest = IngestConfig(payload=spec.data.payload, splits={"train": ("?",)})
    push_folder = Path(spec.push.to) if spec.push else None
    outline = Plan(dict.fromkeys(UPSTREAM, ()), ingest, schema, push_folder)
    no_store = metadata_store_pb2.ConnectionConfig()
    pipeline = create_pipeline(spec, outline, root="", connection=no_store)
    return list(pipeline.components)


class _Builder:
    """Collects the components, executors and tasks of a pipeline."""

    def __init__(self, spec: PipelineSpec, document: Document, target: Target) -> None:
        self._spec = spec
        self._document = document
        self._target = target
        self._components: Object = {}
        self._executors: Object = {}
        self._tasks: Object = {}
        self.platforms: Object = {}

    def pipeline(self) -> Object:
        """Returns the pipeline spec."""
        parameters = {
            name: {
                "parameterType": parameter.kind,
                "defaultValue": self._target.data_root if name == DATA_ROOT else parameter.default,
                "isOptional": True,
                "description": parameter.description,
            }
            for name, parameter in RUNTIME.items()
        }
        pipeline = {
            "pipelineInfo": {"name": kebab(self._spec.name)},
            "schemaVersion": _SCHEMA_VERSION,
            "sdkVersion": "tfline",
            "components": self._components,
            "deploymentSpec": {"executors": self._executors},
            "root": {
                "inputDefinitions": {"parameters": parameters},
                "dag": {"tasks": self._tasks},
            },
        }
        if not self._target.on_volume:
            pipeline["defaultPipelineRoot"] = self._target.root
        return pipeline

    def add_plan(self) -> None:
        """Adds the step Plan, and the importer of data that is in an object store."""
        inputs: Object = {name: root_input(name) for name in RUNTIME}
        inputs[SPEC] = constant(self._document.as_json())
        kinds = {name: parameter.kind for name, parameter in RUNTIME.items()} | {SPEC: "STRING"}
        schema = read_schema(self._spec.schema_file)
        if schema is not None:
            inputs[SCHEMA], kinds[SCHEMA] = constant(schema), "STRING"
        if not self._target.data_on_volume:
            self._add_importer()
        component = {
            "inputDefinitions": {
                "parameters": {name: {"parameterType": kind} for name, kind in kinds.items()},
                **self._imported({"artifactType": artifact_type("Examples")}),
            },
            "outputDefinitions": {
                "parameters": {
                    name: {"parameterType": "STRING"}
                    for name in (component.id for component in _components(self._spec))
                }
            },
        }
        arguments = ["tfline.pipelines.runners.kubeflow.plan_step", "--executor-input", "{{$}}"]
        if not self._target.data_on_volume:
            arguments += ["--input", f"{_DATA}={path('inputs', _DATA)}"]
        if self._target.on_volume:
            arguments += ["--root", self._target.root]
        self._add_container(
            PLAN, component, arguments, {"parameters": inputs, **self._imported(_DATA_OUTPUT)}
        )

    def add(self, component: BaseComponent) -> None:
        """Adds a TFX component as a step."""
        inputs = {
            name: channel
            for name, channel in component.inputs.items()
            if isinstance(channel, OutputChannel)
        }
        artifacts = {
            name: {"artifactType": artifact_type(channel.type.TYPE_NAME)}
            for name, channel in inputs.items()
        }
        sources = {
            name: task_output(channel.producer_component_id, channel.output_key)
            for name, channel in inputs.items()
        }
        if component.id == "ExampleGen" and not self._target.data_on_volume:
            artifacts[_DATA] = {"artifactType": artifact_type("Examples")}
            sources[_DATA] = _DATA_OUTPUT
        definition = {
            "inputDefinitions": {
                "parameters": {_PROPERTIES: {"parameterType": "STRING"}},
                "artifacts": artifacts,
            },
            "outputDefinitions": {
                "artifacts": {
                    name: {"artifactType": artifact_type(channel.type.TYPE_NAME)}
                    for name, channel in component.outputs.items()
                }
            },
        }
        properties = {"producerTask": kebab(PLAN), "outputParameterKey": component.id}
        self._add_container(
            component.id,
            definition,
            list(_step_arguments(component, self._target)),
            {"parameters": {_PROPERTIES: {"taskOutputParameter": properties}},
             "artifacts": sources},
            {kebab(node.id) for node in component.upstream_nodes},
        )  # fmt: skip

    def _add_container(
        self,
        name: str,
        component: Object,
        arguments: list[str],
        inputs: Object,
        upstream: set[str] | None = None,
    ) -> None:
        """Adds a step that runs a module of tfline in its image."""
        settings = self._spec.kubernetes.of(name)
        container = {
            "image": self._target.image,
            "command": ["python", "-m"],
            "args": arguments,
            **container_settings(settings),
        }
        self._add_task(name, component, {"container": container}, inputs, upstream or set())
        if settings.retries:
            self._tasks[kebab(name)]["retryPolicy"] = retry_policy(settings.retries)
        platform = platform_config(settings)
        if platform:
            self.platforms[f"exec-{kebab(name)}"] = platform

    def _add_importer(self) -> None:
        """Adds the step by which the backend's launcher learns of data in an object store."""
        dataset = artifact_type("Examples")
        self._add_task(
            _IMPORTER,
            {
                "inputDefinitions": {"parameters": {"uri": {"parameterType": "STRING"}}},
                "outputDefinitions": {"artifacts": {_DATA: {"artifactType": dataset}}},
            },
            {
                "importer": {
                    "artifactUri": {"runtimeParameter": "uri"},
                    "typeSchema": dataset,
                    "reimport": False,
                }
            },
            {"parameters": {"uri": root_input(DATA_ROOT)}},
            set(),
        )

    def _add_task(
        self, name: str, component: Object, executor: Object, inputs: Object, upstream: set[str]
    ) -> None:
        label = f"exec-{kebab(name)}"
        self._components[f"comp-{kebab(name)}"] = {**component, "executorLabel": label}
        self._executors[label] = executor
        producers = {
            source[kind]["producerTask"]
            for sources in inputs.values()
            for source in sources.values()
            for kind in source
            if kind.startswith("taskOutput")
        }
        self._tasks[kebab(name)] = {
            "taskInfo": {"name": kebab(name)},
            "componentRef": {"name": f"comp-{kebab(name)}"},
            "inputs": inputs,
            "dependentTasks": sorted(producers | upstream),
            "cachingOptions": {"enableCache": name not in _NEVER_CACHED},
        }

    def _imported(self, value: Object) -> Object:
        """Returns `value` for the artifact of the imported data, if there is one."""
        return {} if self._target.data_on_volume else {"artifacts": {_DATA: value}}


def _step_arguments(component: BaseComponent, target: Target) -> Iterator[str]:
    """Yields the arguments of `tfline.pipelines.runners.kubeflow.step`."""
    kind = type(component)
    yield from ("tfline.pipelines.runners.kubeflow.step", "--executor-input", "{{$}}")
    yield from ("--component", f"{kind.__module__}.{kind.__name__}")
    for name, channel in component.inputs.items():
        if isinstance(channel, OutputChannel):
            yield from ("--input", f"{name}={path('inputs', name)}")
    for name in component.outputs:
        yield from ("--output", f"{name}={path('outputs', name)}")
    if isinstance(component.executor_spec, BeamExecutorSpec):
        yield from (f"--beam={argument}" for argument in component.executor_spec.beam_pipeline_args)
    if target.on_volume:
        yield from ("--root", target.root)


_DATA_OUTPUT = task_output(_IMPORTER, _DATA)
