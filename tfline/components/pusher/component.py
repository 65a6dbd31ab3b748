"""Pusher: typed inputs and outputs, no work."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfline.components.pusher.executor import PushExecutor


class PusherSpec(ComponentSpec):
    """Pusher's types."""

    PARAMETERS = {
        "push_folder": ExecutionParameter(type=str),
        "model_name": ExecutionParameter(type=str),
        "keep": ExecutionParameter(type=int),
        "owner": ExecutionParameter(type=str),
        "budgets": ExecutionParameter(type=str),
        "server": ExecutionParameter(type=str),
        "fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
    }
    OUTPUTS = {"pushed_model": ChannelParameter(type=standard_artifacts.PushedModel)}


class Pusher(base_component.BaseComponent):
    """Certifies a blessed model and adds it to the push folder, whole or not at all.

    Args:
        examples: Raw examples with the split ``eval``, to certify and to warm up with.
        model: The candidate.
        blessing: The Evaluator's verdict.
        push_folder: Where versions are.
        model_name: What the model is called in a server.
        keep: How many versions stay.
        owner: JSON of an `tfline.components.artifacts.owner.Owner`: whose the folder has to be.
        budgets: JSON of a `Budgets`.
        server: ``host:port`` of a running server to wait for; empty: none.
        fingerprint: Of the source and of what is in the folder now; part of the cache key.
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(PushExecutor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        blessing: types.BaseChannel,
        push_folder: str,
        model_name: str,
        keep: int,
        owner: str,
        budgets: str,
        server: str,
        fingerprint: str,
    ) -> None:
        super().__init__(
            spec=PusherSpec(
                examples=examples,
                model=model,
                blessing=blessing,
                push_folder=push_folder,
                model_name=model_name,
                keep=keep,
                owner=owner,
                budgets=budgets,
                server=server,
                fingerprint=fingerprint,
                pushed_model=types.Channel(type=standard_artifacts.PushedModel),
            )
        )
