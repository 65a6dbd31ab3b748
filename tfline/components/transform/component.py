"""Transform: typed inputs and outputs, no work."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfline.components.transform.executor import Executor
from tfline.transforms.features import FeatureSpec, LabelSpec


class TransformSpec(ComponentSpec):
    """Transform's types: those of TFX's component, without the statistics."""

    PARAMETERS = {
        "config": ExecutionParameter(type=str),
        "fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
    }
    OUTPUTS = {"transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph)}


class Transform(base_beam_component.BaseBeamComponent):
    """Analyses the train split and exports the transform graph.

    The Trainer applies the graph in tf.data. Transformed examples are only written where reading
    them back is cheaper: see `tfline.components.transform.materialize`.

    Args:
        examples: Must have a split called ``train``.
        schema: Gives the type of each raw feature.
        features: The features of the model.
        label: What is to be predicted.
        materialize: Whether to write transformed examples.
        weight: The raw feature that says how much an example counts; None: all the same.
        fingerprint: Of the source; part of the cache key.
    """

    SPEC_CLASS = TransformSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        schema: types.BaseChannel,
        features: Sequence[FeatureSpec],
        label: LabelSpec,
        materialize: str,
        weight: str | None = None,
        fingerprint: str,
    ) -> None:
        config = {
            "features": [feature.model_dump(mode="json") for feature in features],
            "label": label.model_dump(mode="json"),
            "materialize": materialize,
            "weight": weight,
        }
        super().__init__(
            spec=TransformSpec(
                examples=examples,
                schema=schema,
                config=json.dumps(config, sort_keys=True),
                fingerprint=fingerprint,
                transform_graph=types.Channel(type=standard_artifacts.TransformGraph),
            )
        )
