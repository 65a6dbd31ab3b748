"""The data: counts, every raw feature in every split, drift between splits, anomalies."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from tensorflow_metadata.proto.v0.statistics_pb2 import FeatureNameStatistics

from tfline.components.evaluator.evidence.evidence_file import Associations
from tfline.components.example_validator.anomaly import read_anomalies
from tfline.components.example_validator.checks import expectation_anomalies, schema_anomalies
from tfline.components.example_validator.config import Expectation
from tfline.metrics.divergence import jensen_shannon
from tfline.metrics.slice_by import SliceBy
from tfline.pipelines.report.collect.histograms import (
    shared_bins,
    shares,
    value_counts,
)
from tfline.pipelines.report.collect.places import Places, find_places
from tfline.pipelines.report.run_files import RunFiles
from tfline.pipelines.run.parts import find_setting

MAX_VALUES = 8
"""Values of a category that are shown; the others are one bar."""

LEAST_SHOWN = 0.05
"""Share of the records that have one of these values; where fewer have, nearly all differ."""

ROUNDING = 1e-9
"""A share that is below this is none."""

DRIFTED = 0.1
"""Divergence from which two splits are called different."""

BYTES = "__BYTES_VALUE__"
"""TFDV's stand-in for a value that is no text."""


@dataclasses.dataclass(frozen=True)
class Bars:
    """A distribution, in each split.

    Attributes:
        labels: Of each bar: a value, or the bounds of a bin.
        shares: By split, the share of each bar.
        edges: Bounds of the bins, one more than bars; empty for values.
    """

    labels: tuple[str, ...]
    shares: dict[str, tuple[float, ...]]
    edges: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class SplitFeature:
    """A raw feature in one split; a number is None where it does not apply.

    Attributes:
        present: Records that have it.
        missing: Share of the records that lack it.
        mean: Of numbers.
        deviation: Of numbers.
        low: Smallest number.
        median: Of numbers.
        high: Largest number.
        distinct: Different values of a string.
    """

    present: int
    missing: float
    mean: float | None = None
    deviation: float | None = None
    low: float | None = None
    median: float | None = None
    high: float | None = None
    distinct: int | None = None


@dataclasses.dataclass(frozen=True)
class RawFeature:
    """A raw feature.

    Attributes:
        name: Its key.
        kind: Its type in the records.
        role: What the spec uses it for.
        splits: By split.
        bars: Its distribution; None if it has none that can be shown.
        drift: Jensen-Shannon divergence of train and eval, 0 to 1; None: not comparable.
    """

    name: str
    kind: str
    role: Literal["label", "feature", "slice", "unused"]
    splits: dict[str, SplitFeature]
    bars: Bars | None
    drift: float | None


@dataclasses.dataclass(frozen=True)
class DataSection:
    """The data.

    Attributes:
        records: By split.
        features: The label first, then those that are used, then the others.
        anomalies: In words, with the severity of each.
        associations: How closely features go together; None if that was not computed.
        drifted: `DRIFTED`.
        places: Where records are; None if nothing says it.
    """

    records: dict[str, int]
    features: tuple[RawFeature, ...]
    anomalies: tuple[tuple[str, str], ...]
    associations: Associations | None
    drifted: float = DRIFTED
    places: Places | None = None

    @property
    def columns(self) -> frozenset[str]:
        """What is known of one feature at least: names of `SplitFeature`'s attributes."""
        splits = [split for feature in self.features for split in feature.splits.values()]
        return frozenset(
            name for split in splits for name, x in vars(split).items() if x is not None
        )


def collect(files: RunFiles) -> DataSection | None:
    """Returns the data; None if the run has no statistics of it."""
    if not files.statistics:
        return None
    roles = _roles(files.spec)
    by_key: dict[str, dict[str, Any]] = {}
    for split, dataset in files.statistics.items():
        for stats in dataset.features:
            by_key.setdefault(_key(stats), {})[split] = stats
    records = {split: int(dataset.num_examples) for split, dataset in files.statistics.items()}
    features = [_feature(key, stats, records, roles) for key, stats in by_key.items()]
    order = ("label", "feature", "slice", "unused")
    features.sort(key=lambda feature: order.index(feature.role))
    evidence = files.evidence
    return DataSection(
        records=records,
        features=tuple(features),
        anomalies=_anomalies(files),
        associations=evidence.associations if evidence is not None else None,
        places=find_places(files),
    )


def _key(stats: FeatureNameStatistics) -> str:
    return str(stats.name or ".".join(stats.path.step))


