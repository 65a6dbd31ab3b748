"""Chooses the threshold of a binary task from the scores of the eval split.

It is chosen on the records that the model is judged by, which flatters it a little: by less, the
more records there are. The gate's rules on other metrics, such as the AUC, do not depend on it.
"""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from tfline.components.evaluator.rules import ThresholdChoice
from tfline.metrics.arrays import Array, Floats
from tfline.metrics.scores import Scores
from tfline.transforms.errors import DataError


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A threshold and why it was chosen.

    Attributes:
        threshold: Probability from which on a record is of the second class; in float32.
        reason: In words.
    """

    threshold: float
    reason: str


@dataclasses.dataclass(frozen=True, eq=False)
class _Curve:
    """What each possible threshold gives: at each distinct score, from the lowest, and above all.

    Attributes:
        precision: float64 [m + 1].
        recall: float64 [m + 1].
        false_positives: float64 [m + 1].
        false_negatives: float64 [m + 1].
    """

    precision: Floats
    recall: Floats
    false_positives: Floats
    false_negatives: Floats


def choose_threshold(scores: Scores, choice: ThresholdChoice) -> Chosen:
    """Chooses a threshold.

    It lies halfway between two scores that occur, so that rounding in another batch or on another
    machine does not move a record across it.

    Args:
        scores: Of all records.
        choice: What it is chosen by.

    Raises:
        DataError: The records are all of one class.
    """
    distinct = scores.scores
    curve = _curve(scores)
    place, reason = _best(curve, choice)
    edges = np.concatenate([[0.0], distinct, [max(1.0, np.nextafter(distinct[-1], 2))]])
    below, above = edges[place : place + 2]
    middle = np.float32((below + above) / 2)
    return Chosen(float(middle if middle > below else above), reason)


def _curve(scores: Scores) -> _Curve:
    [(negatives, positives)] = scores.counts  # [m] each
    if not negatives.sum() or not positives.sum():
        raise DataError(
            "No threshold can be chosen: the eval split has records of one class only",
            hint="Set `evaluate.threshold`, or evaluate on records of both classes.",
        )
    hits, alarms = _from_here_on(positives), _from_here_on(negatives)
    return _Curve(
        precision=hits / np.maximum(hits + alarms, 1),
        recall=hits / positives.sum(),
        false_positives=alarms,
        false_negatives=positives.sum() - hits,
    )


def _from_here_on(counts: Array) -> Floats:
    """Returns the sum of each count and of all that follow, and 0 at the end, [m + 1]."""
    sums: Floats = np.append(np.cumsum(counts[::-1])[::-1], 0).astype(np.float64)
    return sums


def _best(curve: _Curve, choice: ThresholdChoice) -> tuple[int, str]:
    """Returns the place of the best threshold, and why it is."""
    if choice.cost is not None:
        cost = (
            choice.cost.false_positive * curve.false_positives
            + choice.cost.false_negative * curve.false_negatives
        )
        place = int(cost.argmin())
        return place, f"lowest cost of errors, {cost[place]:.4g}"
    if choice.best is not None:
        f1 = 2 * curve.precision * curve.recall / np.maximum(curve.precision + curve.recall, 1e-12)
        place = int(f1.argmax())
        return place, f"highest F1, {f1[place]:.4g}"
    if choice.precision is not None:
        return _bounded(curve.precision, curve.recall, choice.precision, "precision", "recall")
    return _bounded(curve.recall, curve.precision, choice.recall or 0.0, "recall", "precision")


def _bounded(
    bounded: Floats, best: Floats, least: float, bounded_name: str, best_name: str
) -> tuple[int, str]:
    """Returns the place with the best value where another one is at least `least`."""
    reached = bounded >= least
    if not reached.any():
        place = int(bounded.argmax())
        return place, f"no threshold reaches {bounded_name} {least:g}; {bounded[place]:.4g} is most"
    place = int(np.where(reached, best, -1.0).argmax())
    return place, f"highest {best_name} with {bounded_name} >= {least:g}, {best[place]:.4g}"


def to_line(chosen: Chosen) -> str:
    """Returns a choice as a line of JSON."""
    return json.dumps(dataclasses.asdict(chosen))


def from_line(line: str) -> Chosen:
    """Returns what `to_line` wrote."""
    return Chosen(**json.loads(line))
