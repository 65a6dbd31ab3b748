"""Figures of every task are what Plotly's own classes accept, and hold no bare markup."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from tfline.components.evaluator.evidence.evidence_file import (
    Associations,
    Importance,
    Importances,
)
from tfline.pipelines.report.collect import curves
from tfline.pipelines.report.collect.data import Bars, DataSection, RawFeature
from tfline.pipelines.report.collect.pipeline import Node, PipelineSection
from tfline.pipelines.report.collect.places import Places
from tfline.pipelines.report.collect.slices import SliceRow, SlicesSection
from tfline.pipelines.report.figures import curves as curves_figures
from tfline.pipelines.report.figures import data as data_figures
from tfline.pipelines.report.figures import importance as importance_figures
from tfline.pipelines.report.figures import pipeline as pipeline_figures
from tfline.pipelines.report.figures import slices as slices_figures
from tfline.pipelines.report.figures.places import draw_map
from tfline.pipelines.report.figures.plot import Figure

EVIL = "<script>alert(1)</script>"
RNG = np.random.default_rng(2)
N = 200


def binary() -> curves.CurvesSection:
    scores = RNG.random(N)
    matrix = curves.Confusion(("no", EVIL), ((70, 20), (10, 100)))
    section = curves.CurvesSection(N, N, confusion=matrix)
    return curves._binary(section, RNG.random(N) < scores, scores, EVIL, 0.4, "best F1")


def multiclass() -> curves.CurvesSection:
    labels, scores = RNG.integers(0, 3, N), RNG.dirichlet(np.ones(3), N)
    return curves._multiclass(curves.CurvesSection(N, N), labels, scores, ("a", "b", EVIL))


def multilabel() -> curves.CurvesSection:
    labels, scores = RNG.random((N, 3)) < 0.3, RNG.random((N, 3))
    return curves._multilabel(curves.CurvesSection(N, N), labels, scores, ("a", "b", EVIL))


def regression() -> curves.CurvesSection:
    labels = RNG.normal(size=N)
    points = curves.Residuals(tuple(labels.tolist()), tuple((labels + 0.1).tolist()))
    return curves.CurvesSection(N, N, residuals=points)


def slices() -> SlicesSection:
    rows = (
        SliceRow("overall", 100, False, {"auc": 0.9}, {"auc": 0.8}, {"auc": (0.8, 1.0)}),
        SliceRow(EVIL, 3, True, {"auc": 0.5}, {}, {}),
        SliceRow("empty", 3, True, {"auc": None}, {}, {}),
    )
    return SlicesSection(
        rows,
        ("auc",),
        ("auc", "f1"),
        {"auc": (0.8, 0.7)},
        50,
        0.95,
        "step",
        {"1": {"mae": 1.0}, "2": {"mae": None}},
    )


def data() -> DataSection:
    numbers = Bars(("0 to 1", "1 to 2"), {"train": (0.5, 0.5), "eval": (0.1, 0.9)}, (0, 1, 2))
    values = Bars((EVIL, "all others"), {"train": (0.5, 0.5)})
    features = (
        RawFeature(EVIL, "float", "feature", {}, numbers, 0.3),
        RawFeature("word", "string", "label", {}, values, None),
    )
    found = Associations(names=("word", EVIL), values=((1.0, None), (None, 1.0)), records=9)
    places = Places(("x", EVIL), EVIL, (1.0, 2.0), (3.0, 4.0), (0.0, 1.0), (EVIL, "b"))
    return DataSection({"train": 9}, features, (), found, places=places)


IMPORTANCES = Importances(
    metric="auc",
    base=0.9,
    records=9,
    rounds=2,
    features=(Importance(feature=EVIL, loss=0.1, spread=0.01),),
)

FIGURES: dict[str, dict[str, Figure]] = {
    "binary": curves_figures.draw(binary()),
    "multiclass": curves_figures.draw(multiclass()),
    "multilabel": curves_figures.draw(multilabel()),
    "regression": curves_figures.draw(regression()),
    "slices": slices_figures.draw(slices()),
    "data": data_figures.draw(data()),
    "places": {
        "numbers": draw_map(Places(("x", "y"), "price", (1.0, 2.0), (3.0, 4.0), (0.5, 9.0), ())),
        "classes": draw_map(
            Places(
                ("x", "y"),
                "kind",
                tuple(range(30)),
                tuple(range(30)),
                tuple(float(row % 10) for row in range(30)),
                tuple("abcdefghij"),
            )
        ),
    },
    "importance": importance_figures.draw(IMPORTANCES),
}


@pytest.mark.parametrize("section", FIGURES)
def test_plotly_accepts_every_figure(section: str) -> None:
    assert FIGURES[section]
    for figure in FIGURES[section].values():
        go.Figure(figure.spec)
        assert figure.description.endswith(".")


@pytest.mark.parametrize("section", FIGURES)
def test_names_from_data_are_no_markup_in_a_figure(section: str) -> None:
    text = json.dumps([figure.spec for figure in FIGURES[section].values()])
    assert "<script" not in text


def test_each_task_has_its_figures() -> None:
    shared = {"roc", "precision_recall", "calibration"}
    assert set(FIGURES["binary"]) == {*shared, "thresholds", "confusion"}
    assert set(FIGURES["multiclass"]) == set(FIGURES["multilabel"]) == shared
    assert set(FIGURES["regression"]) == {"predictions", "residuals"}


def test_slice_without_a_value_is_not_drawn_and_a_small_one_is_marked() -> None:
    figure = FIGURES["slices"]["slices_auc"]
    drawn = {trace["name"]: trace["y"] for trace in figure.data}
    assert drawn["model"] == ["overall"]
    assert len(drawn["too small to decide"]) == 1
    assert drawn["live model"] == ["&lt;script&gt;alert(1)&lt;/script&gt;", "overall"]
    assert [shape["x0"] for shape in figure.layout["shapes"]] == [0.8, 0.7]


@pytest.mark.parametrize("kind", ["wide", "tall"])
def test_boxes_of_the_graph_do_not_overlap_and_lie_in_the_picture(kind: str) -> None:
    names = {
        "ExampleGen": ((), 0, 0),
        "StatisticsGen": (("ExampleGen",), 1, 0),
        "Transform": (("ExampleGen", "StatisticsGen"), 2, 0),
        "Trainer": (("ExampleGen", "Transform"), 3, 0),
        "Resolver": ((), 3, 1),
    }
    nodes = [
        Node(name, "executed", 1.0, 0.2, "", upstream, rank, lane)
        for name, (upstream, rank, lane) in names.items()
    ]
    drawing = pipeline_figures.draw(PipelineSection(tuple(nodes), 5.0, 0))[kind]
    corners = {(box.x, box.y) for box in drawing.boxes}
    assert len(corners) == len(nodes)
    for x, y in corners:
        assert 0 <= x <= drawing.width - drawing.box_width
        assert 0 <= y <= drawing.height - drawing.box_height
        for other_x, other_y in corners - {(x, y)}:
            apart = abs(x - other_x) >= drawing.box_width, abs(y - other_y) >= drawing.box_height
            assert any(apart)
    assert len(drawing.paths) == 5


def test_map_has_a_point_for_each_record_in_the_colour_of_its_label() -> None:
    of_numbers = FIGURES["places"]["numbers"].data
    assert [trace["marker"]["color"] for trace in of_numbers] == [[0.5, 9.0]]
    of_classes = FIGURES["places"]["classes"].data
    assert [trace["name"] for trace in of_classes] == [*"abcdefg", "others"]
    assert [len(trace["x"]) for trace in of_classes] == [3] * 7 + [9]
    assert len({trace["marker"]["color"] for trace in of_classes}) == 8
    assert of_classes[1]["x"] == of_classes[1]["y"] == [1, 11, 21]
