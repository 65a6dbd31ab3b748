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
        observed: Share of them for which it came true.
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
    """

    labels: tuple[float, ...]
    predictions: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class CurvesSection:
    """The curves; what does not fit the task is empty or None.

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
    labels, predictions = files.sample
    section = CurvesSection(len(labels), total, confusion=confusion)
    family = find_task(verdict["task"]).family
    if family == "binary":
        chosen = verdict["threshold"], verdict.get("threshold_reason", "")
        return _binary(section, labels == 1, predictions, classes[1], *chosen)
    if family == "multiclass":
        return _multiclass(section, labels, predictions, classes)
    if family == "multilabel":
        return _multilabel(section, labels > 0, predictions, classes)
    if family in ("regression", "forecast"):
        labels, predictions = labels.ravel(), predictions.ravel()
        stride = math.ceil(len(labels) / MAX_SHOWN)
        points = Residuals(tuple(labels[::stride].tolist()), tuple(predictions[::stride].tolist()))
        return dataclasses.replace(section, residuals=points)
    return section if confusion else None


def _binary(
    section: CurvesSection,
    positive: Booleans,
    scores: Array,
    name: str,
    threshold: float,
    reason: str,
) -> CurvesSection:
    if positive.all() or not positive.any():
        return section
    return dataclasses.replace(
        section,
        roc=(roc_curve(positive, scores, name),),
        precision_recall=(precision_recall_curve(positive, scores, name),),
        calibration=calibration(positive, scores),
        thresholds=threshold_curve(positive, scores, threshold, reason),
        prevalence=float(positive.mean()),
    )


def _multiclass(
    section: CurvesSection, labels: npt.NDArray[np.int64], scores: Array, classes: tuple[str, ...]
) -> CurvesSection:
    decided = scores.argmax(axis=1)
    return dataclasses.replace(
        _by_class(section, labels[:, None] == np.arange(len(classes)), scores, classes),
        calibration=calibration(decided == labels, scores.max(axis=1)),
    )


def _multilabel(
    section: CurvesSection, positive: Booleans, scores: Array, classes: tuple[str, ...]
) -> CurvesSection:
    return dataclasses.replace(
        _by_class(section, positive, scores, classes),
        calibration=calibration(positive.ravel(), scores.ravel()),
    )


def _by_class(
    section: CurvesSection, positive: Booleans, scores: Array, classes: tuple[str, ...]
) -> CurvesSection:
    """Returns the curves of each class, of `positive` and `scores`, both [n, k]."""
    roc, precision_recall = [], []
    for name, of_class, chances in zip(classes, positive.T, scores.T, strict=True):
        if of_class.any() and not of_class.all():
            roc.append(roc_curve(of_class, chances, name))
            precision_recall.append(precision_recall_curve(of_class, chances, name))
    return dataclasses.replace(section, roc=_worst(roc), precision_recall=_worst(precision_recall))


def _worst(curves: list[Curve]) -> tuple[Curve, ...]:
    return tuple(sorted(curves, key=lambda curve: curve.area)[:MAX_CLASSES])


def roc_curve(positive: Booleans, scores: Array, name: str) -> Curve:
    """Returns the receiver operating characteristic, with the exact area below it."""
    true, false, _ = _counts(positive, scores)
    x, y = false / false[-1], true / true[-1]
    x, y = np.concatenate([[0.0], x]), np.concatenate([[0.0], y])
    area = float(((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2).sum())
    return _curve(name, x, y, area)


def precision_recall_curve(positive: Booleans, scores: Array, name: str) -> Curve:
    """Returns precision over recall; the area is the average precision."""
    true, false, _ = _counts(positive, scores)
    recall, precision = true / true[-1], true / (true + false)
    area = float((np.diff(recall, prepend=0.0) * precision).sum())
    recall, precision = np.concatenate([[0.0], recall]), np.concatenate([precision[:1], precision])
    return _curve(name, recall, precision, area)


def threshold_curve(
    positive: Booleans, scores: Array, chosen: float, reason: str = ""
) -> ThresholdCurve:
    """Returns precision, recall and F1 of a hundred thresholds; from it on is positive."""
    thresholds = np.linspace(0, 1, 101)
    above = scores[:, None] >= thresholds  # [n, 101]
    true = (above & positive[:, None]).sum(axis=0)
    predicted, actual = above.sum(axis=0), int(positive.sum())
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


def calibration(came_true: Booleans, probabilities: Array) -> tuple[CalibrationBin, ...]:
    """Returns bins of about equally many records, by rising probability."""
    order = np.argsort(probabilities, kind="stable")
    bins = []
    for rows in np.array_split(order, min(CALIBRATION_BINS, len(order))):
        hits = int(came_true[rows].sum())
        low, high = wilson(hits, len(rows))
        predicted = float(probabilities[rows].mean())
        bins.append(CalibrationBin(predicted, hits / len(rows), low, high, len(rows)))
    return tuple(bins)


def _counts(positive: Booleans, scores: Array) -> tuple[Array, Array, Array]:
    """Returns true and false positives at each distinct score, the highest first; all [d]."""
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # of equal scores
    true = np.cumsum(hits)[last].astype(np.float64)
    return true, last + 1.0 - true, scores[last]


def _curve(name: str, x: Array, y: Array, area: float) -> Curve:
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), MAX_POINTS)).round().astype(int))
    return Curve(name, _rounded(x[chosen]), _rounded(y[chosen]), area)


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(values.round(5).tolist())
