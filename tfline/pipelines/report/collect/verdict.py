"""The verdict at a glance: may the model go live, why, and the numbers that say so."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from tfline.components.evaluator.gate.verdict_reading import describe_outcomes
from tfline.metrics.table import METRICS
from tfline.pipelines.report.run_files import RunFiles
from tfline.pipelines.run.records import override_of

HEADLINE = ("auc", "accuracy", "macro_f1", "precision", "recall", "rmse", "mae", "r2", "log_loss")
"""Metrics of the tiles, beside those that decide, as far as they were measured."""

_TILES = 4

State = Literal["blessed", "not blessed", "overridden", "failed", "unfinished"]


@dataclasses.dataclass(frozen=True)
class Tile:
    """A number to be seen at a glance.

    Attributes:
        name: What it is.
        value: None: not defined.
        baseline: What the live model reached on the same records; None: there is none.
        better: Whether the value is better than the baseline's; None: equal, or there is none.
    """

    name: str
    value: float | None
    baseline: float | None = None
    better: bool | None = None


@dataclasses.dataclass(frozen=True)
class VerdictSection:
    """The verdict.

    Attributes:
        state: How the run ended.
        reasons: Why, in words, and the line of the spec that governs it, if one does; what blocks
            the model comes first.
        override: Who lets it go live against the verdict, and why; empty if nobody does.
        stopped: The component in which the run failed; empty if it did not.
        tiles: The numbers.
        rules: All rules on all slices, as in ``verdict.json``, each with its ``place`` in the spec.
        confidence: Of the intervals of the rules.
        baseline: What the model was compared with, in words.
        records: Judged records; 0 if it was not evaluated.
        split: The split that was judged.
        after_selection: Whether that split also decided when training stopped, and the like.
        resampled: What was resampled together for the intervals; empty: each record for itself.
    """

    state: State
    reasons: tuple[tuple[str, str], ...]
    override: str
    stopped: str
    tiles: tuple[Tile, ...]
    rules: tuple[dict[str, Any], ...]
    confidence: float
    baseline: str
    records: int
    split: str
    after_selection: bool
    resampled: str = ""
    by_split: tuple[dict[str, Any], ...] = ()


def collect(files: RunFiles) -> VerdictSection:
    """Returns the verdict; of a run that did not get there, how it ended."""
    record, verdict, override = files.record, files.verdict, override_of(files.record)
    if record.status == "complete" and verdict is not None:
        state: State = "blessed" if verdict["blessed"] else "not blessed"
        if state == "not blessed" and override is not None:
            state = "overridden"
    else:
        state = "failed" if record.status == "failed" else "unfinished"
    ended_early = state in ("failed", "unfinished")
    return VerdictSection(
        state=state,
        reasons=_reasons(files, ended_early),
        override=str(override) if state == "overridden" else "",
        stopped=_next_component(files) if state == "failed" else "",
        tiles=_tiles(verdict) if verdict else (),
        rules=_rules(files),
        confidence=verdict.get("confidence", 0.95) if verdict else 0.95,
        baseline=verdict["baseline"] if verdict else "",
        records=verdict["records"] if verdict else 0,
        split=verdict["split"] if verdict else "eval",
        after_selection=bool(verdict and verdict["after_selection"]),
        resampled=verdict.get("resampled", "") if verdict else "",
        by_split=tuple(verdict.get("by_split", ())) if verdict else (),
    )


def _reasons(files: RunFiles, ended_early: bool) -> tuple[tuple[str, str], ...]:
    if ended_early or files.verdict is None:
        lines = (line.strip() for line in files.record.error.splitlines())
        return tuple((line, "") for line in lines if line) or (("the run did not end", ""),)
    places = {rule["reason"]: rule["place"] for rule in _rules(files)}
    verdict = files.verdict
    reasons = [*(verdict["reasons"] or [verdict["headline"]]), *verdict["comparison"]]
    told = [(reason, places.get(reason, "")) for reason in reasons]
    if len(verdict["rules"]) > 1:
        told.append((describe_outcomes(verdict["outcomes"]), ""))
    return tuple(told)


def _rules(files: RunFiles) -> tuple[dict[str, Any], ...]:
    """Returns the rules, each with its place in the spec."""
    rules = (files.verdict or {}).get("rules", ())
    return tuple({**rule, "place": files.record.place(rule["spec"])} for rule in rules)


def _next_component(files: RunFiles) -> str:
    """Returns the first component that has not finished."""
    record = files.record
    return next((name for name in record.parts if name not in record.components), "")


def _tiles(verdict: dict[str, Any]) -> tuple[Tile, ...]:
    overall = verdict["slices"][0]
    deciding = [rule["metric"] for rule in verdict["rules"]]
    names = [name for name in dict.fromkeys((*deciding, *HEADLINE)) if name in overall["metrics"]]
    baselines = overall["baseline"] or {}
    return tuple(
        _tile(name, overall["metrics"][name], baselines.get(name)) for name in names[:_TILES]
    )


def _tile(name: str, value: float | None, baseline: float | None) -> Tile:
    return Tile(name, value, baseline, is_better(name, value, baseline))


def is_better(metric: str, value: float | None, other: float | None) -> bool | None:
    """Tells whether a value is better than another; None: equal, or it cannot be told."""
    direction = METRICS[metric].better if metric in METRICS else None
    if direction is None or value is None or other is None or value == other:
        return None
    return (value > other) == (direction == "larger")
