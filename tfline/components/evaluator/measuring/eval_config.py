"""From an `EvaluateConfig` to the EvalConfig that TFMA's tools read beside the results.

TFMA's validation knows bounds over all examples of metrics that are one number, by the measured
value. Rules on slices, on single classes and by proof have conditions that TFMA cannot express: the
gate decides on all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf import wrappers_pb2
from tensorflow_model_analysis.proto import config_pb2

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.measuring.own_metrics import counts_weights
from tfline.components.evaluator.measuring.tfma_metrics import tfma_metric_config
from tfline.components.evaluator.reading.model import ModelCard
from tfline.components.evaluator.rules import TOLERANCE
from tfline.metrics.table import METRICS

ONE_MODEL = ("",)
"""TFMA's name of the model, if there is only one."""

TWO_MODELS = ("candidate", "baseline")
"""TFMA's names of the models."""


def build_eval_config(
    config: EvaluateConfig,
    card: ModelCard,
    model_names: tuple[str, ...],
    tfma_metrics: Iterable[str] = (),
) -> config_pb2.EvalConfig:
    """Returns the configuration of TFMA.

    Args:
        config: The evaluation.
        card: What the models predict.
        model_names: `ONE_MODEL` or `TWO_MODELS`.
        tfma_metrics: Dotted paths of the metrics that TFMA computes.
    """
    result = config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(name=name, is_baseline=name == "baseline") for name in model_names
        ],
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(
                config_pb2.SlicingSpec(feature_keys=[by.name for by in cross])
                for cross in config.slices
            ),
        ],
    )
    of_models = model_names if model_names != ONE_MODEL else []
    spec = result.metrics_specs.add(model_names=of_models)
    of_tfma = {}
    for name in tfma_metrics:
        weighted = config.weight is not None and counts_weights(name)
        options = config_pb2.ExampleWeightOptions(weighted=weighted, unweighted=not weighted)
        own = result.metrics_specs.add(model_names=of_models, example_weights=options)
        of_tfma[name] = own.metrics.add()
        of_tfma[name].CopyFrom(tfma_metric_config(name, card.is_flat))
    for name in config.metric_names(card.task):
        bounds = _threshold(name, config, has_baseline=model_names == TWO_MODELS)
        if not bounds.ByteSize() or not _is_number(name, card):
            continue
        on_all = config_pb2.PerSliceMetricThreshold(
            slicing_specs=[config_pb2.SlicingSpec()], threshold=bounds
        )
        if name in of_tfma:
            of_tfma[name].per_slice_thresholds.append(on_all)
        else:
            spec.per_slice_thresholds[name].thresholds.append(on_all)
    return result


def _is_number(name: str, card: ModelCard) -> bool:
    metric = card.asks.metrics.get(name)
    return metric is None or not (metric.by_class and card.asks.family != "binary")


def _threshold(name: str, config: EvaluateConfig, has_baseline: bool) -> config_pb2.MetricThreshold:
    threshold = config_pb2.MetricThreshold()
    if name in config.require and config.require[name].proof in (None, "none"):
        bound = config.require[name]
        if bound.min is not None:
            threshold.value_threshold.lower_bound.CopyFrom(
                wrappers_pb2.DoubleValue(value=bound.min)
            )
        if bound.max is not None:
            threshold.value_threshold.upper_bound.CopyFrom(
                wrappers_pb2.DoubleValue(value=bound.max)
            )
    change = config.change.get(name)
    if has_baseline and change and change.proof == "none" and change.max_loss is not None:
        loss = change.max_loss + TOLERANCE
        larger = METRICS[name].better == "larger"
        threshold.change_threshold.absolute.value = -loss if larger else loss
        threshold.change_threshold.direction = (
            config_pb2.MetricDirection.HIGHER_IS_BETTER
            if larger
            else config_pb2.MetricDirection.LOWER_IS_BETTER
        )
    return threshold
