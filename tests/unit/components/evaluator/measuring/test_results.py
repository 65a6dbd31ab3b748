"""From TFMA's records to plain values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tfx  # noqa: F401 - before TFMA

from tfline.components.evaluator.measuring.results import SliceResult, read_results

from tensorflow_model_analysis.metrics import metric_types  # isort: skip
from tensorflow_model_analysis.writers import metrics_plots_and_validations_writer  # isort: skip


def record(slice_key: Any, **models: dict[Any, Any]) -> Any:
    """Returns the record of a slice, as TFMA writes it."""
    metrics = {
        metric_types.MetricKey(name, model_name=model, sub_key=sub_key): value
        for model, values in models.items()
        for (name, sub_key), value in values.items()
    }
    return metrics_plots_and_validations_writer.convert_slice_metrics_to_proto(
        (slice_key, metrics), add_metrics_callbacks=None
    )


def counted(slice_key: Any, count: int) -> Any:
    return record(slice_key, **{"": {("example_count", None): count}})


def test_record_is_read_by_model_and_kind() -> None:
    first, second = metric_types.SubKey(class_id=0), metric_types.SubKey(class_id=1)
    candidate = {
        ("auc", None): 0.5,
        ("recall", second): 0.2,
        ("recall", first): float("nan"),
        ("confusion_matrix", None): np.array([[1, 2], [3, 4]]),
        ("example_count", None): 10,
        ("comment", None): "neither number nor array",
    }
    (result,) = read_results([record((), candidate=candidate, baseline={("auc", None): 0.4})])
    assert result.candidate.numbers == {"auc": 0.5, "example_count": 10.0}
    assert result.candidate.by_class["recall"] == {
        0: pytest.approx(float("nan"), nan_ok=True),
        1: 0.2,
    }
    assert result.candidate.matrices == {"confusion_matrix": [[1, 2], [3, 4]]}
    assert result.baseline is not None
    assert result.baseline.numbers == {"auc": 0.4}
    assert (result.label, result.count) == ("overall", 10)


def test_results_are_ordered_by_feature_and_size() -> None:
    keys: list[tuple[Any, int]] = [
        ((("pay", "cash"), ("hour", 1)), 9),
        ((("pay", "cash"),), 3),
        ((("pay", "card"),), 7),
        ((), 10),
        ((("hour", 1),), 10),
    ]
    results = read_results(counted(key, count) for key, count in keys)
    assert [result.label for result in results] == [
        "overall",
        "hour=1",
        "pay=card",
        "pay=cash",
        "pay=cash, hour=1",
    ]


@pytest.mark.parametrize(
    ("value", "label"), [("Taxi Co", "x=Taxi Co"), (7, "x=7"), (float(np.float32(1.1)), "x=1.1")]
)
def test_label_shows_the_value(value: Any, label: str) -> None:
    (result,) = read_results([counted((("x", value),), 1)])
    assert isinstance(result, SliceResult)
    assert result.label == label
    assert type(result.key[0][1]) is type(value)
