"""``verdict.json``: the verdict with everything it was made from, for reports and programs."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import Any

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.claims import Interval, difference_interval, value_interval
from tfline.components.evaluator.gate.verdict import Verdict
from tfline.components.evaluator.measuring.by_split import BySplit
from tfline.components.evaluator.measuring.results import Measures, SliceResult
from tfline.components.evaluator.reading.model import ModelCard


def write_verdict(
    verdict: Verdict,
    results: Sequence[SliceResult],
    config: EvaluateConfig,
    card: ModelCard,
    *,
    baseline: str,
    together: str = "",
    threshold_reason: str = "",
    split: str = "eval",
    selected_on: str = "eval",
    by_split: Sequence[BySplit] = (),
) -> str:
    """Returns the text of the file; what is not defined is null.

    Args:
        verdict: The verdict.
        results: What was measured; the overall slice first.
        config: The rules.
        card: What is predicted.
        baseline: What the model was compared with, in words.
        together: What was resampled together, in words; empty: each record for itself.
        threshold_reason: Why the threshold was chosen; empty if the spec says it.
        split: The split that was judged.
        selected_on: The split that early stopping, the Tuner and the choice of a threshold saw: if
            it is the judged one, p-values are after selection.
        by_split: What the model reaches on each split; empty: that was not asked.
    """
    overall = results[0]
    content = {
        "format": 2,
        "blessed": verdict.blessed,
        "headline": verdict.headline,
        "reasons": verdict.reasons,
        "outcomes": verdict.counts,
        "comparison": verdict.comparison,
        "rules": [dataclasses.asdict(rule) for rule in verdict.rules],
        "naive": [dataclasses.asdict(naive) for naive in verdict.naive],
        "by_split": [{**dataclasses.asdict(one), "reason": one.reason} for one in by_split],
        "baseline": baseline,
        "task": card.task,
        "label": card.label,
        "classes": card.classes,
        "records": overall.count,
        "split": split,
        "after_selection": split == selected_on,
        "threshold": config.threshold if card.asks.decides else None,
        "threshold_reason": threshold_reason,
        "min_slice_size": config.min_slice_size,
        "min_class_size": config.min_class_size,
        "weight": config.weight,
        "unit": config.unit,
        "resampled": together,
        "confidence": config.confidence,
        "slices": [_slice(result, config, card) for result in results],
        "confusion_matrix": overall.candidate.matrices.get("confusion_matrix"),
    }
    return json.dumps(_defined(content), indent=1, allow_nan=False)


def _slice(result: SliceResult, config: EvaluateConfig, card: ModelCard) -> dict[str, Any]:
    return {
        "slice": dict(result.key),
        "label": result.label,
        "count": result.count,
        "small": bool(result.key) and result.count < config.min_slice_size,
        "labelled": dict(zip(card.classes, result.labelled, strict=False)),
        "metrics": result.candidate.numbers,
        "by_class": _by_class(result.candidate, card),
        "baseline": result.baseline.numbers if result.baseline else None,
        "baseline_by_class": _by_class(result.baseline, card) if result.baseline else None,
        "intervals": _intervals(result, config),
        "differences": _differences(result) if result.baseline else None,
    }


def _intervals(result: SliceResult, config: EvaluateConfig) -> dict[str, Interval | None]:
    """Returns the interval of each metric that is one number and has one."""
    return {
        name: _known(
            value_interval(name, result.candidate.numbers[name], uncertainty, config.confidence)
        )
        for (name, place), uncertainty in result.uncertainty.items()
        if place is None
    }


def _differences(result: SliceResult) -> dict[str, dict[str, Any]]:
    """Returns the difference to the baseline of each metric that is one number and has one."""
    before = result.baseline.numbers if result.baseline else {}
    differences = {
        name: (result.candidate.numbers[name] - before.get(name, math.nan), uncertainty)
        for (name, place), uncertainty in result.uncertainty.items()
        if place is None
    }
    return {
        name: {
            "value": difference,
            "interval": _known(difference_interval(name, difference, uncertainty)),
        }
        for name, (difference, uncertainty) in differences.items()
    }


def _known(interval: Interval | None) -> Interval | None:
    """Returns an interval; None if it has no end: R² falls without bound in a small slice."""
    return interval if interval is not None and all(map(math.isfinite, interval)) else None


def _by_class(measures: Measures, card: ModelCard) -> dict[str, dict[str, float]]:
    return {
        metric: {card.parts[index]: value for index, value in sorted(values.items())}
        for metric, values in measures.by_class.items()
    }


def _defined(content: Any) -> Any:
    """Returns `content` with null for NaN and infinity, which JSON does not have."""
    if isinstance(content, dict):
        return {key: _defined(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_defined(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content
