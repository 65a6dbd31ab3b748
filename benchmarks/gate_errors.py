"""How often the gate blocks a model that is as good as the live one.

    python -m benchmarks.gate_errors [--repetitions 3000] [--only weighted] [--seed 1]

Two equal models are simulated and judged by the rule ``change: {METRIC: 0.0}`` at confidence 0.9,
so one in ten may be blocked. The standard error of a rate of 3,000 repetitions is 0.0055.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import signal

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.verdict import judge
from tfline.components.evaluator.measuring.results import Measures, SliceResult
from tfline.components.evaluator.measuring.uncertainty import (
    ResampleGroup,
    Resampling,
    measure_doubt,
)
from tfline.components.evaluator.reading.counting import Counted
from tfline.components.evaluator.reading.groups import Group
from tfline.components.evaluator.reading.time_blocks import block_length
from tfline.metrics.arrays import Array
from tfline.metrics.slices import SliceKey
from tfline.metrics.statistic import Decision
from tfline.metrics.table import METRICS

CONFIDENCE = 0.9
"""One error in ten is allowed: enough of them for some hundred repetitions to tell."""


@dataclasses.dataclass(frozen=True)
class Simulated:
    """Examples, and what two models make of them.

    Attributes:
        labels: [n].
        candidate: The predictions of the model that is judged, [n].
        baseline: Those of the live model, [n].
        weights: How much each example counts, [n]; None: all the same.
        units: What examples which belong together share, uint64 [n]; None: nothing.
        places: Where windows begin, in lengths of a block of time, [n]; None: none is a window.
    """

    labels: Array
    candidate: Array
    baseline: Array
    weights: Array | None = None
    units: Array | None = None
    places: Array | None = None


def scores(
    rng: np.random.Generator,
    size: int = 400,
    *,
    worse: float = 0.0,
    rare: bool = False,
    weighted: bool = False,
) -> Simulated:
    """Returns two classifiers that err mostly together; `worse` is more noise in the candidate.

    Half of the labels are positive, or 5 % if that is `rare`.
    """
    labels = (rng.random(size) < (0.05 if rare else 0.5)).astype(np.int64)
    shared = 1.5 * labels + rng.normal(size=size) - (2.0 if rare else 0.75)
    noise = rng.normal(size=(2, size)) * [[0.5 + worse], [0.5]]
    candidate, baseline = (1 / (1 + np.exp(-shared - own)).astype(np.float32) for own in noise)
    weights = rng.exponential(size=size) if weighted else None
    return Simulated(labels, candidate, baseline, weights)


def numbers(
    rng: np.random.Generator, size: int = 400, *, worse: float = 0.0, weighted: bool = False
) -> Simulated:
    """Returns two regressions that err mostly together; `worse` is more noise in the candidate."""
    labels = rng.normal(size=size)
    shared = labels + rng.normal(size=size)
    noise = rng.normal(size=(2, size)) * [[0.5 + worse], [0.5]]
    candidate, baseline = (shared + noise).astype(np.float32)
    weights = rng.exponential(size=size) if weighted else None
    return Simulated(labels, candidate, baseline, weights)


def few(rng: np.random.Generator, size: int = 800, positive: int = 12) -> Simulated:
    """Returns two equal classifiers of a few positive examples."""
    labels = (np.arange(size) < positive).astype(np.int64)
    shared = 1.5 * labels + rng.normal(size=size) - 2.0
    noise = rng.normal(size=(2, size)) * 0.5
    candidate, baseline = (1 / (1 + np.exp(-shared - own)).astype(np.float32) for own in noise)
    return Simulated(labels, candidate, baseline)


def heavy(rng: np.random.Generator, size: int = 400) -> Simulated:
    """Returns two equal regressions whose weights say as much as those of some 40 examples."""
    data = numbers(rng, size)
    return dataclasses.replace(data, weights=rng.lognormal(sigma=1.5, size=size))


def grouped(
    rng: np.random.Generator, groups: int = 40, size: int = 20, *, together: bool = True
) -> Simulated:
    """Returns two equal classifiers that each err on whole groups.

    A group's examples are alike: so are their labels, and the noise of each model. Unless they are
    to be judged `together`, the gate takes each for itself.
    """
    units = np.repeat(np.arange(groups), size)
    kind = rng.integers(0, 2, groups)[units]
    labels = np.where(rng.random(len(units)) < 0.9, kind, 1 - kind)
    shared = 1.5 * labels + rng.normal(size=len(units)) - 0.75
    noise = rng.normal(size=(2, groups))[:, units]
    candidate, baseline = (1 / (1 + np.exp(-shared - own)).astype(np.float32) for own in noise)
    return Simulated(
        labels, candidate, baseline, units=units.astype(np.uint64) if together else None
    )


def windows(
    rng: np.random.Generator,
    time: int = 1000,
    *,
    horizon: int = 12,
    past: int = 24,
    memory: float = 0.8,
    together: bool = True,
) -> Simulated:
    """Returns two equal forecasts of overlapping windows, one of which begins at each row.

    What a model misses at a row it misses in all windows that forecast that row, and what it
    misses at the next one is alike: an autoregression with a coefficient of `memory`. Unless they
    are to be judged `together`, the gate takes each window for itself.
    """
    count = time - past - horizon + 1
    chance = rng.normal(size=(3, time + 200))
    missed = signal.lfilter([1.0], [1.0, -memory], chance, axis=1)[:, 200:]  # both, and each
    rows = np.arange(count)[:, None] + past + np.arange(horizon)  # [n, horizon]
    labels = np.zeros(rows.shape, np.float32)
    candidate, baseline = ((missed[0] + own)[rows].astype(np.float32) for own in missed[1:])
    if not together:
        return Simulated(labels, candidate, baseline)
    places = np.arange(count) / block_length(time, past + horizon)
    units = np.floor(places).astype(np.uint64)
    return Simulated(labels, candidate, baseline, units=units, places=places)


@dataclasses.dataclass(frozen=True)
class Case:
    """What is simulated.

    Attributes:
        metric: What the rule compares.
        make: Returns examples of two equal models.
    """

    metric: str
    make: Callable[[np.random.Generator], Simulated]


TASKS = {
    **dict.fromkeys(("accuracy", "recall", "f1", "auc", "pr_auc", "log_loss"), "binary"),
    **dict.fromkeys(("rmse", "mae", "r2"), "regression"),
}
"""The metrics that are simulated, and the task of their examples."""

_PLAIN: Mapping[str, Callable[..., Simulated]] = {
    name: scores if task == "binary" else numbers for name, task in TASKS.items()
}


def _cases() -> dict[str, Case]:
    cases = {f"{metric}": Case(metric, make) for metric, make in _PLAIN.items()}
    for metric in ("accuracy", "recall", "auc", "pr_auc", "log_loss"):
        cases[f"{metric}, 5 % of 800 positive"] = Case(metric, partial(scores, size=800, rare=True))
    for metric, make in _PLAIN.items():
        cases[f"{metric}, weighted"] = Case(metric, partial(make, weighted=True))
    cases["auc, weighted, 5 % of 800 positive"] = Case(
        "auc", partial(scores, size=800, rare=True, weighted=True)
    )
    for metric in ("accuracy", "auc", "log_loss"):
        for groups in (20, 40):
            cases[f"{metric}, {groups} groups of 20"] = Case(
                metric, partial(grouped, groups=groups)
            )
    for metric in ("mae", "rmse"):
        for rows in (300, 1000, 4000):
            cases[f"{metric}, windows of {rows} rows"] = Case(metric, partial(windows, time=rows))
        cases[f"{metric}, windows of 1000 rows, each for itself"] = Case(
            metric, partial(windows, together=False)
        )
    cases["auc, 12 of 800 positive"] = Case("auc", few)
    cases["rmse, heavy weights"] = Case("rmse", heavy)
    return cases


CASES = _cases()
"""What is simulated, by its name."""


def measure(
    metric: str, data: Simulated, seed: int, key: SliceKey = (), resamples: int = 200
) -> SliceResult:
    """Returns what the evaluation measures on a slice.

    Args:
        metric: What is measured.
        data: The examples.
        seed: Of the resamples.
        key: The slice.
        resamples: Their number.
    """
    task = "forecast" if data.labels.ndim == 2 else TASKS[metric]
    decision = Decision(2 if task == "binary" else 0)
    how = Resampling(
        (metric,),
        task,
        {"candidate": decision, "baseline": decision},
        resamples,
        seed,
        independent=data.weights is None and data.units is None,  # as `Counting` says
    )
    size = len(data.labels)
    group = Group(
        key=key,
        labels=data.labels,
        predictions={"candidate": data.candidate, "baseline": data.baseline},
        rows=np.arange(size),
        block_size=size,
        block_seed=(seed, len(key) and int(key[0][1])),
        counted=Counted(data.weights, data.units, data.places),
    )
    [(_, sums)] = ResampleGroup(how).process(group)
    measured: list[Measures] = []
    for predictions in (data.candidate, data.baseline):
        statistic = METRICS[metric].statistic.of(
            data.labels, predictions, decision, group.column_of_weights
        )
        value = float(METRICS[metric].compute(task, statistic)[0])
        measured.append(Measures({metric: value, "example_count": float(size)}))
    doubt = measure_doubt(how, sums)
    of_candidate, of_baseline = measured
    return SliceResult(
        key, of_candidate, of_baseline, doubt.uncertainty, doubt.labelled, doubt.units
    )


def block_rate(case: Case, repetitions: int, seed: int = 1, resamples: int = 200) -> float:
    """Returns how often a model that is as good as the live one is blocked.

    Args:
        case: What is simulated.
        repetitions: How often.
        seed: Of the simulation.
        resamples: Of each evaluation.
    """
    rules = EvaluateConfig.model_validate({"confidence": CONFIDENCE, "change": {case.metric: 0.0}})
    blocked = 0
    for number in range(repetitions):
        data = case.make(np.random.default_rng([seed, number]))
        result = measure(case.metric, data, number, resamples=resamples)
        blocked += not judge([result], rules).blessed
    return blocked / repetitions


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3000)
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    table = Table("case", "blocked", "standard error", "seconds")
    for name, case in CASES.items():
        if arguments.only not in name:
            continue
        started = time.monotonic()
        rate = block_rate(case, arguments.repetitions, arguments.seed)
        error = (rate * (1 - rate) / arguments.repetitions) ** 0.5
        seconds = time.monotonic() - started
        table.add_row(name, f"{rate:.4f}", f"{error:.4f}", f"{seconds:.0f}")
        print(f"{name}: {rate:.4f}", flush=True)
    Console().print(table)


if __name__ == "__main__":
    main()
