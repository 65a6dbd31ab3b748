"""The TFX component ExampleGen: its parameters and its output."""

from __future__ import annotations

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from tfline.components.example_gen.config import IngestConfig
from tfline.components.example_gen.executor import Executor


class ExampleGenSpec(component_spec.ComponentSpec):
    """Parameters and outputs of ExampleGen."""

    PARAMETERS = {
        "config": component_spec.ExecutionParameter(type=str),
        "fingerprint": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: dict[str, component_spec.ChannelParameter] = {}
    OUTPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
    }


class ExampleGen(base_component.BaseComponent):
    """Brings TFRecords into a checked ``Examples`` artifact, which is its output ``examples``.

    Args:
        config: The files, and how they are divided.
        fingerprint: Stands for the content of the files. TFX runs the component again when it
            changes, and takes the earlier output when it does not.
    """

    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, *, config: IngestConfig, fingerprint: str) -> None:
        super().__init__(
            ExampleGenSpec(
                config=config.model_dump_json(),
                fingerprint=fingerprint,
                examples=channel.Channel(type=standard_artifacts.Examples),
            )
        )
