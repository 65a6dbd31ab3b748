"""An evaluation: one pass over the examples with all models, in Beam.

What TFMA is for here: its files and the metrics that the user names by a class of TFMA, nothing
else. tfline's engine computes its metrics and those of Keras on arrays (`values`) and how far they
may be off (`uncertainty`), because TFMA calls Python for each example, slice and metric: half a
millisecond an example, where an array costs a microsecond. What is measured is written with TFMA's
writers and validated by TFMA's validator, so that `tfma.load_eval_result`, `tfma.load_metrics` and
`tfma.load_validation_result` read it; the gate reads the same files (`results`). TFMA's own
evaluator runs only for metrics of its own kind (`tfma_metrics`).

Import tfx before this module: TFMA needs what tfx puts in place.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import operator
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tfx.dsl.io import fileio

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.measuring.doubt_lines import from_line, to_line
from tfline.components.evaluator.measuring.eval_config import (
    ONE_MODEL,
    TWO_MODELS,
    build_eval_config,
)
from tfline.components.evaluator.measuring.own_metrics import counts_weights, sort_metrics
from tfline.components.evaluator.measuring.results import SliceResult, read_results
from tfline.components.evaluator.measuring.tfma_files import load_metrics, write_tfma_files
from tfline.components.evaluator.measuring.tfma_metrics import MeasureByTFMA
from tfline.components.evaluator.measuring.threshold_choice import Chosen, choose_threshold
from tfline.components.evaluator.measuring.threshold_choice import from_line as choice_from_line
from tfline.components.evaluator.measuring.threshold_choice import to_line as choice_line
from tfline.components.evaluator.measuring.uncertainty import (
    AddSums,
    ResampleGroup,
    Resampling,
    measure_doubt,
)
from tfline.components.evaluator.measuring.values import (
    Measuring,
    MetricValues,
    SumGroup,
    measure_values,
)
from tfline.components.evaluator.reading.counting import Counting
from tfline.components.evaluator.reading.groups import EvaluateFile, Group
from tfline.components.evaluator.reading.model import ModelCard, read_served_threshold
from tfline.metrics.scores import Scores
from tfline.metrics.slices import SliceKey
from tfline.metrics.statistic import Decision
from tfline.metrics.texts import need_writing
from tfline.transforms.errors import DataError

_LOG = logging.getLogger(__name__)

CHOICE = "threshold.json"
"""The file beside TFMA's that says which threshold was chosen, and why."""

UNCERTAINTY = "uncertainty.jsonl"
"""The file beside TFMA's: a line a slice, how far its values may be off."""


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What an evaluation computes, and from what.

    Attributes:
        locations: By TFMA's name of each model, the folder of its SavedModel.
        predict: Makes the groups of examples.
        measuring: What tfline measures of them.
        resampling: How it finds out how far that may be off.
        of_tfma: Dotted paths of the metrics that TFMA computes.
        eval_config: What TFMA's tools read.
    """

    locations: dict[str, str]
    predict: EvaluateFile
    measuring: Measuring
    resampling: Resampling
    of_tfma: tuple[str, ...]
    eval_config: tfma.EvalConfig


def evaluate(
    files: Sequence[str],
    models: Sequence[str],
    card: ModelCard,
    config: EvaluateConfig,
    output: str,
    make_pipeline: Callable[[], beam.Pipeline],
    counting: Counting | None = None,
) -> list[SliceResult]:
    """Evaluates a model, and a baseline on the same examples in the same pass.

    `output` then holds TFMA's files: `tfma.load_eval_result` reads them.

    Args:
        files: TFRecord files of tf.Examples.
        models: Folders of the SavedModels: the candidate's, and the baseline's if there is one.
        card: What they predict.
        config: The evaluation.
        output: The folder to write to.
        make_pipeline: Returns the Beam pipeline to run on.
        counting: What says how examples count; None: all the same, each for itself.

    Returns:
        What was measured, the overall slice first.

    Raises:
        DataError: If there are no examples, or one cannot be used.
        ModelError: If a model fails.
        SpecError: If one of the user's own metrics cannot be imported.
    """
    plan = _plan(models, card, config, counting or Counting())
    with make_pipeline() as pipeline:
        groups = _read_groups(pipeline, files, plan.predict)
        sums = _add_up(groups, plan)
        _write_values(sums, groups, plan, files, output)
        _write_doubts(sums, plan, output)
    results = _read(output, card)
    if not results:
        raise DataError("The judged split has no record with a label.", where=", ".join(files))
    return results


def _plan(
    models: Sequence[str], card: ModelCard, config: EvaluateConfig, counting: Counting
) -> _Plan:
    """Returns what is computed; arguments as in `evaluate`."""
    names = TWO_MODELS if len(models) == 2 else ONE_MODEL
    locations = dict(zip(names, models, strict=True))
    thresholds = (config.threshold, *map(read_served_threshold, models[1:]))
    decisions = {
        name: Decision(len(card.classes), threshold, card.naive_error)
        for name, threshold in zip(names, thresholds, strict=True)
    }
    metrics = config.metric_names(card.task)
    known = card.asks.metrics
    others = [name for name in metrics if name not in known]
    of_keras, of_tfma = sort_metrics(others, card.task)
    unweighted = [name for name in others if counting.weight and not counts_weights(name)]
    if unweighted:
        _LOG.warning("Computed without the weight of examples: %s", ", ".join(unweighted))
    return _Plan(
        locations=locations,
        predict=EvaluateFile(
            card,
            locations,
            config.slices,
            config.batch_size,
            counting,
            writes=need_writing(metrics),
        ),
        measuring=Measuring(
            tuple(name for name in metrics if name in known), of_keras, card.task, decisions
        ),
        resampling=Resampling(
            metrics,
            card.task,
            decisions,
            config.resamples,
            config.seed,
            config.confidence,
            independent=counting.independent,
        ),
        of_tfma=of_tfma,
        eval_config=build_eval_config(config, card, names, of_tfma),
    )


def _read_groups(
    pipeline: beam.Pipeline, files: Sequence[str], predict: EvaluateFile
) -> beam.PCollection:
    """Returns the predicted examples, in groups by slice."""
    return (
        pipeline
        | "Files" >> beam.Create(list(files))
        | "Spread" >> beam.Reshuffle()
        | "Predict" >> beam.ParDo(predict)
    )


def _add_up(groups: beam.PCollection, plan: _Plan) -> beam.PCollection:
    """Returns by slice the statistics of its examples, and of their resamples."""
    return (
        (
            groups | "Sum" >> beam.ParDo(SumGroup(plan.measuring)),
            groups | "Resample" >> beam.ParDo(ResampleGroup(plan.resampling)),
        )
        | "Both" >> beam.Flatten()
        | "Add" >> beam.CombinePerKey(AddSums())
    )


def _write_values(
    sums: beam.PCollection,
    groups: beam.PCollection,
    plan: _Plan,
    files: Sequence[str],
    output: str,
) -> None:
    """Writes the values of the metrics into TFMA's files."""
    values = sums | "Measure" >> beam.MapTuple(functools.partial(_slice_values, plan.measuring))
    by_tfma = groups | "ByTFMA" >> MeasureByTFMA(plan.eval_config) if plan.of_tfma else None
    write_tfma_files(values, by_tfma, plan.eval_config, output, files, plan.locations)


