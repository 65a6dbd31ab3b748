"""Metrics by slice, with what the live model reaches, and intervals where there are some."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfline.pipelines.report.intervals import wilson
from tfline.pipelines.report.run_files import RunFiles
from tfline.tasks.table import find_task

FIRST = ("accuracy", "precision", "recall", "f1", "auc", "macro_f1", "rmse", "mae", "r2")
"""Metrics that come first in the table, after those that decide."""

MAX_METRICS = 8

SHARES = ("accuracy",)
"""Metrics that are a share of a slice's records, so that its size gives their interval."""

Interval = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class SliceRow:
    """A slice.

    Attributes:
        label: Its features and values.
        records: How many there are.
        small: Whether there are too few for it to decide.
        values: Metric to its value; None: not defined.
        baselines: Metric to what the live model reaches.
        intervals: Metric to its interval, where there is one.
    """

    label: str
    records: int
    small: bool
    values: dict[str, float | None]
    baselines: dict[str, float | None]
    intervals: dict[str, Interval]


@dataclasses.dataclass(frozen=True)
class SlicesSection:
    """The slices.

    Attributes:
        rows: The overall slice first.
        metrics: Columns of the table.
        plotted: Metrics that have a figure.
        bounds: Metric to what it has to reach, overall and on slices.
        smallest: Records that a slice needs to decide.
        confidence: Of the intervals.
        part: What `parts` are: ``class``, ``step`` of a forecast, or ``output``.
        parts: Part of the label to metric to value, over all records; empty if it has one part.
    """

    rows: tuple[SliceRow, ...]
    metrics: tuple[str, ...]
    plotted: tuple[str, ...]
    bounds: dict[str, tuple[float | None, float | None]]
    smallest: int
    confidence: float
    part: str
    parts: dict[str, dict[str, float | None]]


def collect(files: RunFiles) -> SlicesSection | None:
    """Returns the slices; None if the run has not evaluated a model."""
    verdict = files.verdict
    if verdict is None:
        return None
    confidence = verdict.get("confidence", 0.95)
    rows = tuple(_row(entry, confidence) for entry in verdict["slices"])
    measured = [name for name in rows[0].values if name != "example_count"]
    deciding = [rule["metric"] for rule in verdict["rules"] if rule["metric"] in measured]
    first = [name for name in FIRST if name in measured]
    metrics = tuple(dict.fromkeys((*deciding, *first, *measured)))[:MAX_METRICS]
    return SlicesSection(
        rows=rows,
        metrics=metrics,
        plotted=tuple(dict.fromkeys((*deciding, *metrics[:2])))[:3] if len(rows) > 1 else (),
        bounds={name: _bound(files.spec, name) for name in metrics},
        smallest=verdict["min_slice_size"],
        confidence=confidence,
        part=find_task(verdict["task"]).part,
        parts=_by_part(verdict),
    )


def _row(entry: dict[str, Any], confidence: float) -> SliceRow:
    values: dict[str, float | None] = entry["metrics"]
    intervals: dict[str, Interval] = {
        name: (interval[0], interval[1])
        for name, interval in (entry.get("intervals") or {}).items()
        if interval is not None
    }
    for name in SHARES:
        share = values.get(name)
        if share is not None and name not in (entry.get("intervals") or {}):  # an old verdict
            intervals[name] = wilson(round(share * entry["count"]), entry["count"], confidence)
    return SliceRow(
        label=entry["label"],
        records=entry["count"],
        small=entry["small"],
        values=values,
        baselines=entry["baseline"] or {},
        intervals=intervals,
    )


def _bound(spec: dict[str, Any], metric: str) -> tuple[float | None, float | None]:
    """Returns what the spec requires of a metric, overall and on slices."""
    rule = spec.get("evaluate", {}).get("require", {}).get(metric) or {}
    pairs = (("min", "max"), ("slice_min", "slice_max"))
    overall, on_slices = (
        rule.get(low) if rule.get(low) is not None else rule.get(high) for low, high in pairs
    )
    return overall, on_slices


def _by_part(verdict: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    by_metric = verdict["slices"][0]["by_class"]
    names = dict.fromkeys(name for values in by_metric.values() for name in values)
    return {
        name: {metric: values.get(name) for metric, values in by_metric.items()} for name in names
    }
