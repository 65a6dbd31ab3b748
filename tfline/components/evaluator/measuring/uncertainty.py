"""How far the measured values may be off, as the resamples of a slice say.

Made inside Beam next to TFMA's values: groups become statistics of their resamples, these are
added up by slice, and what is left of a slice are standard errors, intervals, exact counts and the
number of its examples of each class.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np

from tfline.components.evaluator.measuring.pieces import Pieces
from tfline.components.evaluator.measuring.resamples import expanded_tail, resample_weights
from tfline.components.evaluator.measuring.results import (
    MetricKey,
    SliceDoubt,
    Spread,
    Uncertainty,
)
from tfline.components.evaluator.reading.groups import Group
from tfline.metrics.arrays import Array, Floats, Integers
from tfline.metrics.slices import SliceKey
from tfline.metrics.statistic import Decision, Statistic, decide
from tfline.tasks.table import find_task
from tfline.tasks.task import Task

_DEFINED = 0.9
"""Share of the resamples in which a value has to be defined for an error to be told."""

_Sums = dict[tuple[str, str], Any]
"""By model and by name of the statistic, its resamples; under ``("", "_Duel")`` the `_Duel`."""

_DUEL = ("", "_Duel")
_LABELLED = ("", "_Labelled")
_PIECES = ("", "_Pieces")


@dataclasses.dataclass(frozen=True)
class Resampling:
    """How values are resampled.

    Attributes:
        metrics: The metrics; those by dotted path have no errors.
        task: What the label asks for.
        decisions: How the probabilities of each model become classes; the candidate first.
        resamples: Number of resamples.
        seed: Of their weights.
        confidence: Of the intervals.
        independent: Whether all examples count the same, and each stands for itself: then shares
            of them have exact tests.
    """

    metrics: tuple[str, ...]
    task: str
    decisions: Mapping[str, Decision]
    resamples: int
    seed: int
    confidence: float = 0.95
    independent: bool = True

    @property
    def asks(self) -> Task:
        """The task."""
        return find_task(self.task)

    @property
    def resampled(self) -> tuple[str, ...]:
        """The metrics that have an error: all but own ones, counts and matrices."""
        return tuple(
            name
            for name in self.metrics
            if name in self.asks.metrics and name not in ("example_count", "confusion_matrix")
        )

    @property
    def statistics(self) -> tuple[type[Statistic], ...]:
        """What the metrics are computed from."""
        return tuple(dict.fromkeys(self.asks.metrics[name].statistic for name in self.resampled))


@dataclasses.dataclass(frozen=True, eq=False)
class _Duel:
    """The examples that only one of two models has right.

    Attributes:
        won: int64 [k], of each class, those that only the candidate has right.
        lost: int64 [k], those that only the baseline has right.
    """

    won: Integers
    lost: Integers

    def __add__(self, other: _Duel) -> _Duel:
        return _Duel(self.won + other.won, self.lost + other.lost)


class ResampleGroup(beam.DoFn):
    """Makes the statistics of a group's resamples.

    Args:
        resampling: How.
    """

    def __init__(self, resampling: Resampling) -> None:
        super().__init__()
        self._resampling = resampling

    def process(self, group: Group) -> Iterator[tuple[SliceKey, _Sums]]:
        """Yields the slice of a group with its sums."""
        how = self._resampling
        weights = resample_weights(group, how.seed, how.resamples)
        sums: _Sums = {
            (model, statistic.__name__): statistic.resample(
                group.labels, predictions, group.decision(how.decisions[model]), weights
            )
            for model, predictions in group.predictions.items()
            for statistic in how.statistics
        }
        duels = how.asks.one_class and how.independent
        if duels and len(group.predictions) == 2:
            sums[_DUEL] = _duel(group, how.decisions)
        if how.asks.family in ("binary", "multiclass", "ordinal", "multilabel"):
            sums[_LABELLED] = _labelled(group, how.decisions)
        sums[_PIECES] = Pieces.of(group, binary=how.asks.family == "binary")
        yield group.key, sums


def _labelled(group: Group, decisions: Mapping[str, Decision]) -> Integers:
    """Returns the number of examples of each class, int64 [k]."""
    if group.labels.ndim == 2:
        of_several: Integers = (group.labels > 0).sum(axis=0)
        return of_several
    k = next(iter(decisions.values())).num_classes
    return np.bincount(group.labels, minlength=k)


def _duel(group: Group, decisions: Mapping[str, Decision]) -> _Duel:
    candidate, baseline = (
        decide(group.predictions[model], decision) == group.labels
        for model, decision in decisions.items()
    )
    k = next(iter(decisions.values())).num_classes
    return _Duel(
        won=np.bincount(group.labels[candidate & ~baseline], minlength=k),
        lost=np.bincount(group.labels[baseline & ~candidate], minlength=k),
    )


class AddSums(beam.CombineFn):
    """Adds the sums of groups."""

    def create_accumulator(self) -> _Sums:
        """Returns what is known of no group."""
        return {}

    def add_input(self, accumulator: _Sums, sums: _Sums) -> _Sums:
        """Adds those of a group."""
        return self.merge_accumulators([accumulator, sums])

    def merge_accumulators(self, accumulators: Iterable[_Sums]) -> _Sums:
        """Adds what several workers know."""
        merged: _Sums = {}
        for accumulator in accumulators:
            for key, sums in accumulator.items():
                merged[key] = merged[key] + sums if key in merged else sums
        return merged

    def extract_output(self, accumulator: _Sums) -> _Sums:
        """Returns the sums."""
        return accumulator


def measure_doubt(resampling: Resampling, sums: _Sums) -> SliceDoubt:
    """Returns what is known of a slice beside its values.

    Args:
        resampling: How it was resampled.
        sums: Of the slice.
    """
    found = measure_uncertainty(resampling, sums)
    labelled = tuple(map(int, sums.get(_LABELLED, ())))
    return SliceDoubt(found, labelled, sums[_PIECES].units)


def measure_uncertainty(resampling: Resampling, sums: _Sums) -> dict[MetricKey, Uncertainty]:
    """Returns the uncertainty of every value of a slice; arguments as in `measure_doubt`."""
    found: dict[MetricKey, Uncertainty] = {}
    duel = sums.get(_DUEL)
    for name in resampling.resampled:
        values = {model: _values(name, resampling, sums, model) for model in resampling.decisions}
        shares = _shares(name, resampling, sums)
        metric, known = resampling.asks.metrics[name], sums[_PIECES]
        pieces, certain = known.effective(metric), known.certain(metric)
        candidate = next(iter(values.values()))  # [1 + r] or [1 + r, k]
        for index in np.ndindex(candidate.shape[1:]):
            place = index[0] if index else None
            columns = [of_model[(slice(None), *index)] for of_model in values.values()]
            found[name, place] = Uncertainty(
                *_spreads(columns, resampling.confidence, pieces, certain),
                *_counts(shares, place),
                *_counts(_duels(name, resampling.asks, duel), place),
                pieces=certain,
            )
    return found


def _values(name: str, resampling: Resampling, sums: _Sums, model: str) -> Floats:
    metric = resampling.asks.metrics[name]
    kept = sums[model, metric.statistic.__name__]
    values: Floats = metric.compute(resampling.asks.family, kept)
    return values


def _spreads(
    values: Sequence[Floats], confidence: float, pieces: float, certain: float
) -> tuple[Spread | None, Spread | None]:
    """Returns the spread of the candidate's value, and of its difference to the baseline's.

    Args:
        values: [1 + r] of each model, the candidate's first.
        confidence: Of the intervals.
        pieces: See `Pieces.effective`.
        certain: See `Pieces.certain`.
    """
    candidate, *baseline = values
    difference = _spread(candidate - baseline[0], confidence, pieces, certain) if baseline else None
    return _spread(candidate, confidence, pieces, certain), difference


def _spread(values: Floats, confidence: float, pieces: float, certain: float) -> Spread | None:
    """Returns the spread of a value, [1 + r]; None if too few of its resamples are defined.

    Resamples of n pieces vary less than samples of n do, by n - 1 of n parts; and one piece never
    varies, which says that nothing is known.
    """
    if min(pieces, certain) <= 1:
        return Spread(math.inf, -math.inf, math.inf)
    defined = values[1:][np.isfinite(values[1:])]
    if len(defined) < max(2, _DEFINED * (len(values) - 1)):
        return None
    tail = expanded_tail((1 - confidence) / 2, certain)
    low, high = np.quantile(defined, [tail, 1 - tail])
    error = defined.std(ddof=1) * math.sqrt(pieces / (pieces - 1))
    return Spread(float(error), float(low), float(high))


def _shares(name: str, resampling: Resampling, sums: _Sums) -> tuple[Array, Array] | None:
    """Returns the candidate's hits and trials, [] or [k] each; None if the metric is no share."""
    metric, model = resampling.asks.metrics[name], next(iter(resampling.decisions))
    if metric.share is None or not resampling.independent:
        return None
    hits, trials = metric.share(sums[model, metric.statistic.__name__])
    if resampling.asks.family == "binary" and hits.ndim == 2:
        hits, trials = hits[:, 1], trials[:, 1]
    return hits[0], trials[0]


def _duels(name: str, task: Task, duel: _Duel | None) -> tuple[Array, Array] | None:
    """Returns what only one model has right, of the examples that the metric is a share of."""
    metric = task.metrics[name]
    if duel is None or not metric.paired:
        return None
    if not metric.by_class:
        of_all = name not in ("specificity", "false_positive_rate")
        return (duel.won.sum(), duel.lost.sum()) if of_all else (duel.won[0], duel.lost[0])
    return (duel.won[1], duel.lost[1]) if task.family == "binary" else (duel.won, duel.lost)


def _counts(pair: tuple[Array, Array] | None, place: int | None) -> tuple[int | None, int | None]:
    if pair is None:
        return None, None
    first, second = (counts if place is None else counts[place] for counts in pair)
    return int(first), int(second)
