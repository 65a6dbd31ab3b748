"""An evaluation: one pass over the examples with all models, through Beam and TFMA.

Import tfx before this module: TFMA needs what tfx puts in place.
"""

from __future__ import annotations

import functools
import operator
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator
from tensorflow_model_analysis.writers import eval_config_writer
from tensorflow_model_analysis.writers import metrics_plots_and_validations_writer as tfma_writer
from tfx.dsl.io import fileio

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.measuring.eval_config import (
    ONE_MODEL,
    TWO_MODELS,
    build_eval_config,
)
from tfline.components.evaluator.measuring.results import SliceResult, read_results
from tfline.components.evaluator.measuring.threshold_choice import Chosen, choose_threshold
from tfline.components.evaluator.measuring.threshold_choice import from_line as choice_from_line
from tfline.components.evaluator.measuring.threshold_choice import to_line as choice_line
from tfline.components.evaluator.measuring.uncertainty import (
    AddSums,
    ResampleGroup,
    Resampling,
    from_line,
    measure_doubt,
    to_line,
)
from tfline.components.evaluator.reading.groups import EvaluateFile, Group, to_extracts
from tfline.components.evaluator.reading.model import ModelCard, read_served_threshold
from tfline.components.evaluator.reading.slices import SliceKey
from tfline.metrics.scores import Scores
from tfline.metrics.statistic import Decision
from tfline.metrics.texts import need_writing
from tfline.transforms.errors import DataError

CHOICE = "threshold.json"
"""The file beside TFMA's that says which threshold was chosen, and why."""

UNCERTAINTY = "uncertainty.jsonl"
"""The file beside TFMA's: a line a slice, how far its values may be off."""


def evaluate(
    files: Sequence[str],
    models: Sequence[str],
    card: ModelCard,
    config: EvaluateConfig,
    output: str,
    make_pipeline: Callable[[], beam.Pipeline],
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

    Returns:
        What was measured, the overall slice first.

    Raises:
        DataError: If there are no examples, or one cannot be used.
        ModelError: If a model fails.
        SpecError: If one of the user's own metrics cannot be imported.
    """
    names = TWO_MODELS if len(models) == 2 else ONE_MODEL
    locations = dict(zip(names, models, strict=True))
    thresholds = dict(
        zip(names, (config.threshold, *map(read_served_threshold, models[1:])), strict=True)
    )
    eval_config = build_eval_config(config, card, thresholds)
    evaluator = metrics_plots_and_validations_evaluator.MetricsPlotsAndValidationsEvaluator(
        eval_config
    )
    metrics = config.metric_names(card.task)
    predict = EvaluateFile(
        card, locations, config.slices, config.batch_size, writes=need_writing(metrics)
    )
    resampling = Resampling(
        metrics=metrics,
        task=card.task,
        decisions={
            name: Decision(len(card.classes), threshold) for name, threshold in thresholds.items()
        },
        resamples=config.resamples,
        seed=config.seed,
        confidence=config.confidence,
    )
    lines = os.path.join(output, UNCERTAINTY)
    with make_pipeline() as pipeline:
        groups = (
            pipeline
            | "Files" >> beam.Create(list(files))
            | "Spread" >> beam.Reshuffle()
            | "Predict" >> beam.ParDo(predict)
        )
        evaluation = (
            groups
            | "Extracts" >> beam.Map(to_extracts)
            | evaluator.stage_name >> evaluator.ptransform
        )
        for writer in _writers(output, eval_config, files, locations):
            _ = evaluation | writer.stage_name >> writer.ptransform
        _ = (
            groups
            | "Resample" >> beam.ParDo(ResampleGroup(resampling))
            | "Add" >> beam.CombinePerKey(AddSums())
            | "Measure" >> beam.MapTuple(functools.partial(_doubt_line, resampling))
            | "Write" >> beam.io.WriteToText(lines, num_shards=1, shard_name_template="")
        )
    with fileio.open(lines) as file:
        doubts = dict(map(from_line, file))
    results = read_results(
        tfma_writer.load_and_deserialize_metrics(output), doubts, _class_names(card)
    )
    if not results:
        raise DataError("The judged split has no records.", where=", ".join(files))
    return results


def _writers(
    output: str,
    eval_config: tfma.EvalConfig,
    files: Sequence[str],
    locations: Mapping[str, str],
) -> tuple[tfma.writers.Writer, ...]:
    """Returns what writes TFMA's files into `output`."""
    return (
        eval_config_writer.EvalConfigWriter(
            output,
            eval_config,
            data_location=os.path.dirname(files[0]) if files else "",
            data_file_format="tfrecords",
            model_locations=dict(locations),
        ),
        tfma_writer.MetricsPlotsAndValidationsWriter(
            {
                key: os.path.join(output, key)
                for key in (tfma.METRICS_KEY, tfma.PLOTS_KEY, tfma.VALIDATIONS_KEY)
            },
            eval_config,
            rubber_stamp=True,  # a first model has no baseline to be compared with
        ),
    )


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
    with make_pipeline() as pipeline:
        _ = (
            pipeline
            | "Files" >> beam.Create(list(files))
            | "Spread" >> beam.Reshuffle()
            | "Predict" >> beam.ParDo(EvaluateFile(card, {"": model}, (), config.batch_size))
            | "Keep" >> beam.Map(_scores)
            | "Gather" >> beam.CombineGlobally(_gather).without_defaults()
            | "Choose" >> beam.Map(lambda scores: choice_line(choose_threshold(scores, choice)))
            | "Write" >> beam.io.WriteToText(line, num_shards=1, shard_name_template="")
        )
    with fileio.open(line) as file:
        text = file.read()
    if not text:
        raise DataError("The eval split has no records.", where=", ".join(files))
    return choice_from_line(text)


def _scores(group: Group) -> Scores:
    return Scores.of(group.labels, group.predictions[""], Decision(2))


def _gather(parts: Iterable[Scores]) -> Scores:
    return functools.reduce(operator.add, parts)


def _class_names(card: ModelCard) -> dict[str, dict[str, str]]:
    """Returns what the values of the label are called, where they are sliced by."""
    values = map(str, card.class_values)
    return {card.label: dict(zip(values, card.classes, strict=True))}


def _doubt_line(resampling: Resampling, key: SliceKey, sums: Any) -> str:
    return to_line(key, measure_doubt(resampling, sums))
