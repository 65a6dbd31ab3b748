"""`tfline cv`: k-fold cross-validation of the model on the train split.

The folds are made as the splits of the spec are: with `split: {by: group}` no group is in two of
them, with `split: {by: time}` each is later than what is trained on. The metrics are those of the
gate; records count by `evaluate.weight` or `train.weight`, as they do there. Early stopping looks
at a part of the training fold, never at what is held out. Statistics of features are those of the
whole train split.

Example:
    tfline cv taxi --folds 3
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tfline.pipelines.commands.arguments import add_spec, add_work
from tfline.pipelines.commands.prepared import prepared

if TYPE_CHECKING:
    from tfline.components.example_gen.config import SplitRule
    from tfline.components.trainer.cross_validation import Dividing
    from tfline.pipelines.spec.pipeline import PipelineSpec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work, --folds, --group and --time."""
    add_spec(parser)
    add_work(parser)
    parser.add_argument(
        "--folds", metavar="K", type=int, default=5, help="how many parts (default: 5)"
    )
    by = parser.add_mutually_exclusive_group()
    by.add_argument("--group", metavar="FEATURE", help="keep records of a value together")
    by.add_argument("--time", metavar="FEATURE", help="train on what is earlier only")


def run(arguments: argparse.Namespace) -> int:
    """Prints the mean and the standard deviation of each metric over the folds."""
    from tfline.transforms.errors import SpecError

    if arguments.folds < 2:
        raise SpecError(f"Expected 2 folds at least. Received: {arguments.folds}", "--folds")
    with prepared(arguments) as data:
        from tfline.components.trainer.cross_validation import cross_validate

        evaluate = data.spec.evaluate
        metrics = cross_validate(
            data.config,
            data.transform_graph,
            data.train_files,
            arguments.folds,
            _dividing(arguments, data.spec.data.split),
            _gate_metrics(data.spec, data.transform_graph),
            evaluate.threshold,
            data.spec.evaluation.weight,
        )
    print(f"{'metric':<20}{'mean':>10}{'deviation':>12}  folds")
    for metric in metrics:
        values = " ".join(f"{value:.4f}" for value in metric.values)
        print(f"{metric.name:<20}{metric.mean:>10.4f}{metric.deviation:>12.4f}  {values}")
    return 0


def _dividing(arguments: argparse.Namespace, rule: SplitRule | None) -> Dividing:
    """Returns how the folds are made: as asked for, else as the splits of the spec are."""
    from tfline.components.trainer.cross_validation import Dividing

    if arguments.group:
        return Dividing("group", arguments.group)
    if arguments.time:
        return Dividing("time", arguments.time)
    return dividing_of(rule)


def dividing_of(rule: SplitRule | None) -> Dividing:
    """Returns how the folds are made, so that they are as the splits are.

    Args:
        rule: How records are split; None: they are given in splits.
    """
    from tfline.components.example_gen.config import microseconds
    from tfline.components.trainer.cross_validation import Dividing

    if rule is None or rule.by not in ("group", "time"):
        return Dividing()
    gap = rule.embargo
    return Dividing(
        rule.by, rule.feature, rule.end, microseconds(gap) if isinstance(gap, str) else gap
    )


def _gate_metrics(spec: PipelineSpec, transform_graph: str) -> tuple[str, ...]:
    """Returns the metrics of the gate that tfline computes itself."""
    from tfline.components.trainer.transform_graph import TransformGraph
    from tfline.metrics.table import METRICS

    task = TransformGraph(transform_graph).metadata.task
    skipped = ("example_count", "confusion_matrix")
    names = spec.evaluate.metric_names(task)
    return tuple(name for name in names if name in METRICS and name not in skipped)
