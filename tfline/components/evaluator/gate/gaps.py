"""Fairness rules: how far a metric may differ between the slices of a feature.

A gap rule is one claim: that no two slices differ by more than what is tolerated. It is judged by
the pair of slices that speaks most against it, corrected for the number of pairs (Bonferroni).
Slices that are too small to tell are left out.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.claims import (
    Claim,
    scarcity,
    value_interval,
    values_of,
)
from tfline.components.evaluator.gate.significance import (
    BOOTSTRAP,
    Evidence,
    difference_of_independent,
    share_error,
    t_evidence,
)
from tfline.components.evaluator.measuring.results import MetricKey, SliceResult, Uncertainty
from tfline.components.evaluator.rules import TOLERANCE

_Measured = tuple[SliceResult, float, Uncertainty]
"""A slice, the value of a metric on it, and how far that may be off."""


def make_gap_claims(
    results: Sequence[SliceResult], config: EvaluateConfig, classes: Sequence[str]
) -> Iterator[Claim]:
    """Yields a claim for each metric of each gap rule; for each class, if it has several values.

    Args:
        results: What was measured.
        config: The rules.
        classes: Names of the classes; see `ModelCard.parts`.
    """
    for index, gap in enumerate(config.gap):
        slices = [r for r in results if [feature for feature, _ in r.key] == [gap.by]]
        for metric, most in gap.most.items():
            by_key: dict[MetricKey, list[_Measured]] = {}
            names: dict[MetricKey, str] = {}
            for result in slices:
                for key, name, value in values_of(result.candidate, metric, classes):
                    names[key] = name
                    known = by_key.setdefault(key, [])
                    if not math.isnan(value) and not scarcity(result, key, config):
                        known.append((result, value, result.uncertainty.get(key, Uncertainty())))
            for key, known in by_key.items():
                claim = Claim(
                    rule=f"gap of {names[key]} by {gap.by} <= {most:g}",
                    spec=f"evaluate.gap.{index}.{metric}",
                    metric=f"gap of {names[key]}",
                    key=key,
                    sign=-1,
                    bound=most,
                    result=slices[0],
                    value=math.nan,
                    proof="to_block",
                    scarce=f"{len(known)} slices of {gap.by} have enough records to tell",
                )
                yield _judged(claim, known, config.confidence) if len(known) > 1 else claim


def _judged(claim: Claim, known: Sequence[_Measured], confidence: float) -> Claim:
    """Returns the claim with the pair of slices that speaks most against it."""
    pairs = [_ordered(pair) for pair in itertools.combinations(known, 2)]
    tested = [(_evidence(pair, claim.bound), pair) for pair in pairs]
    evidence, (high, low) = min(tested, key=lambda test: (test[0].fails, test[0].holds))
    below, above = difference_of_independent(
        _interval(claim, high, confidence), _interval(claim, low, confidence)
    )
    return dataclasses.replace(
        claim,
        result=low[0],
        value=high[1] - low[1],
        interval=(max(below, 0.0), above),
        evidence=Evidence(evidence.test, min(1.0, evidence.fails * len(pairs)), evidence.holds),
        scarce="",
        between=(low[0].label, high[0].label),
    )


def _ordered(pair: tuple[_Measured, _Measured]) -> tuple[_Measured, _Measured]:
    """Returns the slice with the larger value first."""
    first, second = pair
    return (first, second) if first[1] >= second[1] else (second, first)


def _evidence(pair: tuple[_Measured, _Measured], most: float) -> Evidence:
    high, low = pair
    error = math.hypot(_error(high), _error(low))
    pieces = [found.pieces for _, _, found in pair if found.pieces is not None]
    margin = most - (high[1] - low[1]) + TOLERANCE
    return t_evidence(margin, error, BOOTSTRAP, min(pieces, default=None))


def _error(measured: _Measured) -> float:
    """Returns the standard error of a value; infinite if it is not known."""
    _, _, uncertainty = measured
    if uncertainty.hits is not None and uncertainty.trials is not None:
        return share_error(uncertainty.hits, uncertainty.trials)
    return uncertainty.candidate.error if uncertainty.candidate else math.inf


def _interval(claim: Claim, measured: _Measured, confidence: float) -> tuple[float, float, float]:
    _, value, uncertainty = measured
    low, high = value_interval(claim.key[0], value, uncertainty, confidence) or (value, value)
    return value, low, high
