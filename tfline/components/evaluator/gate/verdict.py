"""May this model be pushed? What the rules claim, what was measured, and an answer that says why.

A rule decides if it holds for all examples, or for a slice that is large enough. What is not
defined (the AUC of a slice with one class) never passes for good or bad by accident: overall it
blocks the model, on a slice it is shown and does not decide. Where a rule asks for proof, chance is
the other explanation of what was measured: p-values of the rules over all examples, and of those
on slices, are each corrected for their number.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.claims import Claim, make_claims
from tfline.components.evaluator.gate.comparison import compare
from tfline.components.evaluator.gate.significance import adjust, detectable_loss
from tfline.components.evaluator.measuring.results import SliceResult

NO_BASELINE = "no baseline yet: no model was blessed before this one"


@dataclasses.dataclass(frozen=True)
class RuleResult:
    """What became of a rule on a slice.

    Attributes:
        rule: The rule, for example ``auc >= 0.8``.
        spec: Where the spec says so, for example ``evaluate.require.auc.min``.
        metric: The metric; with its class, if the rule holds for each class.
        slice: Label of the slice.
        value: What the model reached; NaN if that is not defined.
        bound: What it had to reach.
        baseline: What the baseline reached; None if the rule compares with nothing.
        low: Lower end of the interval of the value; of its difference to the baseline, if the
            rule compares with it; None if it is not known.
        high: Upper end.
        proof: What the rule goes by; see `config.Proof`.
        test: How chance was ruled out; empty if the rule does not ask for it or there is no test.
        p_value: Probability of such a result by chance, corrected for the number of rules.
        passed: Whether it was reached; None if it could not be told.
        decides: Whether the model is blocked if it did not pass.
        reason: All that in words.
    """

    rule: str
    spec: str
    metric: str
    slice: str
    value: float
    bound: float
    baseline: float | None
    low: float | None
    high: float | None
    proof: str
    test: str
    p_value: float | None
    passed: bool | None
    decides: bool
    reason: str


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The answer.

    Attributes:
        blessed: Whether the model may be pushed.
        reasons: Why, in words; what blocks it comes first, how it compares with the baseline last.
        rules: All rules on all slices.
    """

    blessed: bool
    reasons: tuple[str, ...]
    rules: tuple[RuleResult, ...]


@dataclasses.dataclass(frozen=True)
class _Doubt:
    """What chance has to do with a claim.

    Attributes:
        p_value: Corrected probability; None if nothing is asked of it or there is no test.
        tests: Number of tests that it is corrected for.
        shown: Whether chance is ruled out.
    """

    p_value: float | None = None
    tests: int = 1
    shown: bool = False


def judge(
    results: Sequence[SliceResult],
    config: EvaluateConfig,
    classes: Sequence[str] = (),
    no_baseline: str = NO_BASELINE,
) -> Verdict:
    """Applies the rules.

    Args:
        results: What was measured; the overall slice first.
        config: The rules.
        classes: Names of the classes; see `ModelCard.parts`.
        no_baseline: Why there is nothing to compare with, if the results have no baseline.

    Returns:
        The verdict. Without any rule a model is blessed.
    """
    claims = tuple(make_claims(results, config, classes))
    doubts = _doubts(claims, config)
    rules = tuple(
        _rule(claim, doubt, config, no_baseline)
        for claim, doubt in zip(claims, doubts, strict=True)
    )
    blocking = [rule.reason for rule in rules if rule.decides and not rule.passed]
    passing = [rule.reason for rule in rules if rule.decides and rule.passed]
    undecided = [rule.reason for rule in rules if not rule.decides and not rule.passed]
    reasons = (*blocking, *passing, *undecided) or ("nothing was required",)
    return Verdict(not blocking, (*reasons, *compare(results[0], config)), rules)


def _is_small(claim: Claim, config: EvaluateConfig) -> bool:
    return bool(claim.result.key) and claim.result.count < config.min_slice_size


def _doubts(claims: Sequence[Claim], config: EvaluateConfig) -> list[_Doubt]:
    """Returns what chance has to do with each claim.

    Blocking by any of many rules has to be corrected for their number. Passing has not: there,
    every single one has to be shown.
    """
    alpha = 1 - config.confidence
    doubts = [_Doubt()] * len(claims)
    for on_slices in (False, True):
        family: list[tuple[int, float]] = []
        for index, claim in enumerate(claims):
            if bool(claim.result.key) is not on_slices or claim.evidence is None:
                continue
            if claim.proof == "to_pass":
                p_value = claim.evidence.holds
                doubts[index] = _Doubt(p_value, 1, p_value <= alpha)
            elif claim.proof == "to_block" and not _is_small(claim, config):
                family.append((index, claim.evidence.fails))
        adjusted = adjust([p_value for _, p_value in family])
        for (index, _), p_value in zip(family, adjusted, strict=True):
            doubts[index] = _Doubt(p_value, len(family), p_value <= alpha)
    return doubts


