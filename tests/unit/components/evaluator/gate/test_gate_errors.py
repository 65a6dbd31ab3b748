"""How often the gate errs: simulated models with a known difference, judged many times.

The models are those of `benchmarks.gate_errors`, which judges them more often than a test can.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from benchmarks.gate_errors import (
    CONFIDENCE,
    Simulated,
    few,
    grouped,
    heavy,
    measure,
    numbers,
    scores,
    windows,
)
from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.verdict import judge
from tfline.components.evaluator.measuring.results import SliceResult
from tfline.metrics.table import METRICS

SHOW = logging.getLogger(__name__)
"""Shows the rates with ``-o log_cli=true -o log_cli_level=INFO``."""

REPETITIONS, FEW_REPETITIONS = 400, 200

CHANCE = 3 * (0.1 * 0.9 / REPETITIONS) ** 0.5
"""Three standard errors of a rate of one in ten."""

DATA: dict[str, Callable[..., Simulated]] = {
    **dict.fromkeys(("accuracy", "recall", "auc", "pr_auc", "log_loss"), scores),
    **dict.fromkeys(("rmse", "r2"), numbers),
}
result = partial(measure, resamples=100)


def block_rate(
    make: Callable[[int], list[SliceResult]], repetitions: int = REPETITIONS, **config: Any
) -> float:
    """Returns how often a model is not blessed."""
    rules = EvaluateConfig.model_validate({"confidence": CONFIDENCE, **config})
    return float(np.mean([not judge(make(seed), rules).blessed for seed in range(repetitions)]))


@pytest.mark.parametrize("metric", DATA)
def test_equal_model_passes_at_the_stated_rate(metric: str) -> None:
    def make(seed: int) -> list[SliceResult]:
        rng = np.random.default_rng([1, seed])
        return [result(metric, DATA[metric](rng), seed)]

    rate = block_rate(make, change={metric: 0.0})
    SHOW.info("%s: false alarms %.3f", metric, rate)
    # Exact tests are on the safe side: a count cannot hit one in ten.
    assert rate <= 1 - CONFIDENCE + CHANCE
    assert rate >= (0.03 if METRICS[metric].paired else 1 - CONFIDENCE - CHANCE)


@pytest.mark.parametrize(
    ("metric", "make_data"),
    [
        ("auc", partial(scores, size=800, rare=True)),
        ("log_loss", partial(scores, size=800, rare=True)),
        ("auc", few),
        ("accuracy", partial(scores, weighted=True)),
        ("auc", partial(scores, weighted=True)),
        ("rmse", heavy),
        ("accuracy", grouped),
        ("auc", grouped),
        ("mae", windows),
    ],
    ids=["rare", "rare", "few", "weighted", "weighted", "heavy", "grouped", "grouped", "windows"],
)
def test_equal_model_passes_at_the_stated_rate_though_few_pieces_of_evidence_decide(
    metric: str, make_data: Callable[..., Simulated]
) -> None:
    def make(seed: int) -> list[SliceResult]:
        return [result(metric, make_data(np.random.default_rng([6, seed])), seed)]

    rate = block_rate(make, FEW_REPETITIONS, change={metric: 0.0})
    SHOW.info("%s: false alarms %.3f", metric, rate)
    assert rate <= 1 - CONFIDENCE + 2**0.5 * CHANCE


@pytest.mark.parametrize(("metric", "make_data"), [("accuracy", grouped), ("mae", windows)])
def test_examples_that_belong_together_raise_false_alarms_if_each_stands_for_itself(
    metric: str, make_data: Callable[..., Simulated]
) -> None:
    def make(seed: int) -> list[SliceResult]:
        return [result(metric, make_data(np.random.default_rng([8, seed]), together=False), seed)]

    assert block_rate(make, 60, change={metric: 0.0}) > 0.2


@pytest.mark.parametrize("metric", ["auc", "log_loss", "rmse"])
def test_worse_model_is_blocked_at_the_stated_power(metric: str) -> None:
    make_data, worse = DATA[metric], 0.25
    large = result(metric, make_data(np.random.default_rng(0), 200_000, worse=worse), 0)
    assert large.baseline is not None
    loss = abs(large.candidate.numbers[metric] - large.baseline.numbers[metric])
    errors: list[float] = []

    def make(seed: int) -> list[SliceResult]:
        measured = result(metric, make_data(np.random.default_rng([2, seed]), worse=worse), seed)
        errors.append(measured.uncertainty[metric, None].difference.error)
        return [measured]

    rate = block_rate(make, change={metric: 0.0})
    normal = NormalDist()
    stated = normal.cdf(loss / float(np.mean(errors)) - normal.inv_cdf(CONFIDENCE))
    SHOW.info("%s: power %.3f, stated %.3f", metric, rate, stated)
    assert 0.6 < stated < 0.99
    assert rate == pytest.approx(stated, abs=0.06)


def test_model_within_the_tolerated_loss_passes_more_often() -> None:
    def make(seed: int) -> list[SliceResult]:
        return [result("auc", scores(np.random.default_rng([3, seed])), seed)]

    assert block_rate(make, change={"auc": 0.02}) <= 0.03


@pytest.mark.parametrize("metric", ["auc", "recall"])
def test_many_equal_slices_raise_no_more_false_alarms_than_stated(metric: str) -> None:

    def make(seed: int) -> list[SliceResult]:
        rng = np.random.default_rng([4, seed])
        overall = result(metric, scores(rng, 100), seed)
        slices = ((("h", h),) for h in range(10))
        return [overall, *(result(metric, scores(rng, 100), seed, key) for key in slices)]

    rate = block_rate(make, 150, slices=["h"], change={metric: {"slice_max_loss": 0.0}})
    SHOW.info("%s: false alarms %.3f", metric, rate)
    assert rate <= 1 - CONFIDENCE + 3 * (0.1 * 0.9 / 150) ** 0.5


@pytest.mark.parametrize(("recall", "expected"), [(0.7, 0.1), (0.55, 1.0)])
def test_bound_by_proof_blocks_at_the_stated_rate(recall: float, expected: float) -> None:
    """Exact binomial tests: at the bound itself at most one in ten, far below it always."""

    def make(seed: int) -> list[SliceResult]:
        rng = np.random.default_rng([5, seed])
        found = (rng.random(300) < recall).astype(np.float32)
        return [result("recall", Simulated(np.ones(300, np.int64), found, found), seed)]

    rate = block_rate(make, require={"recall": {"min": 0.7, "proof": "to_block"}})
    assert abs(rate - expected) <= CHANCE


def test_value_that_resamples_hardly_define_blocks_nothing() -> None:
    """With two positive records, one resample in seven has none: nothing is shown."""
    data = few(np.random.default_rng(0), 400, positive=2)
    worse = Simulated(data.labels, np.where(data.labels, 0.0, data.candidate), data.baseline)
    measured = result("auc", worse, 0)
    assert measured.uncertainty["auc", None].difference is None
    rules = EvaluateConfig.model_validate({"change": {"auc": 0.0}})
    [rule] = judge([measured], rules).rules
    assert (rule.outcome, rule.blocks) == ("not_proven", False)
