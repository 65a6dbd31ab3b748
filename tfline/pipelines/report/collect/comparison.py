"""Two runs side by side: what differs in the spec, the sources, the data and the metrics."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfline.metrics.divergence import jensen_shannon
from tfline.pipelines.report.collect import model as model_section
from tfline.pipelines.report.collect import slices as slices_section
from tfline.pipelines.report.collect import verdict as verdict_section
from tfline.pipelines.report.collect.histograms import shared_bins, shares, value_counts
from tfline.pipelines.report.collect.verdict import VerdictSection, is_better
from tfline.pipelines.report.run_files import RunFiles
from tfline.pipelines.run.parts import changes, settings
from tfline.pipelines.run.records import RunRecord

MAX_METRICS = 4
"""Metrics of a slice that are shown, three columns each."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """A metric of a slice in both runs.

    Attributes:
        before: None: not measured, or not defined.
        after: Likewise.
        change: ``after - before``.
        better: Whether it became better; None: it did not change, or it cannot be told.
    """

    before: float | None
    after: float | None
    change: float | None
    better: bool | None


@dataclasses.dataclass(frozen=True)
class SliceDifference:
    """A slice in both runs.

    Attributes:
        label: Its features and values.
        records: How many there are in each run; None: the run has no such slice.
        metrics: By name.
    """

    label: str
    records: tuple[int | None, int | None]
    metrics: dict[str, Difference]


@dataclasses.dataclass(frozen=True)
class ComparisonPage:
    """Two runs.

    Attributes:
        runs: Their records.
        verdicts: Their verdicts.
        spec: Path in the spec to both values, where these differ.
        others: What else differs, by component: sources, data files, packages.
        records: Split to its number of records in both runs.
        drifts: Raw feature to the divergence of its train splits, the largest first.
        metrics: Columns of the slices.
        slices: The overall one first.
        curves: Metric to its values in validation in both runs, an epoch each.
        seconds: Component to its time in both runs; None: cached, or not run.
    """

    runs: tuple[RunRecord, RunRecord]
    verdicts: tuple[VerdictSection, VerdictSection]
    spec: dict[str, tuple[str, str]]
    others: dict[str, tuple[str, ...]]
    records: dict[str, tuple[int | None, int | None]]
    drifts: dict[str, float]
    metrics: tuple[str, ...]
    slices: tuple[SliceDifference, ...]
    curves: dict[str, tuple[tuple[float, ...], tuple[float, ...]]]
    seconds: dict[str, tuple[float | None, float | None]]


def collect(before: RunFiles, after: RunFiles) -> ComparisonPage:
    """Returns what differs between two runs."""
    metrics, slices = _slices(before, after)
    return ComparisonPage(
        runs=(before.record, after.record),
        verdicts=(verdict_section.collect(before), verdict_section.collect(after)),
        spec=_spec(before.spec, after.spec),
        others=_others(before.record, after.record),
        records=_pairs(_records(before), _records(after)),
        drifts=_drifts(before, after),
        metrics=metrics,
        slices=slices,
        curves=_pairs_of_curves(before, after),
        seconds=_pairs(_seconds(before.record), _seconds(after.record)),
    )


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Returns both values of each key; None where there is none."""
    return {key: (before.get(key), after.get(key)) for key in dict.fromkeys([*before, *after])}


def _spec(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Returns the leaves of the specs that differ; a feature is found by its name."""
    leaves = []
    for spec in (before, after):
        features = {feature["name"]: feature for feature in spec.get("features", ())}
        named = {**spec, "features": features}
        leaves.append(
            {
                part.name.removeprefix("spec."): part.value
                for part in settings("spec", named)
                if part.name not in ("spec.features", "spec.card")
            }
        )
    pairs = _pairs(*leaves)
    return {
        name: (old or "", new or "") for name, (old, new) in sorted(pairs.items()) if old != new
    }


def _others(before: RunRecord, after: RunRecord) -> dict[str, tuple[str, ...]]:
    found = {}
    for component in after.parts:
        kept = tuple(
            str(change)
            for change in changes(before.parts.get(component, ()), after.parts[component])
            if change.part.kind != "setting" or change.part.name == "baseline"
        )
        if kept:
            found[component] = kept
    return found


def _records(files: RunFiles) -> dict[str, int]:
    return {split: int(data.num_examples) for split, data in files.statistics.items()}


def _seconds(record: RunRecord) -> dict[str, float]:
    return {name: c.seconds for name, c in record.components.items() if not c.cached}


def _drifts(before: RunFiles, after: RunFiles) -> dict[str, float]:
    """Returns how far the train splits are apart; nothing if both runs had the same statistics."""
    folders = [files.record.output("StatisticsGen", "statistics") for files in (before, after)]
    if folders[0] == folders[1] or not all("train" in f.statistics for f in (before, after)):
        return {}
    old, new = (
        {stats.path.step[0]: stats for stats in files.statistics["train"].features}
        for files in (before, after)
    )
    drifts = {key: _drift(old[key], new[key]) for key in old.keys() & new.keys()}
    known = {key: drift for key, drift in drifts.items() if not math.isnan(drift)}
    return dict(sorted(known.items(), key=lambda item: (-item[1], item[0])))


def _drift(old: Any, new: Any) -> float:
    pair = {"before": old, "after": new}
    if all(stats.WhichOneof("stats") == "num_stats" for stats in pair.values()):
        if not all(stats.num_stats.histograms for stats in pair.values()):
            return math.nan
        edges, buckets = shared_bins(pair)
        return jensen_shannon(shares(buckets["before"], edges), shares(buckets["after"], edges))
    counts = [value_counts(stats) for stats in pair.values()]
    values = list(dict.fromkeys([*counts[0], *counts[1]]))
    weights = [np.array([found.get(value, 0.0) for value in values]) for found in counts]
    return jensen_shannon(weights[0], weights[1])


def _slices(
    before: RunFiles, after: RunFiles
) -> tuple[tuple[str, ...], tuple[SliceDifference, ...]]:
    sections = [slices_section.collect(files) for files in (before, after)]
    metrics = dict.fromkeys(name for section in sections if section for name in section.metrics)
    chosen = tuple(metrics)[:MAX_METRICS]
    rows = [{row.label: row for row in section.rows} if section else {} for section in sections]
    found = []
    for label, (old, new) in _pairs(*rows).items():
        found.append(
            SliceDifference(
                label=label,
                records=(old.records if old else None, new.records if new else None),
                metrics={
                    name: _difference(
                        name,
                        old.values.get(name) if old else None,
                        new.values.get(name) if new else None,
                    )
                    for name in chosen
                },
            )
        )
    return chosen, tuple(found)


def _difference(metric: str, before: float | None, after: float | None) -> Difference:
    change = after - before if before is not None and after is not None else None
    return Difference(before, after, change, is_better(metric, after, before))


def _pairs_of_curves(
    before: RunFiles, after: RunFiles
) -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    sections = [model_section.collect(files) for files in (before, after)]
    if sections[0] is None or sections[1] is None:
        return {}
    old, new = sections[0].curves, sections[1].curves
    return {name: (old[name][1], new[name][1]) for name in old if name in new}