def _rule(claim: Claim, doubt: _Doubt, config: EvaluateConfig, no_baseline: str) -> RuleResult:
    passed = _passes(claim, doubt)
    missing_value = math.isnan(claim.value)
    decides = not claim.result.key if missing_value else passed is not None
    low, high = claim.interval or (None, None)
    tested = doubt.p_value is not None and claim.evidence is not None
    return RuleResult(
        rule=claim.rule,
        spec=claim.spec,
        metric=claim.metric,
        slice=claim.result.label,
        value=claim.value,
        bound=claim.bound,
        baseline=claim.baseline if claim.result.baseline else None,
        low=low,
        high=high,
        proof=claim.proof,
        test=claim.evidence.test if tested and claim.evidence else "",
        p_value=doubt.p_value,
        passed=passed,
        decides=decides and not _is_small(claim, config),
        reason=_reason(claim, doubt, config, no_baseline),
    )


def _passes(claim: Claim, doubt: _Doubt) -> bool | None:
    if not claim.defined:
        return None
    if doubt.p_value is None:
        return claim.reached
    return doubt.shown if claim.proof == "to_pass" else not doubt.shown


def _reason(claim: Claim, doubt: _Doubt, config: EvaluateConfig, no_baseline: str) -> str:
    """Returns what became of a claim, in words."""
    where = f" on {claim.result.label}" if claim.result.key else ""
    if claim.loss is None:
        words = _bound_words(claim, doubt, where)
    else:
        words = _change_words(claim, doubt, where, no_baseline)
    details = list(_details(claim, doubt, config)) if claim.defined else []
    if _is_small(claim, config):
        details.append(f"{claim.result.count} records decide nothing")
    return f"{words} ({'; '.join(details)})" if details else words


def _bound_words(claim: Claim, doubt: _Doubt, where: str) -> str:
    limit = f"{'>=' if claim.sign > 0 else '<='} {claim.bound:g}"
    if math.isnan(claim.value):
        place = claim.result.label if where else "these records"
        return f"{claim.metric} is not defined on {place}, required {limit}"
    relation = limit[:2] if claim.reached else ("<" if claim.sign > 0 else ">")
    digits = next((d for d in range(3, 17) if f"{claim.value:.{d}g}" != f"{claim.bound:.{d}g}"), 3)
    words = f"{claim.metric} {claim.value:.{digits}g} {relation} {claim.bound:g}{where}"
    if _passes(claim, doubt) == claim.reached:
        return words
    return f"{words}, which may be chance"


def _change_words(claim: Claim, doubt: _Doubt, where: str, no_baseline: str) -> str:
    if math.isnan(claim.value):
        return (
            f"{claim.metric} is not defined on {claim.result.label if where else 'these records'}"
        )
    if not claim.defined:
        why = "it is not defined for the baseline" if claim.result.baseline else no_baseline
        return f"{claim.metric} {claim.value:.4g}{where} is not compared: {why}"
    if claim.loss == 0:
        degree = "no worse" if claim.reached else "worse"
    else:
        degree = f"{'at most' if claim.reached else 'more than'} {claim.loss:g} worse"
    words = (
        f"{claim.metric} {claim.value:.4g}{where} is {degree} than the baseline's "
        f"{claim.baseline:.4g}"
    )
    if _passes(claim, doubt) == claim.reached:
        return words
    return f"{words}, which may be chance"


def _details(claim: Claim, doubt: _Doubt, config: EvaluateConfig) -> list[str]:
    """Returns interval, p-value and what the rule could have seen."""
    level = f"{100 * config.confidence:g} %"
    details = []
    if claim.interval is not None:
        what = f"{level} interval" if claim.loss is None else f"{level} interval of the difference"
        details.append(f"{what} {claim.interval[0]:.3g} to {claim.interval[1]:.3g}")
    if doubt.p_value is not None and claim.evidence is not None:
        of_many = f" of {doubt.tests}" if doubt.tests > 1 else ""
        details.append(f"p {doubt.p_value:.2g} by {claim.evidence.test}{of_many}")
    blocks_by_proof = claim.loss is not None and claim.proof == "to_block"
    if blocks_by_proof and claim.error and doubt.p_value is not None and not doubt.shown:
        seen = detectable_loss(claim.loss or 0.0, claim.error, config.confidence)
        details.append(f"a loss of {seen:.2g} would be seen 4 times in 5")
    return details
