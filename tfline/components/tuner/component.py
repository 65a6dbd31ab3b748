"""The Tuner: typed inputs and outputs, no work."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfline.components.tuner.executor import TuneExecutor


class TunerSpec(ComponentSpec):
    """The Tuner's types: those of TFX's component, without what it has from KerasTuner's tuners."""

    PARAMETERS = {
        "config": ExecutionParameter(type=str),
        "run_config": ExecutionParameter(type=str),
        "train_fn": ExecutionParameter(type=str),
        "state_dir": ExecutionParameter(type=str),
        "fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
    }
    OUTPUTS = {
        "best_hyperparameters": ChannelParameter(type=standard_artifacts.HyperParameters),
        "tuner_results": ChannelParameter(type=standard_artifacts.TunerResults),
    }


class Tuner(base_component.BaseComponent):
    """Searches settings; TFX's Trainer takes the best of them as its `hyperparameters`.

    Args:
        examples: With the splits ``train`` and ``eval``.
        transform_graph: Makes their features.
        config: JSON of a `TuneConfig`.
        run_config: JSON of what a training is begun with; see `train_fn`.
        train_fn: The dotted path of the function that trains: of `run_config`, the folder of the
            transform graph, patterns of the files of both splits, and then as
            `tfline.components.tuner.search.Train`.
        state_dir: Where the state of the search is kept; empty: a search that is killed begins
            anew.
        fingerprint: Of the source and of the settings; part of the cache key.
    """

    SPEC_CLASS = TunerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(TuneExecutor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        transform_graph: types.BaseChannel,
        config: str,
        run_config: str,
        train_fn: str,
        state_dir: str,
        fingerprint: str,
    ) -> None:
        super().__init__(
            spec=TunerSpec(
                examples=examples,
                transform_graph=transform_graph,
                config=config,
                run_config=run_config,
                train_fn=train_fn,
                state_dir=state_dir,
                fingerprint=fingerprint,
                best_hyperparameters=types.Channel(type=standard_artifacts.HyperParameters),
                tuner_results=types.Channel(type=standard_artifacts.TunerResults),
            )
        )
