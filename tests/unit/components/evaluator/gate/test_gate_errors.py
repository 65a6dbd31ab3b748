"""How often the gate errs: simulated models with a known difference, judged many times."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.verdict import judge
from tfline.components.evaluator.measuring.results import Measures, SliceResult
from tfline.components.evaluator.measuring.uncertainty import (
    ResampleGroup,
    Resampling,
    measure_doubt,
)
from tfline.components.evaluator.reading.groups import Group
from tfline.components.evaluator.reading.slices import SliceKey
from tfline.metrics.arrays import Array
from tfline.metrics.statistic import Decision
from tfline.metrics.table import METRICS

SHOW = logging.getLogger(__name__)
"""Shows the rates with ``-o log_cli=true -o log_cli_level=INFO``."""

REPETITIONS, FEW_REPETITIONS = 400, 200
CONFIDENCE = 0.9
"""One error in ten is allowed: enough of them for a few hundred repetitions to tell."""

CHANCE = 3 * (0.1 * 0.9 / REPETITIONS) ** 0.5
"""Three standard errors of a rate of one in ten."""

Data = tuple[Array, Array, Array]
"""Labels, the predictions of the candidate, and those of the baseline."""


def scores(rng: np.random.Generator, size: int, worse: float = 0.0) -> Data:
    """Returns two classifiers that err mostly together; `worse` is more noise in the candidate."""
    labels = rng.integers(0, 2, size)
    shared = 1.5 * labels + rng.normal(size=size) - 0.75
    noise = rng.normal(size=(2, size)) * [[0.5 + worse], [0.5]]
    candidate, baseline = (1 / (1 + np.exp(-shared - own)).astype(np.float32) for own in noise)
    return labels, candidate, baseline


def rare(rng: np.random.Generator, size: int) -> Data:
    """Returns two equal classifiers of labels of which 5 % are positive."""
    labels = (rng.random(size) < 0.05).astype(np.int64)
    shared = 1.5 * labels + rng.normal(size=size) - 2.0
    noise = rng.normal(size=(2, size)) * 0.5
    candidate, baseline = (1 / (1 + np.exp(-shared - own)).astype(np.float32) for own in noise)
    return labels, candidate, baseline


def grouped(rng: np.random.Generator, groups: int, size: int) -> tuple[Data, Array]:
    """Returns two equal classifiers that each err on whole groups, and the group of each example.

    A group's examples are alike: so are their labels, and the noise of each model.
    """
    units = np.repeat(np.arange(groups), size)
    kind = rng.integers(0, 2, groups)[units]
    labels = np.where(rng.random(len(units)) < 0.9, kind, 1 - kind)
    shared = 1.5 * labels + rng.normal(size=len(units)) - 0.75
    noise = rng.normal(size=(2, groups))[:, units]
    candidate, baseline = (1 / (1 + np.exp(-shared - own)).astype(np.float32) for own in noise)
    return (labels, candidate, baseline), units.astype(np.uint64)


def numbers(rng: np.random.Generator, size: int, worse: float = 0.0) -> Data:
    """Returns two regressions that err mostly together; `worse` is more noise in the candidate."""
    labels = rng.normal(size=size)
    shared = labels + rng.normal(size=size)
    noise = rng.normal(size=(2, size)) * [[0.5 + worse], [0.5]]
    return labels, *(shared + noise).astype(np.float32)


DATA: dict[str, tuple[str, Callable[..., Data]]] = {
    "accuracy": ("binary", scores),
    "recall": ("binary", scores),
    "auc": ("binary", scores),
    "pr_auc": ("binary", scores),
    "log_loss": ("binary", scores),
    "rmse": ("regression", numbers),
    "r2": ("regression", numbers),
}


def result(
    metric: str,
    data: Data,
    seed: int,
    key: SliceKey = (),
    *,
    weights: Array | None = None,
    units: Array | None = None,
) -> SliceResult:
    """Returns what the evaluation measures on a slice."""
    task, _ = DATA[metric]
    decision = Decision(2 if task == "binary" else 0)
    how = Resampling(
        (metric,),
        task,
        {"candidate": decision, "baseline": decision},
        100,
        seed,
        independent=weights is None and units is None,
    )
    labels, candidate, baseline = data
    size = len(labels)
    group = Group(
        key=key,
        labels=labels,
        predictions={"candidate": candidate, "baseline": baseline},
        rows=np.arange(size),
        block_size=size,
        block_seed=(seed, len(key) and int(key[0][1])),
        weights=weights,
        units=units,
    )
    [(_, sums)] = ResampleGroup(how).process(group)
    measured = []
    for predictions in (candidate, baseline):
        statistic = METRICS[metric].statistic.of(
            labels, predictions, decision, group.column_of_weights
        )
        value = float(METRICS[metric].compute(task, statistic)[0])
        measured.append(Measures({metric: value, "example_count": float(size)}))
    doubt = measure_doubt(how, sums)
    return SliceResult(key, *measured, doubt.uncertainty, doubt.labelled, doubt.units)


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
        return [result(metric, DATA[metric][1](rng, 400), seed)]

    rate = block_rate(make, change={metric: 0.0})
    SHOW.info("%s: false alarms %.3f", metric, rate)
    # Exact tests are on the safe side: a count cannot hit one in ten.
    assert rate <= 1 - CONFIDENCE + CHANCE
    assert rate >= (0.03 if METRICS[metric].paired else 1 - CONFIDENCE - CHANCE)


@pytest.mark.parametrize("metric", ["auc", "log_loss"])
def test_equal_model_passes_at_the_stated_rate_though_few_examples_are_positive(
    metric: str,
) -> None:
    def make(seed: int) -> list[SliceResult]:
        return [result(metric, rare(np.random.default_rng([6, seed]), 800), seed)]

    rate = block_rate(make, FEW_REPETITIONS, change={metric: 0.0})
    SHOW.info("%s, 5 %% positive: false alarms %.3f", metric, rate)
    assert rate <= 1 - CONFIDENCE + 2**0.5 * CHANCE


@pytest.mark.parametrize("metric", ["accuracy", "auc"])
def test_equal_model_passes_at_the_stated_rate_with_weights(metric: str) -> None:
    def make(seed: int) -> list[SliceResult]:
        rng = np.random.default_rng([7, seed])
        weights = rng.exponential(size=400)
        return [result(metric, DATA[metric][1](rng, 400), seed, weights=weights)]

    rate = block_rate(make, FEW_REPETITIONS, change={metric: 0.0})
    SHOW.info("%s, weighted: false alarms %.3f", metric, rate)
    assert rate <= 1 - CONFIDENCE + 2**0.5 * CHANCE


@pytest.mark.parametrize("metric", ["accuracy", "auc"])
def test_equal_model_passes_at_the_stated_rate_if_examples_come_in_groups(metric: str) -> None:
    def make(seed: int, *, together: bool) -> list[SliceResult]:
        data, units = grouped(np.random.default_rng([8, seed]), 40, 20)
        return [result(metric, data, seed, units=units if together else None)]

    rate = block_rate(partial(make, together=True), FEW_REPETITIONS, change={metric: 0.0})
    SHOW.info("%s, in groups: false alarms %.3f", metric, rate)
    assert rate <= 1 - CONFIDENCE + 2**0.5 * CHANCE
    # Taken for independent, the same examples raise far more of them.
    assert block_rate(partial(make, together=False), 60, change={metric: 0.0}) > 0.2


@pytest.mark.parametrize("metric", ["auc", "log_loss", "rmse"])
def test_worse_model_is_blocked_at_the_stated_power(metric: str) -> None:
    make_data, worse = DATA[metric][1], 0.25
    large = result(metric, make_data(np.random.default_rng(0), 200_000, worse), 0)
    assert large.baseline is not None
    loss = abs(large.candidate.numbers[metric] - large.baseline.numbers[metric])
    errors: list[float] = []

    def make(seed: int) -> list[SliceResult]:
        measured = result(metric, make_data(np.random.default_rng([2, seed]), 400, worse), seed)
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
        return [result("auc", scores(np.random.default_rng([3, seed]), 400), seed)]

    assert block_rate(make, change={"auc": 0.02}) <= 0.03


@pytest.mark.parametrize("metric", ["auc", "recall"])
def test_many_equal_slices_raise_no_more_false_alarms_than_stated(metric: str) -> None:

    def make(seed: int) -> list[SliceResult]:
        rng = np.random.default_rng([4, seed])
        overall = result(metric, scores(rng, 100), seed)
        return [overall, *(result(metric, scores(rng, 100), seed, (("h", h),)) for h in range(10))]

    rate = block_rate(make, 150, slices=["h"], change={metric: {"slice_max_loss": 0.0}})
    SHOW.info("%s: false alarms %.3f", metric, rate)
    assert rate <= 1 - CONFIDENCE + 3 * (0.1 * 0.9 / 150) ** 0.5


@pytest.mark.parametrize(("recall", "expected"), [(0.7, 0.1), (0.55, 1.0)])
def test_bound_by_proof_blocks_at_the_stated_rate(recall: float, expected: float) -> None:
    """Exact binomial tests: at the bound itself at most one in ten, far below it always."""

    def make(seed: int) -> list[SliceResult]:
        rng = np.random.default_rng([5, seed])
        found = (rng.random(300) < recall).astype(np.float32)
        return [result("recall", (np.ones(300, np.int64), found, found), seed)]

    rate = block_rate(make, require={"recall": {"min": 0.7, "proof": "to_block"}})
    assert abs(rate - expected) <= CHANCE
