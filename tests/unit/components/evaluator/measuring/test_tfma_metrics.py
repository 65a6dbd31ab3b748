"""Metrics of TFMA: groups where they can be read as such, examples where they cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tfx  # noqa: F401 - before TFMA

from tfline.components.evaluator.measuring.tfma_metrics import (
    Unbatch,
    tfma_metric_config,
    to_extracts,
)
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


def value_of(config: config_pb2.MetricConfig) -> tuple[float, int]:
    """Returns the value of a metric over `GROUPS`, and how often its combiners were called."""
    spec = config_pb2.MetricsSpec(metrics=[config])
    values: dict[metric_types.MetricKey, Any] = {}
    calls = 0
    for computation in metric_specs.to_computations([spec], config_pb2.EvalConfig()):
        if not isinstance(computation, metric_types.MetricComputation):
            values |= computation.result(values)
            continue
        state = computation.combiner.create_accumulator()
        for rows in GROUPS:
            inputs: list[Any] = [to_extracts(group(rows))]
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
