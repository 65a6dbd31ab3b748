"""`tfline cv`: k-fold cross-validation of the model on the train split.

The folds are made as the splits of the spec are: with `split: {by: group}` no group is in two of
them, with `split: {by: time}` each is later than what is trained on. The metrics are those of the
gate; records count by `evaluate.weight` or `train.weight`, as they do there. Early stopping looks
at a part of the training fold, never at what is held out. Statistics of features are those of the
whole train split.

With `--over` it draws a validation curve: the metrics by the values of a setting, in training and
held out. With `--sizes` a learning curve: by how much of the training folds is trained on. With
`--nested` the search of the spec's `tune` is made anew in each training fold, so that what is held
out has had no part in the choice.

Example:
    tfline cv taxi --folds 3
    tfline cv taxi --over train.learning_rate=0.001,0.01,0.1
    tfline cv taxi --sizes 0.1,0.3,1.0
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tfline.pipelines.commands.arguments import add_spec, add_work
from tfline.pipelines.commands.curves import Curve
from tfline.pipelines.commands.prepared import prepared

if TYPE_CHECKING:
    from tfline.components.example_gen.config import SplitRule
    from tfline.components.trainer.config import RunConfig
    from tfline.components.trainer.cross_validation import Choose, Dividing, FoldedMetric, Train
    from tfline.pipelines.commands.prepared import Prepared
    from tfline.pipelines.spec.pipeline import PipelineSpec

_progress = logging.getLogger("tfline.progress")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work, --folds, --group, --time, the curves and --nested."""
    add_spec(parser)
    add_work(parser)
    parser.add_argument(
        "--folds", metavar="K", type=int, default=5, help="how many parts (default: 5)"
    )
    by = parser.add_mutually_exclusive_group()
    by.add_argument("--group", metavar="FEATURE", help="keep records of a value together")
    by.add_argument("--time", metavar="FEATURE", help="train on what is earlier only")
    curve = parser.add_mutually_exclusive_group()
    curve.add_argument(
        "--over",
        metavar="KEY=VALUES",
        help="a validation curve: a setting of train or model and its values, with commas between",
    )
    curve.add_argument(
        "--sizes", metavar="SHARES", help="a learning curve: shares of the training folds"
    )
    curve.add_argument(
        "--nested", action="store_true", help="search the settings of `tune` in each training fold"
    )
    parser.add_argument("--metric", help="of a curve (default: the first of the gate)")
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        default=Path("cv.html"),
        help="the plot of a curve, one HTML file that loads nothing (default: cv.html)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints the mean and the standard deviation of each metric over the folds, or a curve."""
    from tfline.transforms.errors import SpecError

    if arguments.folds < 2:
        raise SpecError(f"Expected 2 folds at least. Received: {arguments.folds}", "--folds")
    key, values = _values(arguments)
    with prepared(arguments) as data:
        for value in values if key else ():
            _changed(data.config, {key: value})  # refused before the first training
        if not values:
            metrics = _validated(arguments, data, data.config)
        elif key:
            curve = Curve.of(key, values, lambda value: _validated(
                arguments, data, _changed(data.config, {key: value})
            ))  # fmt: skip
        else:
            curve = Curve.of(SHARE, values, lambda share: _validated(
                arguments, data, data.config, share
            ))  # fmt: skip
    if values:
        _show(curve, arguments, data.config.pipeline)
        return 0
    print(f"{'metric':<20}{'mean':>10}{'deviation':>12}  folds")
    for metric in metrics:
        folds = " ".join(f"{value:.4f}" for value in metric.values)
        print(f"{metric.name:<20}{metric.mean:>10.4f}{metric.deviation:>12.4f}  {folds}")
    return 0


SHARE = "share of the training folds"


def _values(arguments: argparse.Namespace) -> tuple[str, list[Any]]:
    """Returns the setting of a curve, empty for a learning curve, and the values; none: no curve.

    Raises:
        SpecError: They cannot be read, or are too few; or a share is not in (0, 1].
    """
    from tfline.transforms.errors import SpecError

    option = "--over" if arguments.over else "--sizes"
    text = arguments.over or arguments.sizes
    if text is None:
        return "", []
    key, _, listed = text.rpartition("=")
    try:
        values = yaml.safe_load(f"[{listed}]")
    except yaml.YAMLError as exc:
        raise SpecError(f"The values cannot be read: {listed}", option) from exc
    if len(values) < 2 or bool(key) != bool(arguments.over):
        raise SpecError(
            f"Expected two values at least. Received: {text}",
            option,
            "Write `--over train.learning_rate=0.01,0.1`, or `--sizes 0.1,0.5,1.0`.",
        )
    shares = [] if key else values
    wrong = [one for one in shares if not isinstance(one, int | float) or not 0 < one <= 1]
    if wrong:
        raise SpecError(f"A share is above 0, and 1 at most. Received: {wrong[0]}", option)
    return key, values


def _changed(config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    from tfline.components.trainer.hyperparameters import with_values

    return with_values(config, values)


def _validated(
    arguments: argparse.Namespace, data: Prepared, config: RunConfig, share: float = 1.0
) -> Sequence[FoldedMetric]:
    """Returns the metrics of one cross-validation."""
    from tfline.components.trainer.cross_validation import cross_validate

    return cross_validate(
        config,
        data.transform_graph,
        data.train_files,
        arguments.folds,
        _dividing(arguments, data.spec.data.split),
        _gate_metrics(data.spec, data.transform_graph),
        data.spec.evaluate.threshold,
        data.spec.evaluation.weight,
        share,
        _choose(data.spec) if arguments.nested else None,
    )


def _choose(spec: PipelineSpec) -> Choose:
    """Returns what searches the settings of a spec in a training fold.

    Raises:
        SpecError: The spec searches none.
    """
    from tfline.transforms.errors import SpecError

    tune = spec.tune
    if tune is None:
        raise SpecError("The spec searches no settings", "--nested", "Add a section `tune`.")
    epochs = tune.epochs or spec.train.epochs

    def choose(train: Train) -> Mapping[str, Any]:
        from tfline.components.tuner.search import search

        with tempfile.TemporaryDirectory() as scratch:
            best = search(tune, epochs, scratch, train)[0]
        _progress.info("chosen: %s", best.values)
        return best.values

    return choose


def _show(curve: Curve, arguments: argparse.Namespace, pipeline: str) -> None:
    """Prints a curve, and writes its plot.

    Raises:
        SpecError: There is no such metric.
    """
    from tfline.metrics.direction import goal_of
    from tfline.transforms.errors import SpecError, did_you_mean

    names = list(curve.points[0][1])
    metric = arguments.metric or next((name for name in names if name != "loss"), names[0])
    if metric not in names:
        raise SpecError(f"There is no metric '{metric}'", "--metric", did_you_mean(metric, names))
    print(*curve.lines(metric), sep="\n")
    goal = goal_of(metric)
    if goal is not None and curve.what != SHARE:
        print(f"best: {curve.what}={curve.best(metric, goal)}")
    curve.plot(metric, f"{pipeline}: {metric} by {curve.what}", arguments.output)
    print(f"the plot: {arguments.output}")


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
