"""The user's own metrics: found by dotted path, fed with groups or with single examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tfx  # noqa: F401 - before TFMA

from tfline.components.evaluator.measuring.custom_metrics import (
    KerasCombiner,
    Ungroup,
    custom_metric_config,
    load_metric,
)
from tfline.transforms.errors import SpecError

import keras  # isort: skip
import tensorflow_model_analysis as tfma  # isort: skip
from tensorflow_model_analysis.metrics import metric_types  # isort: skip

RNG = np.random.default_rng(3)


def keras_value(metric: type, groups: list[tuple[Any, Any]]) -> Any:
    """Returns the value of a metric of groups that were seen by different workers."""
    key = metric_types.MetricKey("own")
    combiner = KerasCombiner(metric, key)
    parts = [
        combiner.add_input(
            combiner.create_accumulator(),
            metric_types.StandardMetricInputs(
                {tfma.LABELS_KEY: labels, tfma.PREDICTIONS_KEY: predictions}
            ),
        )
        for labels, predictions in groups
    ]
    merged = combiner.merge_accumulators([combiner.create_accumulator(), *parts])
    return combiner.extract_output(merged)[key]


@pytest.mark.parametrize(
    "metric", [keras.metrics.BinaryAccuracy, keras.metrics.AUC, keras.metrics.R2Score]
)
def test_keras_metric_merged_from_groups_equals_keras(metric: type) -> None:
    labels, predictions = RNG.integers(0, 2, 60), RNG.random(60).astype(np.float32)
    expected = metric()
    expected.update_state(labels[:, None], predictions[:, None])
    groups = [(labels[:20], predictions[:20]), (labels[20:], predictions[20:])]
    assert keras_value(metric, groups) == pytest.approx(float(expected.result()), rel=1e-5)


def test_keras_metric_of_several_classes_takes_all_probabilities() -> None:
    predictions = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5]], np.float32)
    groups = [(np.array([0, 1]), predictions)]
    assert keras_value(keras.metrics.SparseCategoricalAccuracy, groups) == 0.5


def test_keras_metric_of_no_examples_is_not_defined() -> None:
    key = metric_types.MetricKey("own")
    combiner = KerasCombiner(keras.metrics.AUC, key)
    assert np.isnan(combiner.extract_output(combiner.create_accumulator())[key])


def test_group_is_taken_apart_into_examples() -> None:
    group = {
        tfma.LABELS_KEY: np.array([1, 0]),
        tfma.PREDICTIONS_KEY: {
            "candidate": np.array([0.9, 0.2], np.float32),
            "baseline": np.array([[0.5, 0.5], [0.4, 0.6]], np.float32),
        },
    }
    first, second = Ungroup().process(group)
    assert first.get_labels().tolist() == [1]
    assert first.get_predictions("candidate").shape == (1,)
    assert second.get_predictions("baseline") == pytest.approx([0.4, 0.6])


@pytest.mark.parametrize(
    "name",
    [
        "keras.metrics.AUC",
        "tf_keras.metrics.BinaryAccuracy",
        "tf_keras.losses.Huber",
        "tensorflow_model_analysis.metrics.calibration.MeanLabel",
    ],
)
def test_metric_class_is_found_by_its_dotted_path(name: str) -> None:
    assert load_metric(name).__name__ == name.rpartition(".")[2]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_project.Cost", "cannot be imported: No module named 'no_project'"),
        ("keras.metrics.NoSuch", "cannot be imported"),
        ("math.pi", "'math.pi' is no metric"),
        ("keras.Model", "'keras.Model' is no metric"),
    ],
)
def test_dotted_path_of_no_metric_is_refused(name: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        custom_metric_config(name, "binary")


def test_metric_derived_from_one_that_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "argmax_metrics.py").write_text(
        "import keras\nclass Mine(keras.metrics.SparseCategoricalAccuracy):\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    custom_metric_config("argmax_metrics.Mine", "multiclass")
    with pytest.raises(SpecError, match="does not fit a binary task: SparseCategoricalAccuracy"):
        custom_metric_config("argmax_metrics.Mine", "binary")
