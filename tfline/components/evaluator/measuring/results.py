"""What was measured on each slice, as plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tfline.components.evaluator.reading.slices import SliceKey

OVERALL = "overall"

MetricKey = tuple[str, int | None]
"""A metric, and the class that its value is of; None if it is one number."""


@dataclasses.dataclass(frozen=True)
class Measures:
    """The metrics of one model on one slice; NaN where a metric is not defined.

    Attributes:
        numbers: Metrics that are one number.
        by_class: Metrics with a value for each class, by its index.
        matrices: Metrics with a value for each pair of classes.
    """

    numbers: dict[str, float] = dataclasses.field(default_factory=dict)
    by_class: dict[str, dict[int, float]] = dataclasses.field(default_factory=dict)
    matrices: dict[str, list[list[int]]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Uncertainty:
    """How far a value on a slice may be off.

    Attributes:
        error: Standard error of the candidate's value; None if resamples do not tell.
        baseline_error: That of the baseline's value.
        difference_error: That of their difference, paired by example.
        hits: If the metric is a share of examples, those that it counts.
        trials: Those that it counts them among.
        won: If the examples are the same for both models, those that only the candidate has right.
        lost: Those that only the baseline has right.
    """

    error: float | None = None
    baseline_error: float | None = None
    difference_error: float | None = None
    hits: int | None = None
    trials: int | None = None
    won: int | None = None
    lost: int | None = None


@dataclasses.dataclass(frozen=True)
class SliceResult:
    """What was measured on a slice.

    Attributes:
        key: Features with their values; empty: all examples.
        candidate: The metrics of the model.
        baseline: Those of the baseline, on the same examples; None: there is no baseline.
        uncertainty: How far the values may be off; the user's own metrics have none.
    """

    key: SliceKey
    candidate: Measures
    baseline: Measures | None = None
    uncertainty: Mapping[MetricKey, Uncertainty] = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        """For example ``payment_type=Cash, hour=3``."""
        parts = (
            f"{feature}={value:g}" if isinstance(value, float) else f"{feature}={value}"
            for feature, value in self.key
        )
        return ", ".join(parts) or OVERALL

    @property
    def count(self) -> int:
        """The number of examples."""
        return int(self.candidate.numbers["example_count"])


def read_results(
    records: Iterable[Any],
    uncertainty: Mapping[SliceKey, Mapping[MetricKey, Uncertainty]] | None = None,
) -> list[SliceResult]:
    """Reads what TFMA wrote.

    Args:
        records: tfma MetricsForSlice protos.
        uncertainty: That of the values of each slice.

    Returns:
        The results; overall first, then by feature and from the largest slice to the smallest.
    """
    results = [
        dataclasses.replace(result, uncertainty=(uncertainty or {}).get(result.key, {}))
        for result in map(_slice_result, records)
    ]
    return sorted(
        results,
        key=lambda result: (
            len(result.key),
            [feature for feature, _ in result.key],
            -result.count,
            result.label,
        ),
    )


def _slice_result(record: Any) -> SliceResult:
    key = tuple((part.column, _slice_value(part)) for part in record.slice_key.single_slice_keys)
    models: dict[str, Measures] = {}
    for entry in record.metric_keys_and_values:
        if not entry.key.is_diff:
            _add(models.setdefault(entry.key.model_name, Measures()), entry)
    baseline = models.pop("baseline", None)
    (candidate,) = models.values()
    return SliceResult(key, candidate, baseline)


def _slice_value(part: Any) -> str | int | float:
    value = getattr(part, part.WhichOneof("kind"))
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _add(measures: Measures, entry: Any) -> None:
    """Adds a MetricKeyAndValue. Other kinds, such as plots, are only in TFMA's files."""
    name, kind = entry.key.name, entry.value.WhichOneof("type")
    if kind == "array_value":
        array = entry.value.array_value
        if len(array.shape) == 2:
            matrix = np.reshape(array.int64_values or array.float64_values, tuple(array.shape))
            measures.matrices[name] = matrix.tolist()
    elif kind == "double_value" and entry.key.sub_key.HasField("class_id"):
        of_classes = measures.by_class.setdefault(name, {})
        of_classes[entry.key.sub_key.class_id.value] = entry.value.double_value.value
    elif kind == "double_value":
        measures.numbers[name] = entry.value.double_value.value
