"""Metrics of Keras 3 and Keras 2 over groups, against Keras over all examples at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tfx  # noqa: F401 - before TFMA

from tfline.components.evaluator.measuring.keras_state import update_keras
from tfline.components.evaluator.measuring.own_metrics import load_metric

RNG = np.random.default_rng(3)
LABELS = RNG.integers(0, 2, 60)
PREDICTIONS = RNG.random(60).astype(np.float32)


def merged(name: str) -> Any:
    """Returns the value of a metric of two groups that were seen by different workers."""
    first, second = (
        update_keras(name, LABELS[part], PREDICTIONS[part])
        for part in (slice(0, 13), slice(13, None))
    )
    return (first + second).result()


@pytest.mark.parametrize(
    "name",
    [
        "keras.metrics.BinaryAccuracy",
        "keras.metrics.AUC",
        "keras.metrics.R2Score",
        "tf_keras.metrics.BinaryAccuracy",
        "tf_keras.metrics.AUC",
    ],
)
def test_metric_merged_from_groups_equals_keras(name: str) -> None:
    expected = load_metric(name)()
    expected.update_state(LABELS[:, None], PREDICTIONS[:, None])
    assert merged(name) == pytest.approx(float(expected.result()), rel=1e-5)


def test_loss_is_its_mean_over_the_examples() -> None:
    errors = np.abs(PREDICTIONS - LABELS).astype(np.float64)
    assert merged("tf_keras.losses.Huber") == pytest.approx((errors**2 / 2).mean(), rel=1e-5)


def test_metric_of_several_classes_takes_all_probabilities() -> None:
    predictions = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5]], np.float32)
    state = update_keras("keras.metrics.SparseCategoricalAccuracy", np.array([0, 1]), predictions)
    assert state.result() == 0.5
