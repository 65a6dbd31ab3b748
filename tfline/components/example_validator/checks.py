"""Anomalies: what the statistics show that the schema or the spec does not allow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import FeatureNameStatistics as FeatureStats

from tfline.components.artifacts.statistics import common_statistics, feature_key
from tfline.components.example_validator.anomaly import Anomaly
from tfline.components.example_validator.config import Check, Expectation
from tfline.transforms.errors import did_you_mean
from tfline.transforms.value_counts import HINTS, ValueCount, count_problem


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
        needed = expected.role == "label" and not expected.may_lack
        constant_matters = expected.role == "feature" and split == "train"
        problems = {
            "type": _type_problem(expected, stats),
            "length": _length_problem(expected, stats),
            "nan": _nan_problem(stats) if expected.role != "slice" else "",
            "infinite": _infinite_problem(stats) if expected.role != "slice" else "",
            "precision": _precision_problem(expected, stats),
            "constant": _constant_problem(stats, dataset) if constant_matters else "",
            "missing_label": _missing_problem(stats, dataset) if needed else "",
        }
        found += [
            Anomaly(split, expected.key, text, hint=_hint(check, expected))
            for check, text in problems.items()
            if text and check not in allow
        ]
    return found


EXACT = 2**53
"""Up to here every integer is a number of float64."""


def _hint(check: str, expected: Expectation) -> str:
    if check == "length":
        return HINTS[expected.role, expected.values]
    return _HINTS[check]


_HINTS = {
    "type": "Use a transform for this type, or mend the data.",
    "nan": "Leave the feature out of such records, or `validation: {allow: [nan]}`.",
    "infinite": "Leave the feature out of such records, or `validation: {allow: [infinite]}`.",
    "precision": "Ids: `integer_lookup` or `hashing`. Times: `datetime`, or a coarser unit.",
    "constant": "Take it out of the spec, or `validation: {allow: [constant]}`.",
    "missing_label": "Leave these records out of the data, or `validation: {allow: "
    "[missing_label]}`: they are then left out of training and evaluation.",
}


def _present(stats: FeatureStats) -> int:
    return int(common_statistics(stats).num_non_missing)


def _type_problem(expected: Expectation, stats: FeatureStats) -> str:
    found = FeatureStats.Type.Name(stats.type)
    numeric = stats.type in (FeatureStats.INT, FeatureStats.FLOAT)
    if expected.kind == "number" and not numeric:
        return f"{found} in {_present(stats):,} records, but its transform takes numbers"
    if expected.kind == "bytes" and numeric:
        return f"{found} in {_present(stats):,} records, but its transform takes bytes"
    return ""


def _length_problem(expected: Expectation, stats: FeatureStats) -> str:
    common = common_statistics(stats)
    found = ValueCount(common.min_num_values, common.max_num_values)
    problem = count_problem(found, expected.values)
    return f"holds {found}, but it takes {problem}" if problem else ""


def _nan_problem(stats: FeatureStats) -> str:
    count = max((h.num_nan for h in stats.num_stats.histograms), default=0)
    return f"{count:,} values are NaN" if count else ""


def _infinite_problem(stats: FeatureStats) -> str:
    low, high = stats.num_stats.min, stats.num_stats.max
    if not (math.isinf(low) or math.isinf(high)):
        return ""
    return f"infinite values among {_present(stats):,} (min={low}, max={high})"


def _precision_problem(expected: Expectation, stats: FeatureStats) -> str:
    if stats.type != FeatureStats.INT or expected.kind != "number":
        return ""
    largest = max(stats.num_stats.max, -stats.num_stats.min)
    if largest <= EXACT:
        return ""
    return f"integers of up to {largest:.0f}, of which numbers hold no more than {EXACT} exactly"


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
