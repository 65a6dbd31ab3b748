"""What was measured on each slice, as plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tfline.metrics.slices import SliceKey, SliceValue

OVERALL = "overall"

MetricKey = tuple[str, int | None]
"""A metric, and the class that its value is of; None if it is one number."""

ValueNames = Mapping[str, Mapping[str, str]]
"""By feature, what its values are called: ``{"label": {"9": "Ankle boot"}}``."""


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
class Spread:
    """How much a value would vary if other examples had been drawn, as its resamples say.

    Attributes:
        error: Standard error.
        low: Lower end of the percentile interval (Efron, 1979), expanded if few examples decide:
            it consists of values that resamples had, so it never leaves the range of a metric.
        high: Upper end.
    """

    error: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Uncertainty:
    """How far a value on a slice may be off.

    Attributes:
        candidate: The spread of the candidate's value; None if resamples do not tell.
        difference: That of its difference to the baseline's, paired by example.
        hits: If the metric is a share of independent examples, those that it counts.
        trials: Those that it counts them among.
        won: If the examples are the same for both models, those that only the candidate has right.
        lost: Those that only the baseline has right.
        pieces: How many independent examples of equal weight say as much; None: many.
    """

    candidate: Spread | None = None
    difference: Spread | None = None
    hits: int | None = None
    trials: int | None = None
    won: int | None = None
    lost: int | None = None
    pieces: float | None = None


@dataclasses.dataclass(frozen=True)
class SliceResult:
    """What was measured on a slice.

    Attributes:
        key: Features with their values; empty: all examples.
        candidate: The metrics of the model.
        baseline: Those of the baseline, on the same examples; None: there is no baseline.
        uncertainty: How far the values may be off; the user's own metrics have none.
        labelled: Of a task with classes, the number of examples of each; else empty.
        units: See `SliceDoubt`.
        names: What values of a feature are called, if not by themselves.
    """

    key: SliceKey
    candidate: Measures
    baseline: Measures | None = None
    uncertainty: Mapping[MetricKey, Uncertainty] = dataclasses.field(default_factory=dict)
    labelled: tuple[int, ...] = ()
    units: int | None = None
    names: ValueNames = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        """For example ``payment_type=Cash, hour=3``; classes by their names."""
        parts = (f"{feature}={self._name(feature, value)}" for feature, value in self.key)
        return ", ".join(parts) or OVERALL

    def _name(self, feature: str, value: SliceValue) -> str:
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return self.names.get(feature, {}).get(text, text)

    @property
    def count(self) -> int:
        """The number of examples."""
        return int(self.candidate.numbers["example_count"])


@dataclasses.dataclass(frozen=True)
class SliceDoubt:
    """What is known of a slice beside its values.

    Attributes:
        uncertainty: How far each value may be off.
        labelled: Of a task with classes, the number of examples of each; else empty.
        units: Of examples that belong together in units (customers, sessions), their number, up to
            1,000; None: each example stands for itself.
    """

    uncertainty: dict[MetricKey, Uncertainty] = dataclasses.field(default_factory=dict)
    labelled: tuple[int, ...] = ()
    units: int | None = None


def read_results(
    records: Iterable[Any],
    doubts: Mapping[SliceKey, SliceDoubt] | None = None,
    names: ValueNames | None = None,
) -> list[SliceResult]:
    """Reads what TFMA wrote.

    Args:
        records: tfma MetricsForSlice protos.
        doubts: By slice, what is known of it beside its values.
        names: What values of a feature are called, if not by themselves.

    Returns:
        The results; overall first, then by feature and from the largest slice to the smallest.
    """
    results = []
    for result in map(_slice_result, records):
        doubt = (doubts or {}).get(result.key, SliceDoubt())
        results.append(
            dataclasses.replace(
                result,
                uncertainty=doubt.uncertainty,
                labelled=doubt.labelled,
                units=doubt.units,
                names=names or {},
            )
        )
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
