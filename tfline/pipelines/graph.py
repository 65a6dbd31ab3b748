"""The TFX pipeline of a spec: wiring only, one small function a component."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.components.trainer.component import Trainer
from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import trainer_pb2

from tfline.components.evaluator.component import Evaluator
from tfline.components.example_gen.component import ExampleGen
from tfline.components.example_validator.component import ExampleValidator
from tfline.components.pusher.component import Pusher
from tfline.components.resolver.component import Resolver
from tfline.components.schema_gen.component import SchemaGen, SchemaImporter
from tfline.components.statistics_gen.component import StatisticsGen
from tfline.components.transform.component import Transform
from tfline.components.tuner.component import Tuner
from tfline.components.tuner.config import TuneConfig
from tfline.pipelines.run.plan import Plan
from tfline.pipelines.run.preflight import owner_of
from tfline.pipelines.spec import PipelineSpec, PushSpec

Nodes = Mapping[str, BaseNode]


def create_pipeline(
    spec: PipelineSpec,
    plan: Plan,
    *,
    root: str,
    connection: metadata_store_pb2.ConnectionConfig,
    train_state: Path | None = None,
) -> Pipeline:
    """Returns the pipeline, its components in the order in which they run.

    Args:
        spec: What it does.
        plan: The fingerprints, and the files as they are now.
        root: Folder of the artifacts.
        connection: The metadata store.
        train_state: Where the Trainer keeps checkpoints of an unfinished training, one folder a
            fingerprint; None: nowhere.
    """
    nodes: dict[str, BaseNode] = {}
    nodes["ExampleGen"] = ExampleGen(config=plan.ingest, fingerprint=plan.fingerprint("ExampleGen"))
    nodes["StatisticsGen"] = StatisticsGen(
        examples=nodes["ExampleGen"].outputs["examples"],
        fingerprint=plan.fingerprint("StatisticsGen"),
    )
    nodes["SchemaGen"] = _schema(plan, nodes)
    nodes["ExampleValidator"] = _example_validator(spec, plan, nodes)
    nodes["Transform"] = _transform(spec, plan, nodes)
    if spec.tune is not None:
        nodes["Tuner"] = _tuner(spec, spec.tune, plan, nodes, train_state)
    if plan.push_folder is not None:
        nodes["Resolver"] = _resolver(spec, plan)
    nodes["Trainer"] = _trainer(spec, plan, nodes, train_state)
    nodes["Evaluator"] = _evaluator(spec, plan, nodes)
    if spec.push is not None:
        nodes["Pusher"] = _pusher(spec, spec.push, plan, nodes)
    _run_validator_first(nodes)
    return Pipeline(
        pipeline_name=spec.name,
        pipeline_root=root,
        components=[node.with_id(name) for name, node in nodes.items()],
        enable_cache=True,
        metadata_connection_config=connection,
        beam_pipeline_args=spec.beam.arguments,
    )


def _schema(plan: Plan, nodes: Nodes) -> BaseNode:
    if plan.schema_text is not None:
        return SchemaImporter(schema_text=plan.schema_text)
    return SchemaGen(
        statistics=nodes["StatisticsGen"].outputs["statistics"],
        fingerprint=plan.fingerprint("SchemaGen"),
    )


def _example_validator(spec: PipelineSpec, plan: Plan, nodes: Nodes) -> BaseNode:
    return ExampleValidator(
        examples=nodes["ExampleGen"].outputs["examples"],
        statistics=nodes["StatisticsGen"].outputs["statistics"],
        schema=nodes["SchemaGen"].outputs["schema"],
        config=spec.validation,
        expectations=spec.expectations,
        slicing=spec.slicing,
        fingerprint=plan.fingerprint("ExampleValidator"),
        inferred=plan.schema_text is None,
        reference=plan.reference,
    )


def _transform(spec: PipelineSpec, plan: Plan, nodes: Nodes) -> BaseNode:
    return Transform(
        examples=nodes["ExampleGen"].outputs["examples"],
        schema=nodes["SchemaGen"].outputs["schema"],
        features=spec.features,
        label=spec.label,
        materialize=spec.materialize,
        weight=spec.train.weight,
        fingerprint=plan.fingerprint("Transform"),
    )


def _tuner(
    spec: PipelineSpec, tune: TuneConfig, plan: Plan, nodes: Nodes, train_state: Path | None
) -> BaseNode:
    fingerprint = plan.fingerprint("Tuner")
    state_dir = "" if train_state is None else str(train_state / plan.tuning_state)
    return Tuner(
        examples=nodes["ExampleGen"].outputs["examples"],
        transform_graph=nodes["Transform"].outputs["transform_graph"],
        config=tune.model_dump_json(),
        run_config=json.dumps(_run_config(spec, fingerprint)),
        train_fn="tfline.components.trainer.trial.train_trial",
        state_dir=state_dir,
        fingerprint=fingerprint,
    )


def _run_config(spec: PipelineSpec, fingerprint: str) -> dict[str, Any]:
    """Returns a dumped `RunConfig`."""
    return {
        "pipeline": spec.name,
        "model": spec.model.model_dump(mode="json"),
        "train": spec.train.model_dump(mode="json"),
        "explain": spec.explain,
        "top_k": spec.top_k,
        "ensemble": spec.ensemble.model_dump(mode="json") if spec.ensemble else None,
        "intervals": spec.intervals.model_dump(mode="json") if spec.intervals else None,
        "training_fingerprint": fingerprint,
    }


def _trainer(spec: PipelineSpec, plan: Plan, nodes: Nodes, train_state: Path | None) -> BaseNode:
    config = _run_config(spec, plan.training_fingerprint)
    if train_state is not None:
        config["train_state_dir"] = str(train_state / plan.training_state)
    return Trainer(
        run_fn="tfline.components.trainer.run_fn.run_fn",
        examples=nodes["ExampleGen"].outputs["examples"],
        transform_graph=nodes["Transform"].outputs["transform_graph"],
        base_model=nodes["Resolver"].outputs["model"] if spec.train.begins_with_own else None,
        hyperparameters=nodes["Tuner"].outputs["best_hyperparameters"] if spec.tune else None,
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config=config,
    )


def _resolver(spec: PipelineSpec, plan: Plan) -> BaseNode:
    return Resolver(
        push_folder=str(plan.push_folder),
        model_name=spec.name,
        training_fingerprint=plan.training_fingerprint,
        fingerprint=plan.fingerprint("Resolver"),
    )


def _evaluator(spec: PipelineSpec, plan: Plan, nodes: Nodes) -> BaseNode:
    baseline = nodes["Resolver"].outputs["model"] if "Resolver" in nodes else None
    return Evaluator(
        examples=nodes["ExampleGen"].outputs["examples"],
        model=nodes["Trainer"].outputs["model"],
        baseline_model=baseline,
        config=spec.evaluation.model_dump_json(),
        fingerprint=plan.fingerprint("Evaluator"),
    )


def _pusher(spec: PipelineSpec, push: PushSpec, plan: Plan, nodes: Nodes) -> BaseNode:
    return Pusher(
        examples=nodes["ExampleGen"].outputs["examples"],
        model=nodes["Trainer"].outputs["model"],
        blessing=nodes["Evaluator"].outputs["blessing"],
        push_folder=str(plan.push_folder),
        model_name=spec.name,
        keep=push.keep,
        owner=owner_of(spec).model_dump_json(),
        budgets=push.budgets.model_dump_json(),
        server=push.server or "",
        fingerprint=plan.fingerprint("Pusher"),
    )


def _run_validator_first(nodes: Nodes) -> None:
    """Lets nothing be learned from data that has not passed ExampleValidator."""
    for name in ("Transform", "Tuner", "Trainer"):
        if name in nodes:
            nodes[name].add_upstream_node(nodes["ExampleValidator"])
