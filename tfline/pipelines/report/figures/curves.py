"""Figures of a model's answers: ROC, precision and recall, calibration, confusion, residuals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from tfline.pipelines.report.collect.curves import (
    Confusion,
    Curve,
    CurvesSection,
    Residuals,
    ThresholdCurve,
)
from tfline.pipelines.report.figures.plot import (
    BLUE,
    BLUES,
    Figure,
    Json,
    axis,
    escape,
    line,
    reference,
    upright,
)

_UNIT = {"range": [-0.02, 1.02], "dtick": 0.2}


def draw(section: CurvesSection) -> dict[str, Figure]:
    """Returns the figures by name."""
    figures: dict[str, Figure] = {}
    if section.roc:
        figures["roc"] = _roc(section.roc)
        figures["precision_recall"] = _precision_recall(section)
    if section.calibration:
        figures["calibration"] = _calibration(section)
    if section.thresholds is not None:
        figures["thresholds"] = _thresholds(section.thresholds)
    if section.confusion is not None:
        figures["confusion"] = _confusion(section.confusion)
    if section.residuals is not None:
        figures["predictions"] = _predictions(section.residuals)
        figures["residuals"] = _residuals(section.residuals)
    return figures


def _lines(curves: tuple[Curve, ...], area: str) -> list[Json]:
    return [
        line(f"{curve.name} ({area} {curve.area:.3f})", curve.x, curve.y, place)
        for place, curve in enumerate(curves)
    ]


def _legend(curves: tuple[Curve, ...]) -> Json:
    """Returns a legend below, where several curves would leave no room."""
    below = {"orientation": "h", "y": -0.28, "yanchor": "top", "x": 0, "font": {"size": 11}}
    return {"legend": below} if len(curves) > 1 else {}


def _height(curves: tuple[Curve, ...]) -> int:
    return 360 + 11 * len(curves)


def _roc(curves: tuple[Curve, ...]) -> Figure:
    areas = ", ".join(f"{curve.area:.3f} of {curve.name}" for curve in curves)
    return Figure(
        title="ROC curve" + (", each class against the others" if len(curves) > 1 else ""),
        description=f"True positive rate over false positive rate; areas: {areas}.",
        data=[reference([0, 1], [0, 1]), *_lines(curves, "area")],
        layout={
            "xaxis": axis("false positive rate", **_UNIT),
            "yaxis": axis("true positive rate (recall)", **_UNIT),
            **_legend(curves),
        },
        height=_height(curves),
        note="Dotted: chance.",
    )


def _precision_recall(section: CurvesSection) -> Figure:
    curves = section.precision_recall
    data = _lines(curves, "average")
    note = ""
    if section.prevalence is not None:
        data.insert(0, reference([0, 1], [section.prevalence] * 2))
        note = "Dotted: chance."
    return Figure(
        title="Precision and recall",
        description="Precision over recall; average precisions: "
        + ", ".join(f"{curve.area:.3f} of {curve.name}" for curve in curves)
        + ".",
        data=data,
        layout={
            "xaxis": axis("recall", **_UNIT),
            "yaxis": axis("precision", **_UNIT),
            **_legend(curves),
        },
        height=_height(curves),
        note=note,
    )


def _calibration(section: CurvesSection) -> Figure:
    bins = section.calibration
    answers = sum(b.records for b in bins)
    off = sum(abs(b.predicted - b.observed) * b.records for b in bins) / answers
    return Figure(
        title="Calibration",
        description="Observed share over predicted probability in bins of equally many records; "
        f"the mean distance is {off:.3f}.",
        data=[
            reference([0, 1], [0, 1]),
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"expected calibration error {off:.3f}",
                "x": [round(b.predicted, 5) for b in bins],
                "y": [round(b.observed, 5) for b in bins],
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [round(b.high - b.observed, 5) for b in bins],
                    "arrayminus": [round(b.observed - b.low, 5) for b in bins],
                    "thickness": 1,
                    "width": 3,
                },
                "line": {"color": BLUE, "width": 2},
                "marker": {"size": 7},
                "text": [f"{b.records:,} answers" for b in bins],
                "hovertemplate": "predicted %{x:.3f}, observed %{y:.3f}<br>%{text}<extra></extra>",
            },
        ],
        layout={
            "xaxis": axis("predicted probability", **_UNIT),
            "yaxis": axis("observed share", **_UNIT),
            "showlegend": True,
        },
        height=360,
        note="Bars: 95 % intervals (Wilson). Dotted: perfect calibration.",
    )


def _thresholds(curve: ThresholdCurve) -> Figure:
    values = {"precision": curve.precision, "recall": curve.recall, "F1": curve.f1}
    best = max(range(len(curve.f1)), key=curve.f1.__getitem__)
    return Figure(
        title="What another threshold would give",
        description=f"Precision, recall and F1 by threshold; F1 is highest, {curve.f1[best]:.3f}, "
        f"at {curve.thresholds[best]:.2f}.",
        data=[
            line(name, curve.thresholds, [None if y is None else round(y, 5) for y in ys], place)
            for place, (name, ys) in enumerate(values.items())
        ],
        layout={
            "xaxis": axis("threshold", **_UNIT),
            "yaxis": {"range": [-0.02, 1.02], "dtick": 0.2},
            "shapes": [upright(curve.chosen)],
            "hovermode": "x unified",
        },
        height=360,
        note=f"Dotted: the threshold in use, {curve.chosen:g}"
        + (f", chosen by the Evaluator: {curve.reason}." if curve.reason else "."),
    )


def _confusion(confusion: Confusion) -> Figure:
    names = [escape(name, 20) for name in confusion.classes]
    shares = [[count / (sum(row) or 1) for count in row] for row in confusion.counts]
    right = sum(row[i] for i, row in enumerate(confusion.counts))
    total = sum(map(sum, confusion.counts))
    few = len(names) <= 12
    return Figure(
        title="Confusion matrix",
        description=f"{right:,} of {total:,} records are on the diagonal.",
        data=[
            {
                "type": "heatmap",
                "x": names,
                "y": names,
                "z": [[round(share, 4) for share in row] for row in shares],
                "zmin": 0,
                "zmax": 1,
                "colorscale": BLUES,
                "xgap": 1,
                "ygap": 1,
                "text": [
                    [f"{count:,}" if count else "" for count in row] for row in confusion.counts
                ],
                "texttemplate": "%{text}" if few else "",
                "hovertemplate": "%{y}, taken for %{x}: %{text} (%{z:.1%} of the row)"
                "<extra></extra>",
                "colorbar": {"thickness": 10, "outlinewidth": 0, "tickformat": ".0%"},
            }
        ],
        layout={
            "xaxis": axis("predicted", type="category", side="bottom"),
            "yaxis": axis("label", type="category", autorange="reversed"),
        },
        height=max(360, 110 + 28 * len(names)),
        note=f"All {total:,} eval records; shaded by the share of each row.",
    )


def _predictions(residuals: Residuals) -> Figure:
    low = min(*residuals.labels, *residuals.predictions)
    high = max(*residuals.labels, *residuals.predictions)
    return Figure(
        title="Predicted and true",
        description=f"Predicted over true number of {len(residuals.labels):,} records.",
        data=[
            {
                "type": "scatter",
                "mode": "markers",
                "x": [_short(x) for x in residuals.labels],
                "y": [_short(y) for y in residuals.predictions],
                "marker": {"color": BLUE, "size": 5, "opacity": 0.4},
                "hovertemplate": "true %{x}, predicted %{y}<extra></extra>",
                "showlegend": False,
            },
            reference([low, high], [low, high]),
        ],
        layout={"xaxis": axis("true"), "yaxis": axis("predicted")},
        height=380,
        note="Dotted: exactly right.",
    )


def _residuals(residuals: Residuals) -> Figure:
    errors = [
        _short(predicted - true)
        for true, predicted in zip(residuals.labels, residuals.predictions, strict=True)
    ]
    middle = _median(errors, residuals.weights)
    weighted = {"y": [_short(w) for w in residuals.weights], "histfunc": "sum"}
    counts = "records" if not residuals.weights else "weight of the records"
    return Figure(
        title="Errors",
        description=f"Distribution of predicted minus true; the median is {middle:.4g}.",
        data=[
            {
                "type": "histogram",
                "x": errors,
                **(weighted if residuals.weights else {}),
                "nbinsx": 50,
                "marker": {"color": BLUE},
                "hovertemplate": f"%{{x}}: %{{y}} {counts}<extra></extra>",
            }
        ],
        layout={"xaxis": axis("predicted minus true"), "yaxis": axis(counts), "bargap": 0.03},
        height=380,
    )


def _median(errors: Sequence[float], weights: Sequence[float]) -> float:
    """Returns the error that half of the records, by weight, are below."""
    rising = sorted(zip(errors, weights or [1.0] * len(errors), strict=True))
    half = math.fsum(weight for _, weight in rising) / 2
    below = itertools.accumulate(weight for _, weight in rising)
    return next(error for (error, _), sum_ in zip(rising, below, strict=True) if sum_ >= half)


def _short(number: float) -> float:
    return float(f"{number:.5g}") if math.isfinite(number) else number