def _write_doubts(sums: beam.PCollection, plan: _Plan, output: str) -> None:
    """Writes how far the values may be off."""
    lines = os.path.join(output, UNCERTAINTY)
    _ = (
        sums
        | "MeasureErrors" >> beam.MapTuple(functools.partial(_doubt_line, plan.resampling))
        | "Write" >> beam.io.WriteToText(lines, num_shards=1, shard_name_template="")
    )


def _read(output: str, card: ModelCard) -> list[SliceResult]:
    """Returns what was written."""
    with fileio.open(os.path.join(output, UNCERTAINTY)) as file:
        doubts = dict(map(from_line, file))
    return read_results(load_metrics(output), doubts, _class_names(card))


def find_threshold(
    files: Sequence[str],
    model: str,
    card: ModelCard,
    config: EvaluateConfig,
    output: str,
    make_pipeline: Callable[[], beam.Pipeline],
) -> Chosen:
    """Chooses the threshold of a binary model in a pass of its own; arguments as in `evaluate`.

    Raises:
        DataError: There are no examples, they are all of one class, or one cannot be used.
        ModelError: The model fails.
    """
    choice = config.choose_threshold
    if choice is None:
        raise ValueError("The config chooses no threshold. Expected `choose_threshold`.")
    line = os.path.join(output, CHOICE)
    predict = EvaluateFile(card, {"": model}, (), config.batch_size, Counting(config.weight))
    with make_pipeline() as pipeline:
        _ = (
            _read_groups(pipeline, files, predict)
            | "Keep" >> beam.Map(_scores)
            | "Gather" >> beam.CombineGlobally(_gather).without_defaults()
            | "Choose" >> beam.Map(lambda scores: choice_line(choose_threshold(scores, choice)))
            | "Write" >> beam.io.WriteToText(line, num_shards=1, shard_name_template="")
        )
    with fileio.open(line) as file:
        text = file.read()
    if not text:
        raise DataError("The eval split has no record with a label.", where=", ".join(files))
    return choice_from_line(text)


def _scores(group: Group) -> Scores:
    return Scores.of(group.labels, group.predictions[""], Decision(2), group.column_of_weights)


def _gather(parts: Iterable[Scores]) -> Scores:
    return functools.reduce(operator.add, parts)


def _class_names(card: ModelCard) -> dict[str, dict[str, str]]:
    """Returns what the values of the label are called, where they are sliced by."""
    values = map(str, card.class_values)
    return {card.label: dict(zip(values, card.classes, strict=True))}


def _slice_values(measuring: Measuring, key: SliceKey, sums: Any) -> tuple[SliceKey, MetricValues]:
    return key, measure_values(measuring, sums)


def _doubt_line(resampling: Resampling, key: SliceKey, sums: Any) -> str:
    return to_line(key, measure_doubt(resampling, sums))
