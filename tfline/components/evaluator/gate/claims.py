"""What the rules claim of a model on each slice, and the evidence for and against it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.significance import (
    BOOTSTRAP,
    PAIRED_BOOTSTRAP,
    Evidence,
    duel_evidence,
    share_evidence,
    share_interval,
    t_evidence,
)
from tfline.components.evaluator.measuring.pieces import COUNTED_UNITS
from tfline.components.evaluator.measuring.results import (
    Measures,
    MetricKey,
    SliceResult,
    Spread,
    Uncertainty,
)
from tfline.components.evaluator.rules import TOLERANCE, Proof
from tfline.metrics.classes import Classes
from tfline.metrics.scores import Scores
from tfline.metrics.table import METRICS

MIN_UNITS = 20
"""With fewer units (customers, sessions), their resamples tell too little."""

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
        scarce: Why there are too few examples to tell, such as ``3 positive records``; empty if
            there are enough.
        between: The two slices that a gap is between; empty if the rule is none of a gap.
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
    scarce: str = ""
    between: tuple[str, str] | None = None

    @property
    def on_slices(self) -> bool:
        """Whether the rule is about parts of the examples, not about all of them."""
        return bool(self.result.key)

    @property
    def place(self) -> str:
        """Where the rule is applied, such as ``sex=F`` or ``sex=F against sex=M``."""
        return " against ".join(self.between) if self.between else self.result.label

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
        spread = uncertainty.candidate if self.loss is None else uncertainty.difference
        return spread.error if spread else None


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


def value_interval(
    metric: str, value: float, uncertainty: Uncertainty, confidence: float
) -> Interval | None:
    """Returns the interval of a candidate's value of a metric; None if it is not known."""
    if math.isnan(value):
        return None
    if uncertainty.hits is not None and uncertainty.trials is not None:
        return share_interval(uncertainty.hits, uncertainty.trials, confidence)
    return _around(value, uncertainty.candidate, _range(metric))


def _range(metric: str) -> Interval:
    """Returns the smallest and the largest value of a metric."""
    return METRICS[metric].range if metric in METRICS else (-math.inf, math.inf)


def _around(value: float, spread: Spread | None, within: Interval) -> Interval | None:
    """Returns the interval of the resamples, inside a range; the value itself is in it."""
    if spread is None:
        return None
    low, high = within
    return max(min(spread.low, value), low), min(max(spread.high, value), high)


def scarcity(result: SliceResult, key: MetricKey, config: EvaluateConfig) -> str:
    """Returns why there are too few examples to tell a value; empty if there are enough.

    A slice of thousands of records may have one positive among them: its recall is 0 or 1, and
    its AUC the rank of one record.
    """
    if result.key and result.count < config.min_slice_size:
        return _few(result.count, "record")
    if result.units is not None and result.units < MIN_UNITS:
        return _few(result.units, *_nouns(config))
    metric, place = key
    if metric not in METRICS or not result.labelled:
        return ""
    least, trials = config.min_class_size, result.uncertainty.get(key, Uncertainty()).trials
    if METRICS[metric].share is not None and trials is not None and trials < least:
        return _few(trials, "record") + " that it is a share of"
    binary = len(result.labelled) == 2
    if binary and METRICS[metric].statistic is Scores and min(result.labelled) < least:
        kind = "negative" if result.labelled[0] < result.labelled[1] else "positive"
        return _few(min(result.labelled), f"{kind} record")
    of_class = place if place is not None else (1 if binary and METRICS[metric].by_class else None)
    if of_class is not None and METRICS[metric].statistic is Classes:
        count = result.labelled[of_class]
        if count < least:
            return _few(count, "positive record" if binary else "record") + (
                "" if binary else " of the class"
            )
    return ""


def _few(count: int, noun: str, plural: str = "") -> str:
    return f"only {count} {noun if count == 1 else plural or f'{noun}s'}"


def _nouns(config: EvaluateConfig) -> tuple[str, str]:
    """Returns what one, and several, of the pieces are called that are resampled together."""
    if config.unit is None:
        return "block of time", "blocks of time"
    return f"unit of {config.unit}", f"units of {config.unit}"


def _test(kind: str, result: SliceResult, config: EvaluateConfig) -> str:
    """Returns a test in words: what is resampled together is part of it."""
    if result.units is None:
        return kind
    many = " or more" if result.units >= COUNTED_UNITS else ""
    one, several = _nouns(config)
    return f"{kind} of {result.units:,}{many} {one if result.units == 1 else several}"


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
                    interval=value_interval(metric, value, uncertainty, config.confidence),
                    evidence=_bound_evidence(
                        value, bound, sign, uncertainty, _test(BOOTSTRAP, result, config)
                    ),
                    scarce=scarcity(result, key, config),
                )


def _bound_evidence(
    value: float, bound: float, sign: int, uncertainty: Uncertainty, test: str
) -> Evidence | None:
    if math.isnan(value):
        return None
    if uncertainty.hits is not None and uncertainty.trials is not None:
        return share_evidence(uncertainty.hits, uncertainty.trials, bound, sign)
    margin = sign * (value - bound) + TOLERANCE
    return _resampled_evidence(margin, uncertainty.candidate, test, uncertainty)


def _resampled_evidence(
    margin: float, spread: Spread | None, test: str, uncertainty: Uncertainty
) -> Evidence | None:
    """Returns what resamples say; nothing for either side, if they hardly define a value."""
    if spread is None and uncertainty.pieces is None:
        return None  # an own metric: it is not resampled
    error = spread.error if spread else math.inf
    return t_evidence(margin, error, test, uncertainty.pieces)


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
                interval=difference_interval(metric, difference, uncertainty),
                evidence=_change_evidence(
                    sign * difference, loss, uncertainty, _test(PAIRED_BOOTSTRAP, result, config)
                ),
                scarce=scarcity(result, key, config),
            )


def difference_interval(
    metric: str, difference: float, uncertainty: Uncertainty
) -> Interval | None:
    """Returns the interval of a metric's difference to the baseline; None if it is not known."""
    if math.isnan(difference):
        return None
    low, high = _range(metric)
    return _around(difference, uncertainty.difference, (low - high, high - low))


def _change_evidence(
    gain: float, loss: float, uncertainty: Uncertainty, test: str
) -> Evidence | None:
    if math.isnan(gain):
        return None
    if loss == 0 and uncertainty.won is not None and uncertainty.lost is not None:
        return duel_evidence(uncertainty.won, uncertainty.lost)
    return _resampled_evidence(gain + loss + TOLERANCE, uncertainty.difference, test, uncertainty)
