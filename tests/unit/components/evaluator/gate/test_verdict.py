"""Rules, and what they say of a model."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.claims import difference_interval, value_interval
from tfline.components.evaluator.gate.verdict import Verdict, judge
from tfline.components.evaluator.gate.verdict_file import write_verdict
from tfline.components.evaluator.measuring.results import Measures, SliceResult, Spread, Uncertainty
from tfline.components.evaluator.reading.model import ModelCard
from tfline.metrics.table import METRICS

NAN = math.nan


def spread(error: float) -> Spread:
    return Spread(error, 0.0, 1.0)


def around(value: float, error: float) -> Spread:
    return Spread(error, value - 2 * error, value + 2 * error)


def measured(
    key: dict[str, Any] | None = None,
    count: int = 100,
    baseline: dict[str, float] | None = None,
    by_class: dict[str, dict[int, float]] | None = None,
    uncertainty: dict[str, Uncertainty] | None = None,
    labelled: tuple[int, ...] = (),
    **numbers: float,
) -> SliceResult:
    return SliceResult(
        tuple((key or {}).items()),
        Measures({**numbers, "example_count": count}, by_class or {}),
        None if baseline is None else Measures(baseline),
        {(name, None): of_metric for name, of_metric in (uncertainty or {}).items()},
        labelled,
    )


def verdict(*results: SliceResult, **config: Any) -> Verdict:
    return judge(results, EvaluateConfig.model_validate(config), ["no", "yes"])


def test_model_is_blessed_if_it_reaches_what_is_required() -> None:
    result = verdict(measured(auc=0.93), require={"auc": 0.8})
    assert result.blessed
    assert result.reasons == ()
    assert result.headline == "auc 0.93 >= 0.8"


def test_model_is_blessed_on_the_bound_itself() -> None:
    assert verdict(measured(auc=0.8), require={"auc": 0.8}).blessed


def test_model_is_not_blessed_below_its_bound() -> None:
    result = verdict(measured(auc=0.75, recall=0.9), require={"recall": 0.5, "auc": 0.8})
    assert not result.blessed
    assert result.reasons == ("auc 0.75 < 0.8",)
    assert result.counts == {"passed": 1, "failed": 1, "not_proven": 0, "unknown": 0}


def test_reason_has_the_digits_that_tell_value_and_bound_apart() -> None:
    result = verdict(measured(auc=0.799996), require={"auc": 0.8})
    assert result.reasons == ("auc 0.799996 < 0.8",)


def test_smaller_is_better_for_a_loss() -> None:
    assert verdict(measured(log_loss=0.2), require={"log_loss": 0.3}).blessed
    result = verdict(measured(log_loss=0.4), require={"log_loss": 0.3})
    assert result.reasons == ("log_loss 0.4 > 0.3",)
    assert not result.blessed


def test_model_is_blessed_if_nothing_is_required() -> None:
    result = verdict(measured(auc=0.1))
    assert result.blessed
    assert result.headline == "nothing was required"


def test_undefined_overall_value_blocks_with_that_reason() -> None:
    result = verdict(measured(auc=NAN), require={"auc": 0.8})
    assert not result.blessed
    assert result.reasons == ("auc is not defined on these records, required >= 0.8",)
    assert result.rules[0].outcome == "unknown"


def test_metric_that_was_not_measured_blocks() -> None:
    assert not verdict(measured(), require={"my.metrics.Cost": {"max": 3.0}}).blessed


def test_slice_below_its_bound_blocks() -> None:
    result = verdict(
        measured(auc=0.9),
        measured({"pay": "cash"}, auc=0.6),
        slices=["pay"],
        require={"auc": {"min": 0.8, "slice_min": 0.7}},
    )
    assert not result.blessed
    assert result.reasons[0] == "auc 0.6 < 0.7 on pay=cash"


def test_small_slice_is_shown_and_does_not_decide() -> None:
    result = verdict(
        measured(auc=0.9),
        measured({"pay": "cash"}, count=49, auc=0.6),
        slices=["pay"],
        require={"auc": {"slice_min": 0.7}},
    )
    assert result.blessed
    (rule,) = result.rules
    assert (rule.outcome, rule.blocks) == ("unknown", False)
    assert rule.reason == "auc 0.6 < 0.7 on pay=cash (only 49 records: unknown)"


def test_undefined_value_of_a_slice_does_not_decide() -> None:
    result = verdict(
        measured(auc=0.9),
        measured({"pay": "cash"}, auc=NAN),
        slices=["pay"],
        require={"auc": {"slice_min": 0.7}},
    )
    assert result.blessed
    assert result.rules[0].outcome == "unknown"
    assert result.rules[0].reason == "auc is not defined on pay=cash, required >= 0.7"


def test_bound_of_a_metric_by_class_holds_for_each_class() -> None:
    result = verdict(
        measured(by_class={"recall": {0: 0.9, 1: 0.4}}), require={"recall": {"min": 0.5}}
    )
    assert not result.blessed
    assert result.reasons == ("recall of yes 0.4 < 0.5",)


@pytest.mark.parametrize(("value", "blessed"), [(0.92, True), (0.919, False), (0.95, True)])
def test_change_compares_with_the_baseline(value: float, blessed: bool) -> None:
    result = verdict(measured(auc=value, baseline={"auc": 0.93}), change={"auc": 0.01})
    assert result.blessed is blessed
    assert result.rules[0].baseline == 0.93


def test_change_of_a_loss_may_not_rise() -> None:
    result = verdict(measured(log_loss=0.5, baseline={"log_loss": 0.4}), change={"log_loss": 0.05})
    assert result.reasons == ("log_loss 0.5 is more than 0.05 worse than the baseline's 0.4",)
    assert not result.blessed


def test_change_without_a_baseline_says_so_and_does_not_decide() -> None:
    result = verdict(measured(auc=0.9), change={"auc": 0.01})
    assert result.blessed
    assert result.rules[0].outcome == "unknown"
    assert "no baseline yet" in result.rules[0].reason


def test_change_of_an_undefined_value_blocks() -> None:
    assert not verdict(measured(auc=NAN, baseline={"auc": 0.9}), change={"auc": 0.01}).blessed
    assert not verdict(measured(auc=NAN), change={"auc": 0.01}).blessed


def test_change_against_an_undefined_baseline_does_not_decide() -> None:
    result = verdict(measured(auc=0.9, baseline={"auc": NAN}), change={"auc": 0.01})
    assert result.blessed
    assert "not defined for the baseline" in result.rules[0].reason


def test_interval_of_a_bound_is_in_the_words() -> None:
    uncertainty = {"recall": Uncertainty(hits=60, trials=100)}
    result = verdict(measured(recall=0.6, uncertainty=uncertainty), require={"recall": 0.5})
    assert result.headline == "recall 0.6 >= 0.5 (95 % interval 0.497 to 0.697)"
    assert (result.rules[0].low, result.rules[0].high) == pytest.approx((0.4972, 0.6967), abs=1e-4)
    assert result.rules[0].spec == "evaluate.require.recall.min"


def test_bound_that_chance_may_have_missed_blocks_unless_proof_is_asked_for() -> None:
    uncertainty = {"recall": Uncertainty(hits=48, trials=100)}
    result = measured(recall=0.48, uncertainty=uncertainty)
    assert not verdict(result, require={"recall": 0.5}).blessed
    lenient = verdict(result, require={"recall": {"min": 0.5, "proof": "to_block"}})
    assert lenient.blessed
    (rule,) = lenient.rules
    assert rule.outcome == "not_proven"
    assert rule.reason.startswith("recall 0.48 < 0.5, which is not proven (95 % interval")
    assert "p 0.38 by exact binomial test" in rule.reason


def test_bound_that_chance_may_have_kept_does_not_pass_if_that_has_to_be_shown() -> None:
    uncertainty = {"recall": Uncertainty(hits=52, trials=100)}
    rules = {"recall": {"min": 0.5, "proof": "to_pass"}}
    result = verdict(measured(recall=0.52, uncertainty=uncertainty), require=rules)
    assert not result.blessed
    assert result.rules[0].outcome == "not_proven"
    assert result.reasons[0].startswith("recall 0.52 >= 0.5, which is not proven (")
    shown = {"recall": Uncertainty(hits=70, trials=100)}
    assert verdict(measured(recall=0.7, uncertainty=shown), require=rules).blessed


@pytest.mark.parametrize(("error", "blessed"), [(0.001, False), (0.05, True)])
def test_change_blocks_only_what_chance_cannot_explain(error: float, blessed: bool) -> None:
    result = verdict(
        measured(
            auc=0.9,
            baseline={"auc": 0.93},
            uncertainty={"auc": Uncertainty(spread(error), spread(error))},
        ),
        change={"auc": 0.01},
    )
    assert result.blessed is blessed
    reason = result.rules[0].reason
    assert "auc 0.9 is more than 0.01 worse than the baseline's 0.93" in reason
    assert ("which is not proven" in reason) is blessed
    assert ("a loss of 0.13 would be seen 4 times in 5" in reason) is blessed
    assert result.rules[0].test == "paired bootstrap"


def test_change_of_accuracy_without_any_loss_is_mcnemars_exact_test() -> None:
    uncertainty = {"accuracy": Uncertainty(spread(0.05), spread(0.02), 88, 100, won=1, lost=9)}
    result = verdict(
        measured(accuracy=0.88, baseline={"accuracy": 0.96}, uncertainty=uncertainty),
        change={"accuracy": 0},
    )
    assert not result.blessed
    assert result.reasons[0].startswith("accuracy 0.88 is worse than the baseline's 0.96 (")
    assert result.rules[0].test == "exact McNemar test"
    assert result.rules[0].p_value == pytest.approx(11 / 1024)


def test_many_slices_are_corrected_for_their_number() -> None:
    """A p-value of 0.02 is shown for one slice, and is to be expected among twenty."""
    few = {"recall": Uncertainty(hits=40, trials=100)}
    fine = {"recall": Uncertainty(hits=60, trials=100)}
    rules = {"slices": ["h"], "require": {"recall": {"slice_min": 0.5}}}
    bad = measured({"h": 0}, recall=0.4, uncertainty=few)
    others = [measured({"h": h}, recall=0.6, uncertainty=fine) for h in range(1, 20)]
    assert not verdict(measured(recall=0.6), bad, **rules).blessed
    among_many = verdict(measured(recall=0.6), bad, *others, **rules)
    assert among_many.blessed
    assert among_many.rules[0].outcome == "not_proven"
    assert "exact binomial test of 20" in among_many.rules[0].reason


def test_small_slices_are_not_counted_among_the_tests() -> None:
    few = {"recall": Uncertainty(hits=40, trials=100)}
    rules = {"slices": ["h"], "require": {"recall": {"slice_min": 0.5}}}
    bad = measured({"h": 0}, recall=0.4, uncertainty=few)
    small = [measured({"h": h}, 9, recall=0.4, uncertainty=few) for h in range(1, 20)]
    result = verdict(measured(recall=0.6), bad, *small, **rules)
    assert not result.blessed
    assert result.rules[0].p_value == pytest.approx(0.0284, abs=1e-4)


def test_change_on_slices_compares_each_with_its_baseline() -> None:
    result = verdict(
        measured(auc=0.9, baseline={"auc": 0.9}),
        measured({"h": 1}, auc=0.7, baseline={"auc": 0.9}),
        slices=["h"],
        change={"auc": {"slice_max_loss": 0.05}},
    )
    assert not result.blessed
    assert result.reasons[0] == "auc 0.7 on h=1 is more than 0.05 worse than the baseline's 0.9"
    assert result.rules[0].spec == "evaluate.change.auc.slice_max_loss"


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (0.95, 0.001, "auc 0.95 against the baseline's 0.9: better"),
        (0.85, 0.001, "auc 0.85 against the baseline's 0.9: worse"),
        (0.91, 0.1, "no difference that chance cannot explain"),
    ],
)
def test_verdict_says_how_the_model_compares_though_no_rule_asks(
    value: float, error: float, words: str
) -> None:
    result = verdict(
        measured(
            auc=value,
            baseline={"auc": 0.9},
            uncertainty={"auc": Uncertainty(difference=around(value - 0.9, error))},
        ),
        require={"auc": 0.8},
    )
    assert result.blessed
    assert words in result.comparison[0]


def test_file_holds_the_verdict_and_every_slice() -> None:
    results = [
        measured(auc=0.9, baseline={"auc": 0.8}, by_class={"recall": {1: 0.5, 0: NAN}}),
        measured({"hour": 3}, count=4, auc=NAN),
    ]
    config = EvaluateConfig.model_validate({"slices": ["hour"], "require": {"auc": 0.8}})
    card = ModelCard(
        format=1, task="binary", label="tip", classes=("no", "yes"), class_values=(0, 1)
    )
    text = write_verdict(
        judge(results, config), results, config, card, baseline="compared with m/1"
    )
    content = json.loads(text)
    assert content["blessed"] is True
    assert content["outcomes"] == {"passed": 1, "failed": 0, "not_proven": 0, "unknown": 0}
    assert content["rules"][0]["reason"] == "auc 0.9 >= 0.8"
    assert content["baseline"] == "compared with m/1"
    overall, hour = content["slices"]
    assert overall["by_class"] == {"recall": {"no": None, "yes": 0.5}}
    assert overall["baseline"] == {"auc": 0.8}
    assert hour["slice"] == {"hour": 3}
    assert (hour["label"], hour["count"], hour["small"]) == ("hour=3", 4, True)
    assert hour["metrics"]["auc"] is None


def test_interval_without_an_end_is_none_in_the_file() -> None:
    """R² of a resample of nearly equal labels has no lower bound."""
    open_end = {"r2": Uncertainty(candidate=Spread(0.1, -math.inf, 0.4))}
    results = [measured(r2=0.2, baseline={"r2": 0.1}, uncertainty=open_end)]
    config = EvaluateConfig.model_validate({"require": {"r2": 0.1}})
    card = ModelCard(format=1, task="regression", label="tip", classes=(), class_values=())
    text = write_verdict(judge(results, config), results, config, card, baseline="none")
    assert json.loads(text)["slices"][0]["intervals"] == {"r2": None}


def test_slice_with_one_positive_record_is_unknown_and_never_a_blocker() -> None:
    """1,912 records, one of them positive: AUC and recall are the luck of one record."""
    result = verdict(
        measured(auc=0.9, recall=0.8),
        measured(
            {"pay": "cash"},
            count=1912,
            auc=0.225,
            recall=0.0,
            labelled=(1911, 1),
            uncertainty={"recall": Uncertainty(hits=0, trials=1), "auc": Uncertainty()},
        ),
        slices=["pay"],
        require={"auc": {"slice_min": 0.7}, "recall": {"slice_min": 0.7}},
    )
    assert result.blessed
    assert [rule.outcome for rule in result.rules] == ["unknown", "unknown"]
    assert "auc 0.225 < 0.7 on pay=cash (only 1 positive record: unknown)" in [
        rule.reason for rule in result.rules
    ]


def test_few_positive_records_over_all_are_said_and_the_value_decides() -> None:
    result = verdict(measured(auc=0.7, labelled=(90, 4)), require={"auc": 0.8})
    assert result.reasons == ("auc 0.7 < 0.8 (only 4 positive records)",)


def gap_verdict(low: tuple[int, int], high: tuple[int, int], **config: Any) -> Verdict:
    """Returns the verdict on the recall of two groups, each hits of trials."""
    slices = [
        measured(
            {"sex": name},
            count=trials * 2,
            recall=hits / trials,
            labelled=(trials, trials),
            uncertainty={"recall": Uncertainty(hits=hits, trials=trials)},
        )
        for name, (hits, trials) in {"F": low, "M": high}.items()
    ]
    return verdict(measured(recall=0.7), *slices, gap={"recall": 0.05, "by": "sex"}, **config)


def test_gap_between_two_groups_blocks_if_chance_cannot_explain_it() -> None:
    result = gap_verdict((600, 1000), (800, 1000))
    (rule,) = result.rules
    assert (rule.rule, rule.outcome) == ("gap of recall by sex <= 0.05", "failed")
    assert rule.slice == "sex=F against sex=M"
    assert rule.value == pytest.approx(0.2)
    assert rule.low is not None
    assert 0.15 < rule.low < 0.2
    assert result.reasons[0].startswith(
        "gap of recall 0.2 > 0.05 on sex=F against sex=M (95 % interval 0.16 to 0.24; p"
    )


def test_gap_that_may_be_chance_is_not_proven() -> None:
    result = gap_verdict((27, 40), (31, 40))
    assert result.blessed
    assert result.rules[0].outcome == "not_proven"


def test_gap_between_groups_that_are_alike_passes() -> None:
    assert gap_verdict((700, 1000), (710, 1000)).rules[0].outcome == "passed"


def test_gap_is_unknown_if_only_one_group_is_large_enough() -> None:
    result = gap_verdict((3, 5), (800, 1000))
    assert result.blessed
    assert result.rules[0].outcome == "unknown"


def test_gap_slices_by_its_feature_once() -> None:
    config = EvaluateConfig.model_validate({"gap": [{"by": "sex", "recall": 0.1}]})
    assert [[by.name for by in cross] for cross in config.slices] == [["sex"]]
    assert EvaluateConfig.model_validate_json(config.model_dump_json()) == config
    assert "recall" in config.metric_names("multiclass")


@pytest.mark.parametrize("name", METRICS)
def test_interval_never_leaves_the_range_of_its_metric(name: str) -> None:
    """Even if nothing is known of how far a value may be off."""
    nothing = Spread(math.inf, -math.inf, math.inf)
    uncertainty = Uncertainty(nothing, nothing)
    low, high = METRICS[name].range
    assert value_interval(name, 1.0, uncertainty, 0.95) == (low, high)
    assert difference_interval(name, 0.0, uncertainty) == (low - high, high - low)
