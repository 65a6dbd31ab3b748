"""What the rules claim of a model on each slice, and the evidence for and against it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

from tfline.components.evaluator.config import TOLERANCE, EvaluateConfig, Proof
from tfline.components.evaluator.gate.significance import (
    BOOTSTRAP,
    PAIRED_BOOTSTRAP,
    Evidence,
    duel_evidence,
    normal_evidence,
    normal_interval,
    share_evidence,
    share_interval,
)
from tfline.components.evaluator.measuring.results import (
    Measures,
    MetricKey,
    SliceResult,
    Uncertainty,
)
from tfline.metrics.table import METRICS

Interval = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Claim:
    """A rule on a slice: a value is at least, or at most, a bound.

    Attributes:
        rule: The rule, for example ``auc >= 0.8``.
        spec: Where the spec says so, for example ``evaluate.require.auc.min``.
        metric: The metric; with its class, if the rule holds for each class.
        key: The metric and the class.
        sign: 1: at least; -1: at most.
        bound: The bound; NaN if it is the baseline's value and that is not known.
        result: What was measured on the slice.
        value: What the model reached; NaN if that is not defined.
        baseline: What the baseline reached; None if the rule compares with nothing, NaN if it is
            not defined.
        loss: How much worse than the baseline is tolerated; None if it compares with nothing.
        proof: What the rule goes by.
        interval: That of the value, or of the difference to the baseline; None if not known.
        evidence: None if there is no test.
    """

    rule: str
    spec: str
    metric: str
    key: MetricKey
    sign: int
    bound: float
    result: SliceResult
    value: float
    proof: Proof
    baseline: float | None = None
    loss: float | None = None
    interval: Interval | None = None
    evidence: Evidence | None = None

    @property
    def reached(self) -> bool:
        """Whether the measured value itself keeps the bound; False if it is not known."""
        return self.sign * (self.value - self.bound) >= -TOLERANCE

    @property
    def defined(self) -> bool:
        """Whether value and bound are known."""
        return not math.isnan(self.value) and not math.isnan(self.bound)

    @property
    def error(self) -> float | None:
        """The standard error of the value, or of the difference; None if not known."""
        uncertainty = self.result.uncertainty.get(self.key, Uncertainty())
        return uncertainty.error if self.loss is None else uncertainty.difference_error


def make_claims(
    results: Sequence[SliceResult], config: EvaluateConfig, classes: Sequence[str]
) -> Iterator[Claim]:
    """Yields what the rules claim: first over all examples, then on each slice.

    Args:
        results: What was measured; the overall slice first.
        config: The rules.
        classes: Names of the classes; see `ModelCard.parts`.
    """
    for result in results:
        yield from _bound_claims(result, config, classes)
        yield from _change_claims(result, config, classes)


def values_of(
    measures: Measures, metric: str, classes: Sequence[str]
) -> Iterator[tuple[MetricKey, str, float]]:
    """Yields the value of a metric, or its value for each class; NaN if it was not measured."""
    if metric in measures.by_class:
        for index, value in sorted(measures.by_class[metric].items()):
            yield (metric, index), f"{metric} of {classes[index]}", value
    else:
        yield (metric, None), metric, measures.numbers.get(metric, math.nan)


def value_interval(value: float, uncertainty: Uncertainty, confidence: float) -> Interval | None:
    """Returns the interval of a candidate's value; None if it is not known."""
    if math.isnan(value):
        return None
    if uncertainty.hits is not None and uncertainty.trials is not None:
        return share_interval(uncertainty.hits, uncertainty.trials, confidence)
    if uncertainty.error is None:
        return None
    return normal_interval(value, uncertainty.error, confidence)


def _bound_claims(
    result: SliceResult, config: EvaluateConfig, classes: Sequence[str]
) -> Iterator[Claim]:
    sides = {"slice_min": 1, "slice_max": -1} if result.key else {"min": 1, "max": -1}
    for metric, bounds in config.require.items():
        for side, sign in sides.items():
            bound = getattr(bounds, side)
            if bound is None:
                continue
            for key, name, value in values_of(result.candidate, metric, classes):
                uncertainty = result.uncertainty.get(key, Uncertainty())
                yield Claim(
                    rule=f"{name} {'>=' if sign > 0 else '<='} {bound:g}",
                    spec=f"evaluate.require.{metric}.{side}",
                    metric=name,
                    key=key,
                    sign=sign,
                    bound=bound,
                    result=result,
                    value=value,
                    proof=bounds.proof or ("to_block" if result.key else "none"),
                    interval=value_interval(value, uncertainty, config.confidence),
                    evidence=_bound_evidence(value, bound, sign, uncertainty),
                )


def _bound_evidence(
    value: float, bound: float, sign: int, uncertainty: Uncertainty
) -> Evidence | None:
    if math.isnan(value):
        return None
    if uncertainty.hits is not None and uncertainty.trials is not None:
        return share_evidence(uncertainty.hits, uncertainty.trials, bound, sign)
    if uncertainty.error is None:
        return None
    return normal_evidence(sign * (value - bound) + TOLERANCE, uncertainty.error, BOOTSTRAP)


def _change_claims(
    result: SliceResult, config: EvaluateConfig, classes: Sequence[str]
) -> Iterator[Claim]:
    side = "slice_max_loss" if result.key else "max_loss"
    for metric, change in config.change.items():
        loss = getattr(change, side)
        if loss is None:
            continue
        sign = 1 if METRICS[metric].better == "larger" else -1
        baseline = result.baseline or Measures()
        before = {key: value for key, _, value in values_of(baseline, metric, classes)}
        for key, name, value in values_of(result.candidate, metric, classes):
            reference = before.get(key, math.nan)
            uncertainty = result.uncertainty.get(key, Uncertainty())
            difference = value - reference
            yield Claim(
                rule=f"{name} at most {loss:g} worse than the baseline",
                spec=f"evaluate.change.{metric}.{side}",
                metric=name,
                key=key,
                sign=sign,
                bound=reference - sign * loss,
                result=result,
                value=value,
                baseline=reference,
                loss=loss,
                proof=change.proof,
                interval=difference_interval(difference, uncertainty, config.confidence),
                evidence=_change_evidence(sign * difference, loss, uncertainty),
            )


def difference_interval(
    difference: float, uncertainty: Uncertainty, confidence: float
) -> Interval | None:
    """Returns the interval of a difference to the baseline; None if it is not known."""
    if math.isnan(difference) or uncertainty.difference_error is None:
        return None
    return normal_interval(difference, uncertainty.difference_error, confidence)


def _change_evidence(gain: float, loss: float, uncertainty: Uncertainty) -> Evidence | None:
    if math.isnan(gain):
        return None
    if loss == 0 and uncertainty.won is not None and uncertainty.lost is not None:
        return duel_evidence(uncertainty.won, uncertainty.lost)
    if uncertainty.difference_error is None:
        return None
    return normal_evidence(gain + loss + TOLERANCE, uncertainty.difference_error, PAIRED_BOOTSTRAP)
