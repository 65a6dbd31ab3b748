"""Candidates that are compared one after the other, until the time is over. No TensorFlow here."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from tfline.pipelines.init.candidates import Candidate
from tfline.pipelines.terminal import Grid
from tfline.transforms.errors import DataError, ModelError


class OutOfTimeError(Exception):
    """The time for comparing models is over, in the middle of a training."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """What became of a candidate.

    Attributes:
        candidate: The model.
        values: Its metric on each fold that was held out; empty if it was not measured.
        seconds: How long it took.
        why_not: Why it was not measured; empty: it was.
    """

    candidate: Candidate
    values: tuple[float, ...] = ()
    seconds: float = 0.0
    why_not: str = ""

    @property
    def mean(self) -> float:
        """The mean of the metric over the folds."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """The standard deviation of the metric between the folds."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0


Measure = Callable[[Candidate], Sequence[float]]
"""Returns the metric of a candidate on each fold."""


def compare(
    candidates: Iterable[Candidate],
    measure: Measure,
    deadline: float,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Trial]:
    """Yields what becomes of each candidate; one that fails, or has no time left, is no error.

    Args:
        candidates: In the order in which they are tried.
        measure: Trains one on each fold.
        deadline: When the time is over, of `clock`.
        clock: Seconds.
    """
    stopped = ""
    for candidate in candidates:
        began = clock()
        if not stopped and began >= deadline:
            stopped = "not tried: the time is over"
        if stopped:
            yield Trial(candidate, why_not=stopped)
            continue
        try:
            values = tuple(measure(candidate))
        except OutOfTimeError:
            yield Trial(candidate, (), clock() - began, "not finished: the time is over")
        except KeyboardInterrupt:
            yield Trial(candidate, (), clock() - began, "interrupted")
            stopped = "not tried: interrupted"
        except (DataError, ModelError) as exc:
            yield Trial(candidate, (), clock() - began, exc.message)
        else:
            yield Trial(candidate, values, clock() - began)


def best_of(trials: Sequence[Trial], *, smaller_is_better: bool) -> Trial | None:
    """Returns the trial with the best mean, the first of equal ones; None: nothing was measured."""
    measured = [trial for trial in trials if trial.values]
    if not measured:
        return None
    return (min if smaller_is_better else max)(measured, key=lambda trial: trial.mean)


def table(trials: Sequence[Trial], metric: str, best: Trial | None) -> Grid:
    """Returns a line a model: its metric with the deviation between the folds, and seconds."""
    rows = [
        [
            f"{trial.candidate.title}{' *' if trial is best else ''}",
            f"{trial.mean:.4f}" if trial.values else trial.why_not,
            f"{trial.deviation:.4f}" if trial.values else "",
            f"{trial.seconds:.0f}",
        ]
        for trial in trials
    ]
    return Grid(["model", metric, "deviation", "seconds"], rows)
