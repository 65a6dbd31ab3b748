"""May this model be pushed? What the rules claim, what was measured, and an answer that says why.

A rule on a slice has one of four outcomes:

    passed      the model reached what is required, or proved it where the rule asks for proof
    failed      it did not, and chance cannot explain that: the model is blocked
    not_proven  it did not, and that may be chance; it blocks only a rule that asks it to be proven
    unknown     the value is not defined, or there are too few examples to tell. Over all examples
                a value that is not defined blocks the model; on a slice it is shown, no more

Where a rule asks for proof, chance is the other explanation of what was measured: p-values of the
rules over all examples, and of those on slices, are each corrected for their number.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from typing import Literal, get_args

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.claims import Claim, make_claims
from tfline.components.evaluator.gate.comparison import compare
from tfline.components.evaluator.gate.gaps import make_gap_claims
from tfline.components.evaluator.gate.significance import adjust, detectable_loss
from tfline.components.evaluator.measuring.naive import Naive
from tfline.components.evaluator.measuring.results import SliceResult

Outcome = Literal["passed", "failed", "not_proven", "unknown"]
"""What became of a rule; see above."""

NO_BASELINE = "no baseline yet: no model was blessed before this one"


@dataclasses.dataclass(frozen=True)
class RuleResult:
    """What became of a rule on a slice.

    Attributes:
        rule: The rule, for example ``auc >= 0.8``.
        spec: Where the spec says so, for example ``evaluate.require.auc.min``.
        metric: The metric; with its class, if the rule holds for each class.
        slice: Label of the slice; of two slices for a gap between them.
        value: What the model reached; NaN if that is not defined.
        bound: What it had to reach.
        baseline: What the baseline reached; None if the rule compares with nothing.
        low: Lower end of the interval of the value; of its difference to the baseline, if the
            rule compares with it; None if it is not known.
        high: Upper end.
        proof: What the rule goes by; see `config.Proof`.
        test: How chance was ruled out; empty if the rule does not ask for it or there is no test.
        p_value: Probability of such a result by chance, corrected for the number of rules.
        outcome: What became of it.
        blocks: Whether it blocks the model.
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
    outcome: Outcome
    blocks: bool
    reason: str


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The answer.

    Attributes:
        blessed: Whether the model may be pushed.
        reasons: What blocks it, in words; nothing else.
        comparison: How it compares with the baseline, where no rule asks.
        rules: All rules on all slices.
        naive: How it compares with naive models.
    """

    blessed: bool
    reasons: tuple[str, ...]
    comparison: tuple[str, ...]
    rules: tuple[RuleResult, ...]
    naive: tuple[Naive, ...] = ()

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rules have each outcome."""
        of_rules = Counter(rule.outcome for rule in self.rules)
        return {outcome: of_rules[outcome] for outcome in get_args(Outcome)}

    @property
    def headline(self) -> str:
        """Why, in one line: the first of the blockers, or of the rules that passed."""
        unbeaten = [naive.reason for naive in self.naive if not naive.beaten]
        if unbeaten and not self.reasons:
            return f"{unbeaten[0]}; {self._why}"
        return self._why

    @property
    def _why(self) -> str:
        if self.reasons:
            more = len(self.reasons) - 1
            return f"{self.reasons[0]}{f'; and {more} more' if more else ''}"
        if not self.rules:
            return "nothing was required"
        passed = [rule.reason for rule in self.rules if rule.outcome == "passed"]
        if not passed:
            return f"no rule failed, and none passed: {self.rules[0].reason}"
        more = len(passed) - 1
        return f"{passed[0]}{f'; and {more} more' if more else ''}"


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
    naive: Sequence[Naive] = (),
) -> Verdict:
    """Applies the rules.

    Args:
        results: What was measured; the overall slice first.
        config: The rules.
        classes: Names of the classes; see `ModelCard.parts`.
        no_baseline: Why there is nothing to compare with, if the results have no baseline.
        naive: How the model compares with naive ones.

    Returns:
        The verdict. Without any rule a model is blessed that beats the naive ones.
    """
    claims = (*make_claims(results, config, classes), *make_gap_claims(results, config, classes))
    doubts = _doubts(claims, config)
    rules = tuple(
        _rule(claim, doubt, config, no_baseline)
        for claim, doubt in zip(claims, doubts, strict=True)
    )
    blockers = tuple(rule.reason for rule in rules if rule.blocks)
    if config.baselines == "require":
        blockers = (*(one.reason for one in naive if not one.beaten), *blockers)
    compared = (*(one.reason for one in naive if one.reason not in blockers),)
    compared += tuple(compare(results[0], config))
    return Verdict(not blockers, blockers, compared, rules, tuple(naive))


