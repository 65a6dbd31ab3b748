"""Figures of a training: one for the loss, one for each metric, and what trees looked at."""

from __future__ import annotations

from tfline.pipelines.report.collect.model import ModelSection
from tfline.pipelines.report.figures.plot import (
    BLUE,
    GREY,
    Figure,
    axis,
    escape,
    line,
    upright,
)

_SHOWN = 30

_MEASURES = {"shap": "SHAP values", "gain": "gain of splits"}


def draw(section: ModelSection) -> dict[str, Figure]:
    """Returns the figures by name."""
    figures = {
        f"curve_{name}": _curve(section, name, trained, validated)
        for name, (trained, validated) in section.curves.items()
    }
    if section.importances:
        figures["learnt_importances"] = _importances(section.importances)
    return figures


def _importances(importances: dict[str, dict[str, float]]) -> Figure:
    """Draws the shares of the features by each measure, the largest of the first one on top."""
    first = next(iter(importances.values()))
    shown = [*first][:_SHOWN][::-1]
    leading = shown[-1]
    return Figure(
        title="What the trees looked at",
        description=f"Shares of {len(first)} features in the answers of the trees; the largest is "
        f"{first[leading]:.1%}, of {leading}.",
        data=[
            {
                "type": "bar",
                "orientation": "h",
                "name": _MEASURES.get(measure, measure),
                "y": [escape(name, 28) for name in shown],
                "x": [shares.get(name, 0.0) for name in shown],
                "marker": {"color": colour},
                "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
            }
            for (measure, shares), colour in zip(importances.items(), (BLUE, GREY), strict=False)
        ],
        layout={
            "barmode": "group",
            "xaxis": axis("share", tickformat=".0%"),
            "yaxis": {"type": "category", "tickfont": {"size": 12}},
            "showlegend": True,
        },
        height=120 + 32 * len(shown),
        wide=True,
        note="SHAP values: how far a feature moves the answers to records of the eval split, mean "
        "of the absolute values. Splits: how much the loss fell by them in training; features of "
        "many values are flattered. Neither says what causes what.",
    )


def _curve(
    section: ModelSection, name: str, trained: tuple[float, ...], validated: tuple[float, ...]
) -> Figure:
    epochs = list(range(1, len(trained) + 1))
    few = {"mode": "lines+markers"} if len(epochs) <= 40 else {}
    data = [line("training", epochs, trained, 0, **few)]
    if validated:
        data.append(line("validation", epochs, validated, 1, **few))
    last = f"{trained[-1]:.4g} in training" + (
        f", {validated[-1]:.4g} in validation" if validated else ""
    )
    return Figure(
        title=name,
        description=f"{name} by {section.round}, at last {last}.",
        data=data,
        layout={
            "xaxis": axis(section.round, dtick=1 if len(epochs) <= 12 else None, tickformat="d"),
            "shapes": [upright(section.best + 1)],
        },
        height=280,
        note=_note(section) if name == "loss" else "",
    )


def _note(section: ModelSection) -> str:
    unit = f" Computed on {section.loss_unit}." if section.loss_unit else ""
    return f"Dotted: {section.round} {section.best + 1}, the lowest loss in validation.{unit}"
