"""What `tfline cv` and `tfline lr-find` share: the transformed data of a spec."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfline.pipelines.commands.arguments import read_pipeline

if TYPE_CHECKING:
    from tfline.components.trainer.config import RunConfig
    from tfline.pipelines.api.pipeline import Pipeline
    from tfline.pipelines.spec.pipeline import PipelineSpec


@dataclass(frozen=True)
class Prepared:
    """What a model of a spec can be trained on.

    Attributes:
        config: Which model, and how it is trained.
        transform_graph: The TransformGraph artifact.
        train_files: The files of the train split.
        spec: The spec.
    """

    spec: PipelineSpec
    config: RunConfig
    transform_graph: str
    train_files: tuple[str, ...]


@contextlib.contextmanager
def prepared(arguments: argparse.Namespace) -> Iterator[Prepared]:
    """Runs the pipeline of a command's arguments up to Transform; see `prepared_pipeline`."""
    with prepared_pipeline(read_pipeline(arguments), arguments.command) as data:
        yield data


@contextlib.contextmanager
def prepared_pipeline(pipeline: Pipeline, command: str) -> Iterator[Prepared]:
    """Runs a pipeline up to Transform, where it has changed; the work folder stays locked.

    Everything that TensorFlow says inside goes into the log.

    Args:
        pipeline: The pipeline.
        command: The command of tfline that needs its data.
    """
    from tfline.components.trainer.config import RunConfig
    from tfline.pipelines.runners.events import PROGRESS, relayed
    from tfline.pipelines.runners.local import run_until

    pipeline.check()
    spec = pipeline.spec
    with pipeline.running(command, progress=True) as (run_id, display):
        record = run_until("Transform", spec, pipeline.work, display, run_id)
        examples = Path(record.components["ExampleGen"].outputs["examples"])
        graph = record.components["Transform"].outputs["transform_graph"]
        config = RunConfig(
            pipeline=spec.name, model=spec.model, train=spec.train, training_fingerprint=""
        )
        display.started(command)
        with relayed(PROGRESS, display.progressed):
            yield Prepared(
                spec,
                config,
                graph,
                tuple(str(file) for file in sorted((examples / "Split-train").glob("*"))),
            )