def _is_told(claim: Claim) -> bool:
    """Whether there are enough examples to tell; over all examples the user has said so."""
    return not (claim.on_slices and claim.scarce)


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
            if claim.on_slices is not on_slices or claim.evidence is None or not _is_told(claim):
                continue
            if claim.proof == "to_pass":
                p_value = claim.evidence.holds
                doubts[index] = _Doubt(p_value, 1, p_value <= alpha)
            elif claim.proof == "to_block":
                family.append((index, claim.evidence.fails))
        adjusted = adjust([p_value for _, p_value in family])
        for (index, _), p_value in zip(family, adjusted, strict=True):
            doubts[index] = _Doubt(p_value, len(family), p_value <= alpha)
    return doubts


def _rule(claim: Claim, doubt: _Doubt, config: EvaluateConfig, no_baseline: str) -> RuleResult:
    outcome = _outcome(claim, doubt)
    low, high = claim.interval or (None, None)
    tested = doubt.p_value is not None and claim.evidence is not None
    return RuleResult(
        rule=claim.rule,
        spec=claim.spec,
        metric=claim.metric,
        slice=claim.place,
        value=claim.value,
        bound=claim.bound,
        baseline=claim.baseline if claim.result.baseline else None,
        low=low,
        high=high,
        proof=claim.proof,
        test=claim.evidence.test if tested and claim.evidence else "",
        p_value=doubt.p_value,
        outcome=outcome,
        blocks=_blocks(claim, outcome),
        reason=_reason(claim, doubt, config, no_baseline),
    )


def _outcome(claim: Claim, doubt: _Doubt) -> Outcome:
    if not claim.defined or not _is_told(claim):
        return "unknown"
    if doubt.p_value is None:
        return "passed" if claim.reached else "failed"
    if claim.proof == "to_pass":
        return "passed" if doubt.shown else "not_proven"
    if doubt.shown:
        return "failed"
    return "passed" if claim.reached else "not_proven"


def _blocks(claim: Claim, outcome: Outcome) -> bool:
    if outcome == "unknown":
        return not claim.on_slices and math.isnan(claim.value)
    return outcome == "failed" or (outcome == "not_proven" and claim.proof == "to_pass")


def _reason(claim: Claim, doubt: _Doubt, config: EvaluateConfig, no_baseline: str) -> str:
    """Returns what became of a claim, in words."""
    where = f" on {claim.place}" if claim.on_slices else ""
    if claim.loss is None:
        words = _bound_words(claim, doubt, where)
    else:
        words = _change_words(claim, doubt, where, no_baseline)
    details = list(_details(claim, doubt, config)) if claim.defined else []
    if claim.scarce:
        details.append(f"{claim.scarce}: unknown" if claim.on_slices else claim.scarce)
    return f"{words} ({'; '.join(details)})" if details else words


def _bound_words(claim: Claim, doubt: _Doubt, where: str) -> str:
    limit = f"{'>=' if claim.sign > 0 else '<='} {claim.bound:g}"
    if math.isnan(claim.value):
        place = claim.place if where else "these records"
        return f"{claim.metric} is not defined on {place}, required {limit}"
    relation = limit[:2] if claim.reached else ("<" if claim.sign > 0 else ">")
    digits = next((d for d in range(3, 17) if f"{claim.value:.{d}g}" != f"{claim.bound:.{d}g}"), 3)
    words = f"{claim.metric} {claim.value:.{digits}g} {relation} {claim.bound:g}{where}"
    return f"{words}, which is not proven" if _outcome(claim, doubt) == "not_proven" else words


def _change_words(claim: Claim, doubt: _Doubt, where: str, no_baseline: str) -> str:
    if math.isnan(claim.value):
        return f"{claim.metric} is not defined on {claim.place if where else 'these records'}"
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
    return f"{words}, which is not proven" if _outcome(claim, doubt) == "not_proven" else words


def _is_known(error: float | None) -> bool:
    return error is not None and 0 < error < math.inf


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
    if blocks_by_proof and _is_known(claim.error) and doubt.p_value is not None and not doubt.shown:
        seen = detectable_loss(claim.loss or 0.0, claim.error or 0.0, config.confidence)
        details.append(f"a loss of {seen:.2g} would be seen 4 times in 5")
    return details
