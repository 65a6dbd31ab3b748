"""Resolver: typed inputs and outputs, no work."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfline.components.resolver.executor import ResolveExecutor


class ResolverSpec(ComponentSpec):
    """Resolver's types."""

    PARAMETERS = {
        "push_folder": ExecutionParameter(type=str),
        "model_name": ExecutionParameter(type=str),
        "training_fingerprint": ExecutionParameter(type=str),
        "fingerprint": ExecutionParameter(type=str),
    }
    INPUTS: dict[str, ChannelParameter] = {}
    OUTPUTS = {"model": ChannelParameter(type=standard_artifacts.Model)}


class Resolver(base_component.BaseComponent):
    """Resolves the baseline: the model that is live in the push folder.

    TFX's own Resolver asks the metadata store and runs in the orchestrator, which open-source
    Kubeflow Pipelines cannot do; this one is an ordinary step. The model artifact is empty when
    there is no baseline yet.

    Args:
        push_folder: Where versions are.
        model_name: What the model is called in a server, and so in the labels of its versions.
        training_fingerprint: The candidate's; a version that has it is no baseline.
        fingerprint: Of the source and of the baseline that is there now; part of the cache key.
    """

    SPEC_CLASS = ResolverSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(ResolveExecutor)

    def __init__(
        self, *, push_folder: str, model_name: str, training_fingerprint: str, fingerprint: str
    ) -> None:
        super().__init__(
            spec=ResolverSpec(
                push_folder=push_folder,
                model_name=model_name,
                training_fingerprint=training_fingerprint,
                fingerprint=fingerprint,
                model=types.Channel(type=standard_artifacts.Model),
            )
        )
