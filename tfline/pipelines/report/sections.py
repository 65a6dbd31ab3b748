"""The sections of a page, in their order. A section more is a line here: see CONTRIBUTING.md."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from tfline.pipelines.report.collect import (
    card,
    certificate,
    curves,
    data,
    importance,
    lineage,
    mistakes,
    model,
    pipeline,
    slices,
    transform,
    verdict,
)
from tfline.pipelines.report.figures import curves as curves_figures
from tfline.pipelines.report.figures import data as data_figures
from tfline.pipelines.report.figures import importance as importance_figures
from tfline.pipelines.report.figures import model as model_figures
from tfline.pipelines.report.figures import pipeline as pipeline_figures
from tfline.pipelines.report.figures import slices as slices_figures
from tfline.pipelines.report.run_files import RunFiles


def _nothing(_: Any) -> Mapping[str, Any]:
    """Draws nothing."""
    return {}


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of a page.

    Attributes:
        name: Of its template, ``templates/sections/<name>.html``, and of its anchor.
        title: Its heading, and its name in the navigation.
        collect: From the run to what is shown; None if the run has nothing of it.
        draw: From what is shown to its figures by name.
        absent: What a page says in place of the section; empty: it is left out.
    """

    name: str
    title: str
    collect: Callable[[RunFiles], Any]
    draw: Callable[[Any], Mapping[str, Any]] = _nothing
    absent: str = ""


SECTIONS = (
    Section("verdict", "Verdict", verdict.collect),
    Section("pipeline", "Pipeline", pipeline.collect, pipeline_figures.draw),
    Section(
        "slices",
        "Slices",
        slices.collect,
        slices_figures.draw,
        absent="No model was evaluated in this run.",
    ),
    Section("curves", "Curves", curves.collect, curves_figures.draw),
    Section("importance", "Importance", importance.collect, importance_figures.draw),
    Section("mistakes", "Errors", mistakes.collect),
    Section(
        "model",
        "Model",
        model.collect,
        model_figures.draw,
        absent="No model was trained in this run.",
    ),
    Section(
        "transform",
        "Transform",
        transform.collect,
        absent="The run did not get to the transform.",
    ),
    Section(
        "data",
        "Data",
        data.collect,
        data_figures.draw,
        absent="The run has no statistics of its data.",
    ),
    Section("certificate", "Push", certificate.collect),
    Section("card", "Card", card.collect),
    Section("lineage", "Lineage", lineage.collect),
)
"""What a page consists of: what decides comes first, where it comes from last."""