def _roles(spec: Mapping[str, Any]) -> dict[str, str]:
    """Returns what the spec uses each raw feature for."""
    if not spec:
        return {}
    slices = [
        SliceBy.model_validate(part) for cross in spec["evaluate"]["slices"] for part in cross
    ]
    sliced = (key for part in slices for key in part.keys)
    used = (key for feature in spec["features"] for key in feature["keys"])
    roles = {**dict.fromkeys(sliced, "slice"), **dict.fromkeys(used, "feature")}
    label = spec["label"]
    return {**roles, **dict.fromkeys(label.get("targets") or [label["key"]], "label")}


def _feature(
    key: str, by_split: Mapping[str, Any], records: Mapping[str, int], roles: Mapping[str, str]
) -> RawFeature:
    first = next(iter(by_split.values()))
    numeric = all(stats.WhichOneof("stats") == "num_stats" for stats in by_split.values())
    bars = _number_bars(by_split) if numeric else _value_bars(by_split)
    role: Any = roles.get(key, "unused")
    return RawFeature(
        name=key,
        kind=FeatureNameStatistics.Type.Name(first.type).lower(),
        role=role,
        splits={split: _split_feature(stats, records[split]) for split, stats in by_split.items()},
        bars=bars,
        drift=_drift(bars),
    )


def _split_feature(stats: Any, records: int) -> SplitFeature:
    kind = stats.WhichOneof("stats")
    common = getattr(stats, kind).common_stats
    present = int(common.num_non_missing)
    feature = SplitFeature(present=present, missing=1 - present / records if records else 0.0)
    if kind == "num_stats" and present:
        numbers = stats.num_stats
        return dataclasses.replace(
            feature,
            mean=_finite(numbers.mean),
            deviation=_finite(numbers.std_dev),
            low=_finite(numbers.min),
            median=_finite(numbers.median),
            high=_finite(numbers.max),
        )
    if kind == "string_stats":
        return dataclasses.replace(feature, distinct=int(stats.string_stats.unique))
    return feature


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _number_bars(by_split: Mapping[str, Any]) -> Bars | None:
    known = {
        split: stats
        for split, stats in by_split.items()
        if stats.num_stats.histograms
        and math.isfinite(stats.num_stats.min)
        and math.isfinite(stats.num_stats.max)
    }
    if not known:
        return None
    edges, buckets = shared_bins(known)
    return Bars(
        labels=tuple(f"{low:.6g} to {high:.6g}" for low, high in itertools.pairwise(edges)),
        shares={split: tuple(shares(found, edges).tolist()) for split, found in buckets.items()},
        edges=tuple(edges.tolist()),
    )


def _value_bars(by_split: Mapping[str, Any]) -> Bars | None:
    counts = {split: value_counts(stats) for split, stats in by_split.items()}
    first = next(iter(counts.values()))
    total = {
        split: stats.string_stats.common_stats.tot_num_values for split, stats in by_split.items()
    }
    if not first or BYTES in first or not all(total.values()):
        return None
    shown = list(first)[:MAX_VALUES]
    if sum(first[value] for value in shown) < LEAST_SHOWN * next(iter(total.values())):
        return None
    known = {
        split: tuple(found.get(value, 0.0) / total[split] for value in shown)
        for split, found in counts.items()
    }
    others = {split: max(0.0, 1 - sum(shares)) for split, shares in known.items()}
    if max(others.values()) < ROUNDING:
        return Bars(labels=tuple(shown), shares=known)
    rows = {split: (*shares, others[split]) for split, shares in known.items()}
    return Bars(labels=(*shown, "all others"), shares=rows)


def _drift(bars: Bars | None) -> float | None:
    if bars is None or not {"train", "eval"} <= bars.shares.keys():
        return None
    value = jensen_shannon(np.array(bars.shares["train"]), np.array(bars.shares["eval"]))
    return None if math.isnan(value) else max(0.0, value)


def _anomalies(files: RunFiles) -> tuple[tuple[str, str], ...]:
    """Returns severity and words of each anomaly.

    Those that ExampleValidator has written; of a run that ended before, those of what the spec
    expects.
    """
    folder = files.record.output("ExampleValidator", "anomalies")
    written = read_anomalies(folder) if folder is not None else None
    if written is not None:
        return tuple((anomaly.severity, str(anomaly)) for anomaly in written)
    found = []
    parts = files.record.parts.get("ExampleValidator", ())
    expected = find_setting(parts, "features") or ()
    expectations = [Expectation.model_validate(item) for item in expected]
    allow = files.spec.get("validation", {}).get("allow", ())
    for split, dataset in files.statistics.items():
        found += expectation_anomalies(split, dataset, expectations, allow)
    for split, anomalies in files.anomalies.items():
        found += schema_anomalies(split, anomalies)
    return tuple((anomaly.severity, str(anomaly)) for anomaly in found)
