"""Curves of a model's answers on a sample of the eval records, in NumPy.

Definitions are those of scikit-learn, without the second that its import takes.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from tfline.pipelines.report.intervals import wilson
from tfline.pipelines.report.run_files import RunFiles
from tfline.tasks.table import find_task

Array = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

MAX_POINTS = 250
"""Points of a curve that are drawn."""

MAX_CLASSES = 12
"""Classes that have a curve of their own: those that are told from the others worst."""

MAX_SHOWN = 1500
"""Records of a regression that are drawn as points."""

CALIBRATION_BINS = 10


@dataclasses.dataclass(frozen=True)
class Curve:
    """A line.

    Attributes:
        name: Of the class.
        x: [n].
        y: [n].
        area: Below it.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float


@dataclasses.dataclass(frozen=True)
class CalibrationBin:
    """Records to which the model gives about the same probability.

    Attributes:
        predicted: Mean of their probabilities.
        observed: Share of them for which it came true, by weight.
        low: Lower end of its 95 % interval.
        high: Upper end.
        records: How many there are.
    """

    predicted: float
    observed: float
    low: float
    high: float
    records: int


@dataclasses.dataclass(frozen=True)
class ThresholdCurve:
    """What each threshold of a binary decision gives; [n] each.

    Attributes:
        thresholds: Rising.
        precision: NaN where nothing is predicted.
        recall: The share of the positive records that is found.
        f1: Of both.
        chosen: The threshold in use.
        reason: Why that one, if the Evaluator chose it.
    """

    thresholds: tuple[float, ...]
    precision: tuple[float | None, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    chosen: float
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Confusion:
    """The confusion matrix of all eval records.

    Attributes:
        classes: Their names.
        counts: [i][j]: records of class i that were taken for class j.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclasses.dataclass(frozen=True)
class Residuals:
    """A regression's answers; [n] each.

    Attributes:
        labels: True numbers.
        predictions: Predicted numbers.
        weights: How much each counts; empty: all the same.
    """

    labels: tuple[float, ...]
    predictions: tuple[float, ...]
    weights: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class CurvesSection:
    """The curves; what does not fit the task is empty or None. Examples count by their weight.

    Attributes:
        records: In the sample.
        total: All eval records.
        roc: False positive rate to true positive rate.
        precision_recall: Recall to precision.
        calibration: Of the positive class, or of the class that was decided for.
        thresholds: Of a binary decision.
        confusion: Of classes.
        residuals: Of a regression or a forecast.
        prevalence: Share of the positive class of a binary task.
    """

    records: int
    total: int
    roc: tuple[Curve, ...] = ()
    precision_recall: tuple[Curve, ...] = ()
    calibration: tuple[CalibrationBin, ...] = ()
    thresholds: ThresholdCurve | None = None
    confusion: Confusion | None = None
    residuals: Residuals | None = None
    prevalence: float | None = None


def collect(files: RunFiles) -> CurvesSection | None:
    """Returns the curves; None if the run has not evaluated a model."""
    verdict = files.verdict
    if verdict is None:
        return None
    total, classes = verdict["records"], tuple(verdict["classes"])
    matrix = verdict.get("confusion_matrix")
    confusion = Confusion(classes, tuple(map(tuple, matrix))) if matrix else None
    if files.sample is None:
        return CurvesSection(0, total, confusion=confusion) if confusion else None
    labels, predictions, weights = files.sample
    section = CurvesSection(len(labels), total, confusion=confusion)
    family = find_task(verdict["task"]).family
    if family == "binary":
        chosen = verdict["threshold"], verdict.get("threshold_reason", "")
        return _binary(section, labels == 1, predictions, classes[1], *chosen, weights)
    if family in ("multiclass", "ordinal"):
        return _multiclass(section, labels, predictions, classes, weights)
    if family == "multilabel":
        return _multilabel(section, labels > 0, predictions, classes, weights)
    if family in ("regression", "forecast"):
        return dataclasses.replace(section, residuals=residuals(labels, predictions, weights))
    return section if confusion else None


def residuals(labels: Array, predictions: Array, weights: Array | None = None) -> Residuals:
    """Returns a number of answers that can be drawn.

    Args:
        labels: [n, ...].
        predictions: [n, ...].
        weights: How much each example counts, [n]; None: all the same.
    """
    each = () if weights is None else np.repeat(weights, labels.size // len(labels))
    stride = math.ceil(labels.size / MAX_SHOWN)
    points = (labels.ravel(), predictions.ravel(), np.asarray(each))
    return Residuals(*(tuple(column[::stride].tolist()) for column in points))


def _binary(
    section: CurvesSection,
    positive: Booleans,
    scores: Array,
    name: str,
    threshold: float,
    reason: str,
    weights: Array | None = None,
) -> CurvesSection:
    if not _has_both(positive, weights):
        return section
    return dataclasses.replace(
        section,
        roc=(roc_curve(positive, scores, name, weights),),
        precision_recall=(precision_recall_curve(positive, scores, name, weights),),
        calibration=calibration(positive, scores, weights),
        thresholds=threshold_curve(positive, scores, threshold, reason, weights),
        prevalence=float(np.average(positive, weights=weights)),
    )


def _multiclass(
    section: CurvesSection,
    labels: npt.NDArray[np.int64],
    scores: Array,
    classes: tuple[str, ...],
    weights: Array | None = None,
) -> CurvesSection:
    decided = scores.argmax(axis=1)
    return dataclasses.replace(
        _by_class(section, labels[:, None] == np.arange(len(classes)), scores, classes, weights),
        calibration=calibration(decided == labels, scores.max(axis=1), weights),
    )


def _multilabel(
    section: CurvesSection,
    positive: Booleans,
    scores: Array,
    classes: tuple[str, ...],
    weights: Array | None = None,
) -> CurvesSection:
    each = None if weights is None else np.repeat(weights, positive.shape[1])
    return dataclasses.replace(
        _by_class(section, positive, scores, classes, weights),
        calibration=calibration(positive.ravel(), scores.ravel(), each),
    )


def _by_class(
    section: CurvesSection,
    positive: Booleans,
    scores: Array,
    classes: tuple[str, ...],
    weights: Array | None = None,
) -> CurvesSection:
    """Returns the curves of each class, of `positive` and `scores`, both [n, k]."""
    roc, precision_recall = [], []
    for name, of_class, chances in zip(classes, positive.T, scores.T, strict=True):
        if _has_both(of_class, weights):
            roc.append(roc_curve(of_class, chances, name, weights))
            precision_recall.append(precision_recall_curve(of_class, chances, name, weights))
    return dataclasses.replace(section, roc=_worst(roc), precision_recall=_worst(precision_recall))


def _has_both(positive: Booleans, weights: Array | None) -> bool:
    """Tells whether examples of both labels count."""
    counted = positive if weights is None else positive[weights > 0]
    return bool(counted.any() and not counted.all())


def _worst(curves: list[Curve]) -> tuple[Curve, ...]:
    return tuple(sorted(curves, key=lambda curve: curve.area)[:MAX_CLASSES])


def roc_curve(positive: Booleans, scores: Array, name: str, weights: Array | None = None) -> Curve:
    """Returns the receiver operating characteristic, with the exact area below it."""
    true, false, _ = _counts(positive, scores, weights)
    x, y = false / false[-1], true / true[-1]
    x, y = np.concatenate([[0.0], x]), np.concatenate([[0.0], y])
    area = float(((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2).sum())
    return _curve(name, x, y, area)


def precision_recall_curve(
    positive: Booleans, scores: Array, name: str, weights: Array | None = None
) -> Curve:
    """Returns precision over recall; the area is the average precision."""
    true, false, _ = _counts(positive, scores, weights)
    recall, precision = true / true[-1], true / (true + false)
    area = float((np.diff(recall, prepend=0.0) * precision).sum())
    recall, precision = np.concatenate([[0.0], recall]), np.concatenate([precision[:1], precision])
    return _curve(name, recall, precision, area)


def threshold_curve(
    positive: Booleans,
    scores: Array,
    chosen: float,
    reason: str = "",
    weights: Array | None = None,
) -> ThresholdCurve:
    """Returns precision, recall and F1 of a hundred thresholds; from it on is positive."""
    thresholds = np.linspace(0, 1, 101)
    above = scores[:, None] >= thresholds  # [n, 101]
    each = np.ones(len(scores)) if weights is None else weights
    true, predicted, actual = (each * positive) @ above, each @ above, each @ positive
    return ThresholdCurve(
        thresholds=tuple(thresholds.tolist()),
        precision=tuple(
            t / p if p else None for t, p in zip(true.tolist(), predicted.tolist(), strict=True)
        ),
        recall=tuple((true / actual).tolist()),
        f1=tuple((2 * true / (predicted + actual)).tolist()),
        chosen=chosen,
        reason=reason,
    )


def calibration(
    came_true: Booleans, probabilities: Array, weights: Array | None = None
) -> tuple[CalibrationBin, ...]:
    """Returns bins of about equally many records, by rising probability.

    Records of weights w say as much as (sum of w)^2 / (sum of w^2) of equal ones do (Kish, 1965,
    "Survey Sampling", section 11.7): their interval is that of so many.
    """
    if weights is not None:
        counted = weights > 0
        came_true, probabilities = came_true[counted], probabilities[counted]
        weights = weights[counted]
    order = np.argsort(probabilities, kind="stable")
    bins = []
    for rows in np.array_split(order, min(CALIBRATION_BINS, len(order))):
        of_bin = np.ones(len(rows)) if weights is None else weights[rows]
        observed = float(np.average(came_true[rows], weights=of_bin))
        effective = float(of_bin.sum() ** 2 / np.square(of_bin).sum())
        low, high = wilson(observed * effective, effective)
        predicted = float(np.average(probabilities[rows], weights=of_bin))
        bins.append(CalibrationBin(predicted, observed, low, high, len(rows)))
    return tuple(bins)


def _counts(
    positive: Booleans, scores: Array, weights: Array | None = None
) -> tuple[Array, Array, Array]:
    """Returns true and false positives at each distinct score, the highest first; all [d]."""
    if weights is None:
        weights = np.ones(len(scores))
    counted = weights > 0
    positive, scores, weights = positive[counted], scores[counted], weights[counted]
    order = np.argsort(-scores, kind="stable")
    scores, hits, weights = scores[order], positive[order], weights[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # of equal scores
    true = np.cumsum(weights * hits)[last]
    return true, np.cumsum(weights * ~hits)[last], scores[last]


def _curve(name: str, x: Array, y: Array, area: float) -> Curve:
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MAX_POINTS)).round().astype(int))
    return Curve(name, _rounded(x[chosen]), _rounded(y[chosen]), area)


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(values.round(5).tolist())
