"""Anomalies: what the statistics show that the schema or the spec does not allow."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Literal

from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import FeatureNameStatistics as FeatureStats

from tfline.components.artifacts.statistics import feature_key
from tfline.components.example_validator.config import Check, Expectation
from tfline.transforms.errors import did_you_mean


@dataclasses.dataclass(frozen=True)
class Anomaly:
    """Something about one feature of one split that is not as it should be."""

    split: str
    feature: str
    text: str
    severity: Literal["error", "warning"] = "error"
    hint: str = ""

    def stops(self, least: str) -> bool:
        """Tells whether the run stops for it when `least` is the least severity that stops."""
        return least == "warning" or (least == "error" and self.severity == "error")

    def __str__(self) -> str:
        return f"{self.feature or 'the data set'} ({self.split} split): {self.text}"


def schema_anomalies(split: str, anomalies: anomalies_pb2.Anomalies) -> list[Anomaly]:
    """Returns TFDV's anomalies of one split, a reason each."""
    found = []
    for feature, info in sorted(anomalies.anomaly_info.items()):
        warning = info.severity == anomalies_pb2.AnomalyInfo.WARNING
        for reason in info.reason:
            text = f"{reason.short_description}: {reason.description}".strip(": ")
            found.append(Anomaly(split, feature, text, "warning" if warning else "error"))
    whole = anomalies.dataset_anomaly_info.reason
    return found + [Anomaly(split, "", reason.description) for reason in whole]


def expectation_anomalies(
    split: str,
    dataset: statistics_pb2.DatasetFeatureStatistics,
    expectations: Iterable[Expectation],
    allow: Sequence[Check],
) -> list[Anomaly]:
    """Returns what contradicts the spec in the statistics of one split.

    Args:
        split: Its name.
        dataset: Its statistics.
        expectations: What the spec says of each raw feature.
        allow: Checks that are left out.
    """
    by_key = {feature_key(feature): feature for feature in dataset.features}
    found = []
    for expected in expectations:
        stats = by_key.get(expected.key)
        if stats is None or _present(stats) == 0:
            if "absent" not in allow:
                others = [key for key, other in by_key.items() if _present(other)]
                text = f"absent from all {dataset.num_examples:,} records"
                hint = did_you_mean(expected.key, others)
                found.append(Anomaly(split, expected.key, f"{expected.role} {text}", hint=hint))
            continue
        constant_matters = expected.role == "feature" and split == "train"
        problems = {
            "type": _type_problem(expected, stats),
            "nan": _nan_problem(stats) if expected.role != "slice" else "",
            "infinite": _infinite_problem(stats) if expected.role != "slice" else "",
            "constant": _constant_problem(stats, dataset) if constant_matters else "",
            "missing_label": _missing_problem(stats, dataset) if expected.role == "label" else "",
        }
        found += [
            Anomaly(split, expected.key, text, hint=_HINTS[check])
            for check, text in problems.items()
            if text and check not in allow
        ]
    return found


_HINTS = {
    "type": "Use a transform for this type, or mend the data.",
    "nan": "Leave the feature out of such records, or `validation: {allow: [nan]}`.",
    "infinite": "Leave the feature out of such records, or `validation: {allow: [infinite]}`.",
    "constant": "Take it out of the spec, or `validation: {allow: [constant]}`.",
    "missing_label": "Leave these records out of the data.",
}


def _common(stats: FeatureStats) -> statistics_pb2.CommonStatistics:
    kind = stats.WhichOneof("stats")
    if kind == "num_stats":
        return stats.num_stats.common_stats
    if kind == "bytes_stats":
        return stats.bytes_stats.common_stats
    return stats.string_stats.common_stats


def _present(stats: FeatureStats) -> int:
    return int(_common(stats).num_non_missing)


def _type_problem(expected: Expectation, stats: FeatureStats) -> str:
    found = FeatureStats.Type.Name(stats.type)
    numeric = stats.type in (FeatureStats.INT, FeatureStats.FLOAT)
    if expected.kind == "number" and not numeric:
        return f"{found} in {_present(stats):,} records, but its transform takes numbers"
    if expected.kind == "bytes" and numeric:
        return f"{found} in {_present(stats):,} records, but its transform takes bytes"
    return ""


def _nan_problem(stats: FeatureStats) -> str:
    count = max((h.num_nan for h in stats.num_stats.histograms), default=0)
    return f"{count:,} values are NaN" if count else ""


def _infinite_problem(stats: FeatureStats) -> str:
    low, high = stats.num_stats.min, stats.num_stats.max
    if not (math.isinf(low) or math.isinf(high)):
        return ""
    return f"infinite values among {_present(stats):,} (min={low}, max={high})"


def _constant_problem(stats: FeatureStats, dataset: statistics_pb2.DatasetFeatureStatistics) -> str:
    present = _present(stats)
    if present < max(2, int(dataset.num_examples)):
        return ""  # where it is missing, its presence tells something
    if stats.WhichOneof("stats") == "num_stats":
        if stats.num_stats.min == stats.num_stats.max:
            return f"constant: {stats.num_stats.min:g} in all {present:,} records"
    elif stats.string_stats.unique == 1:
        values = stats.string_stats.top_values
        value = repr(values[0].value) if values else "one value"
        return f"constant: {value} in all {present:,} records"
    return ""


def _missing_problem(stats: FeatureStats, dataset: statistics_pb2.DatasetFeatureStatistics) -> str:
    missing = int(dataset.num_examples) - _present(stats)
    return f"missing in {missing:,} of {dataset.num_examples:,} records" if missing else ""
