"""The files that TFMA's tools read: values, validations and configuration of an evaluation."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.evaluators import metrics_validator
from tensorflow_model_analysis.writers import eval_config_writer
from tensorflow_model_analysis.writers import metrics_plots_and_validations_writer as tfma_writer


def write_tfma_files(
    values: beam.PCollection,
    by_tfma: Mapping[str, beam.PCollection] | None,
    eval_config: tfma.EvalConfig,
    output: str,
    files: Sequence[str],
    locations: Mapping[str, str],
) -> None:
    """Writes what was measured.

    Args:
        values: tfline's (slice key, values by `MetricKey`).
        by_tfma: What TFMA's evaluator measured, by kind; None if it did not run.
        eval_config: What was evaluated.
        output: The folder.
        files: Of the examples.
        locations: By TFMA's name of a model, the folder of its SavedModel.
    """
    evaluation = dict(by_tfma or {})
    if by_tfma:
        values = (
            (values, by_tfma[tfma.METRICS_KEY])
            | "FlattenMetrics" >> beam.Flatten()
            | "MergeMetrics" >> beam.CombinePerKey(_merge)
        )
    evaluation[tfma.METRICS_KEY] = values
    evaluation[tfma.VALIDATIONS_KEY] = values | "Validate" >> beam.Map(
        metrics_validator.validate_metrics, eval_config
    )
    writers = (
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
    for writer in writers:
        _ = evaluation | writer.stage_name >> writer.ptransform


def _merge(parts: Iterable[Mapping[Any, Any]]) -> dict[Any, Any]:
    return {key: value for part in parts for key, value in part.items()}


def load_metrics(output: str) -> Iterator[Any]:
    """Yields the `MetricsForSlice` protos that an evaluation wrote into `output`."""
    return iter(tfma_writer.load_and_deserialize_metrics(output))
