"""Metrics of TFMA: groups where they can be read as such, examples where they cannot."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tfx  # noqa: F401 - before TFMA

from tfline.components.evaluator.measuring.keras_state import update_keras
from tfline.components.evaluator.measuring.own_metrics import counts_weights
from tfline.components.evaluator.measuring.tfma_metrics import (
    Unbatch,
    tfma_metric_config,
    to_extracts,
)
from tfline.components.evaluator.reading.counting import Counted
from tfline.components.evaluator.reading.groups import Group

import tensorflow_model_analysis as tfma  # isort: skip
from tensorflow_model_analysis.metrics import metric_specs, metric_types  # isort: skip
from tensorflow_model_analysis.proto import config_pb2  # isort: skip

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 2, 90)
PREDICTIONS = RNG.random(90).astype(np.float32)
GROUPS = (slice(0, 1), slice(1, 20), slice(20, None))
OWN = """\
import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types

class Calls(beam.CombineFn):
    def __init__(self, key): self._key = key
    def create_accumulator(self): return 0
    def add_input(self, calls, example): return calls + 1
    def merge_accumulators(self, parts): return sum(parts)
    def extract_output(self, calls): return {self._key: calls}

def computations(name, **_):
    key = metric_types.MetricKey(name)
    return [metric_types.MetricComputation([key], None, Calls(key))]

class Single(tfma.metrics.Metric):
    def __init__(self, name): super().__init__(computations, name=name)

class Batched(Single):
    takes_batches = True
"""


def group(rows: slice) -> Group:
    return Group((), LABELS[rows], {"": PREDICTIONS[rows]}, np.arange(90)[rows], 90, (0, 0))


def value_of(
    config: config_pb2.MetricConfig, groups: Sequence[Group] = (), *, weighted: bool = False
) -> tuple[float, int]:
    """Returns the value of a metric over groups, and how often its combiners were called."""
    options = config_pb2.ExampleWeightOptions(weighted=weighted, unweighted=not weighted)
    spec = config_pb2.MetricsSpec(metrics=[config], example_weights=options)
    values: dict[metric_types.MetricKey, Any] = {}
    calls = 0
    for computation in metric_specs.to_computations([spec], config_pb2.EvalConfig()):
        if not isinstance(computation, metric_types.MetricComputation):
            values |= computation.result(values)
            continue
        state = computation.combiner.create_accumulator()
        for one_group in groups or map(group, GROUPS):
            inputs: list[Any] = [to_extracts(one_group)]
            for preprocessor in computation.preprocessors or ():
                inputs = [made for one in inputs for made in preprocessor.process(one)]
            for one in inputs:
                state = computation.combiner.add_input(
                    state, metric_types.StandardMetricInputs(one)
                )
                calls += 1
        values |= computation.combiner.extract_output(state)
    [value] = [float(value) for key, value in values.items() if not key.name.startswith("_")]
    return value, calls


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("AUC", len(GROUPS)),
        ("Precision", len(GROUPS)),
        ("BinaryAccuracy", len(GROUPS)),
        ("Calibration", len(GROUPS)),
        ("MeanSquaredError", len(GROUPS)),
        ("MeanAbsolutePercentageError", len(GROUPS)),
        ("BinaryCrossEntropy", len(LABELS)),  # takes the values of an array for one example's
        ("ExampleCount", len(LABELS)),
    ],
)
def test_class_of_tfma_has_the_value_that_tfma_gives_it(name: str, calls: int) -> None:
    path = f"tensorflow_model_analysis.metrics.{name}"
    grouped, calls_of_groups = value_of(tfma_metric_config(path, is_flat=True))
    single, calls_of_examples = value_of(tfma_metric_config(path, is_flat=False))
    assert grouped == pytest.approx(single, rel=1e-6)
    assert (calls_of_groups, calls_of_examples) == (calls, len(LABELS))


@pytest.mark.parametrize(("name", "calls"), [("Single", len(LABELS)), ("Batched", len(GROUPS))])
def test_own_class_gets_groups_if_it_says_so(
    name: str, calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "counting_metrics.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    config = tfma_metric_config(f"counting_metrics.{name}", is_flat=True)
    assert value_of(config) == (calls, calls)


def test_group_is_taken_apart_into_examples() -> None:
    predictions = {
        "candidate": np.array([0.9, 0.2], np.float32),
        "baseline": np.array([[0.5, 0.5], [0.4, 0.6]], np.float32),
    }
    extracts = to_extracts(Group((), np.array([1, 0]), predictions, np.arange(2), 2, (0, 0)))
    assert extracts[tfma.SLICE_KEY_TYPES_KEY] == [()]
    first, second = Unbatch().process(extracts)
    assert first.get_labels().tolist() == [1]
    assert first.get_predictions("candidate").shape == (1,)
    assert second.get_predictions("baseline") == pytest.approx([0.4, 0.6])


@pytest.mark.parametrize("is_flat", [True, False])
def test_class_of_tfma_is_computed_by_weight(is_flat: bool) -> None:
    """Whether it is given groups or single examples."""
    weights = RNG.exponential(size=len(LABELS))
    path = "tensorflow_model_analysis.metrics.MeanLabel"
    assert counts_weights(path)
    groups = [dataclasses.replace(group(rows), counted=Counted(weights[rows])) for rows in GROUPS]
    value, _ = value_of(tfma_metric_config(path, is_flat), groups, weighted=True)
    assert value == pytest.approx(np.average(LABELS, weights=weights), rel=1e-6)
    unweighted, _ = value_of(tfma_metric_config(path, is_flat), groups)
    assert unweighted == pytest.approx(LABELS.mean())


def test_class_without_weights_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weightless_metrics.py").write_text(
        OWN + "\nimport keras\nclass Weightless(keras.metrics.Mean):\n"
        "    def update_state(self, y_true, y_pred): super().update_state(y_pred)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not counts_weights("weightless_metrics.Single")
    assert not counts_weights("weightless_metrics.Weightless")
    assert counts_weights("keras.metrics.BinaryAccuracy")
    assert counts_weights("tf_keras.losses.MeanSquaredError")
    state = update_keras("weightless_metrics.Weightless", LABELS, PREDICTIONS, PREDICTIONS)
    assert state.result() == pytest.approx(PREDICTIONS.mean())
