"""Metrics of TFMA that the user names by their class: they alone run in TFMA's own evaluator.

TFMA defines a metric on single examples: its evaluator calls ``add_input`` of a metric's combiner
with ``StandardMetricInputs`` of one example, in Python, for each example and slice. A combiner that
reads arrays needs no such call, and gets a whole group (labels [n], predictions [n] or [n, k]):

    an own class     if it says so: ``class Cost(tfma.metrics.Metric): takes_batches = True``
    a class of TFMA  if its combiner flattens what it gets into pairs of a label and a prediction
                     (`_FLATTENING`): so the values of a group are those of its examples

Every other one gets the examples one by one, as TFMA would feed it. Their weights are where TFMA
has them; a metric whose computations take ``example_weighted`` is computed by them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator
from tensorflow_model_analysis.metrics import (
    binary_confusion_matrices,
    calibration,
    calibration_histogram,
    mean_regression_error,
    metric_specs,
    metric_types,
)
from tensorflow_model_analysis.proto import config_pb2

from tfline.components.evaluator.measuring.own_metrics import counts_weights, load_metric
from tfline.components.evaluator.reading.groups import Group
from tfline.metrics.arrays import Floats

_LOG = logging.getLogger(__name__)

_FLATTENING = (
    binary_confusion_matrices._BinaryConfusionMatrixCombiner,  # noqa: SLF001
    calibration._WeightedLabelsPredictionsExamplesCombiner,  # noqa: SLF001
    calibration_histogram._CalibrationHistogramCombiner,  # noqa: SLF001
    mean_regression_error._MeanRegressionErrorCombiner,  # noqa: SLF001
)
"""TFMA's combiners that take several labels and predictions for as many examples."""


def to_extracts(group: Group) -> tfma.types.Extracts:
    """Returns the batched extracts of a group."""
    predictions: Any = group.predictions
    if len(predictions) == 1:
        (predictions,) = predictions.values()  # TFMA does not nest those of an only model
    weights = (
        {} if group.counted.weights is None else {tfma.EXAMPLE_WEIGHTS_KEY: group.counted.weights}
    )
    return {
        tfma.LABELS_KEY: group.labels,
        tfma.PREDICTIONS_KEY: predictions,
        tfma.SLICE_KEY_TYPES_KEY: [group.key],
        **weights,
    }


class MeasureByTFMA(beam.PTransform):
    """From groups to what TFMA's evaluator measures, by kind: metrics, plots, attributions.

    Args:
        eval_config: Its metrics are those that are computed.
    """

    def __init__(self, eval_config: config_pb2.EvalConfig) -> None:
        super().__init__()
        self._eval_config = eval_config

    def expand(self, groups: beam.PCollection) -> dict[str, beam.PCollection]:
        """Runs TFMA's evaluator; its validations are left out: they lack tfline's metrics."""
        evaluator = metrics_plots_and_validations_evaluator.MetricsPlotsAndValidationsEvaluator(
            self._eval_config
        )
        extracts = groups | "Extracts" >> beam.Map(to_extracts)
        evaluation: dict[str, beam.PCollection] = (
            extracts | evaluator.stage_name >> evaluator.ptransform
        )
        kinds = (tfma.METRICS_KEY, tfma.PLOTS_KEY)
        return {kind: evaluation[kind] for kind in kinds}


class Unbatch(metric_types.Preprocessor):
    """Takes a group apart into the single examples that a metric of TFMA expects."""

    def process(self, group: tfma.types.Extracts) -> Iterator[metric_types.StandardMetricInputs]:
        """Yields the examples of a group."""
        labels, predictions = group[tfma.LABELS_KEY], group[tfma.PREDICTIONS_KEY]
        weights = group.get(tfma.EXAMPLE_WEIGHTS_KEY)
        for row in range(len(labels)):
            yield metric_types.StandardMetricInputs(
                {
                    tfma.LABELS_KEY: labels[row : row + 1],
                    tfma.PREDICTIONS_KEY: (
                        {name: _example(of_model, row) for name, of_model in predictions.items()}
                        if isinstance(predictions, Mapping)
                        else _example(predictions, row)
                    ),
                    **(
                        {}
                        if weights is None
                        else {tfma.EXAMPLE_WEIGHTS_KEY: weights[row : row + 1]}
                    ),
                }
            )


def _example(predictions: Floats, row: int) -> Floats:
    """Returns [1] of predictions [n], or [k] of predictions [n, k]."""
    return predictions[row] if predictions.ndim == 2 else predictions[row : row + 1]


class UnbatchedMetric(tfma.metrics.Metric):
    """A metric of TFMA that takes single examples, over groups.

    Args:
        name: The dotted path of its class, under which its value is found.
        is_flat: Whether an example has one label and one prediction.
    """

    def __init__(self, name: str, is_flat: bool) -> None:
        super().__init__(_computations, name=name, is_flat=is_flat)


def _computations(
    name: str,
    is_flat: bool,
    eval_config: config_pb2.EvalConfig,
    model_names: list[str] | None = None,
    example_weighted: bool = False,
) -> metric_types.MetricComputations:
    weighted = example_weighted and counts_weights(name)
    options = config_pb2.ExampleWeightOptions(weighted=weighted, unweighted=not weighted)
    spec = config_pb2.MetricsSpec(
        metrics=[_own_config(name)], model_names=model_names or [], example_weights=options
    )
    return [
        computation if is_flat and _flattens(computation) else _unbatched(computation)
        for computation in metric_specs.to_computations([spec], eval_config)
    ]


def _own_config(name: str) -> config_pb2.MetricConfig:
    module, _, class_name = name.rpartition(".")
    return config_pb2.MetricConfig(
        module=module, class_name=class_name, config=json.dumps({"name": name})
    )


def _flattens(computation: Any) -> bool:
    return (
        isinstance(computation, metric_types.MetricComputation)
        and isinstance(computation.combiner, _FLATTENING)
        and all(key.sub_key is None for key in computation.keys)
    )


def _unbatched(computation: Any) -> Any:
    """Returns a computation that takes groups, from one that takes examples."""
    if not isinstance(computation, metric_types.MetricComputation):
        return computation  # derived from others
    own = [
        preprocessor
        for preprocessor in computation.preprocessors
        if type(preprocessor) is not metric_types.StandardMetricInputsPreprocessor
    ]
    return computation._replace(preprocessors=[Unbatch(), *own])


def tfma_metric_config(name: str, is_flat: bool) -> config_pb2.MetricConfig:
    """Returns the configuration from which TFMA builds a metric that takes groups.

    Args:
        name: The dotted path of its class.
        is_flat: Whether an example has one label and one prediction.
    """
    if getattr(load_metric(name), "takes_batches", False):
        return _own_config(name)
    _LOG.info("The metric %s is called for each example, unless it says takes_batches = True", name)
    return config_pb2.MetricConfig(
        module=UnbatchedMetric.__module__,
        class_name=UnbatchedMetric.__name__,
        config=json.dumps({"name": name, "is_flat": is_flat}),
    )
