"""Figures of a training: one for the loss, one for each metric."""

from __future__ import annotations

from tfline.pipelines.report.collect.model import ModelSection
from tfline.pipelines.report.figures.plot import Figure, axis, line, upright


def draw(section: ModelSection) -> dict[str, Figure]:
    """Returns the figures by name."""
    return {
        f"curve_{name}": _curve(section, name, trained, validated)
        for name, (trained, validated) in section.curves.items()
    }


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
        description=f"{name} by epoch, at last {last}.",
        data=data,
        layout={
            "xaxis": axis("epoch", dtick=1 if len(epochs) <= 12 else None, tickformat="d"),
            "shapes": [upright(section.best + 1)],
        },
        height=280,
        note=_note(section) if name == "loss" else "",
    )


def _note(section: ModelSection) -> str:
    unit = f" Computed on {section.loss_unit}." if section.loss_unit else ""
    return f"Dotted: epoch {section.best + 1}, the lowest loss in validation.{unit}"
