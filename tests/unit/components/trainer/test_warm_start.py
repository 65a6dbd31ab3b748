"""Beginning with the weights of an exported model."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.export import target_form
from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.signatures import ServingModel
from tfline.components.trainer.vocabularies import _columns_differ
from tfline.components.trainer.warm_start import WarmStart, warm_start
from tfline.tasks.heads.links import Log
from tfline.transforms.errors import ModelError
from tfline.transforms.target import TargetScale

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case


def build(case: Case, *hidden_units: int) -> keras.Model:
    graph = case.graph()
    return build_model("mlp", {"hidden_units": hidden_units}, graph.features, graph.head)


def start(case: Case, model: keras.Model, folder: str | None) -> WarmStart | None:
    return warm_start(model, folder, case.graph(), case.train_files)


@pytest.fixture(scope="module")
def exported(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list]:
    """A model with one hidden layer of 8, and its weights."""
    case = cases["binary"]
    model, folder = build(case, 8), str(tmp_path_factory.mktemp("exported"))
    serving = ServingModel(model, case.graph(), case.graph().head)
    tf.saved_model.save(serving, folder, signatures=serving.signatures())
    return folder, model.get_weights()


def test_model_begins_with_the_weights_of_the_other(
    cases: dict[str, Case], exported: tuple[str, list]
) -> None:
    folder, weights = exported
    case = cases["binary"]
    model = build(case, 8)
    assert not np.array_equal(model.get_weights()[0], weights[0])
    start(case, model, folder)
    for ours, theirs in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_of_another_shape_begin_anew(
    cases: dict[str, Case], exported: tuple[str, list]
) -> None:
    folder, weights = exported
    case = cases["binary"]
    model = build(case, 6)
    before = model.get_weights()
    start(case, model, folder)
    for ours, own, theirs in zip(model.get_weights(), before, weights, strict=True):
        np.testing.assert_array_equal(ours, theirs if own.shape == theirs.shape else own)


def test_model_of_other_layers_is_refused(
    cases: dict[str, Case], exported: tuple[str, list]
) -> None:
    with pytest.raises(ModelError, match="cannot begin with them"):
        start(cases["binary"], build(cases["binary"], 8, 4), exported[0])


def test_other_vocabulary_of_the_same_size_begins_anew(
    cases: dict[str, Case], exported: tuple[str, list], caplog: pytest.LogCaptureFixture
) -> None:
    folder, weights = exported
    reordered = cases["reordered"]
    model = build(reordered, 8)
    before = model.get_weights()
    with caplog.at_level("INFO", "tfline.progress"):
        begun = start(reordered, model, folder)
    assert begun == WarmStart(len(weights) - 1, len(weights), ("city",))
    assert "begins anew: city" in caplog.text
    for ours, own, theirs in zip(model.get_weights(), before, weights, strict=True):
        is_embedding = own.shape == (4, 16)
        np.testing.assert_array_equal(ours, own if is_embedding else theirs)


def test_other_order_of_the_classes_begins_the_output_anew(
    cases: dict[str, Case], exported: tuple[str, list]
) -> None:
    model = build(cases["swapped"], 8)
    begun = start(cases["swapped"], model, exported[0])
    assert begun is not None
    assert begun.changed == ("label",)
    same = [np.array_equal(a, b) for a, b in zip(model.get_weights(), exported[1], strict=True)]
    assert same == [True] * (len(same) - 2) + [False, True]  # but the bias, which begins with 0


def test_columns_of_other_terms_begin_anew() -> None:
    """One-hot, counted and weighed columns alike; numbers scaled by other statistics go on."""
    columns = tf.constant([[0.0, 1.0], [1.0, 0.0]])
    swapped = tf.constant([[1.0, 0.0], [0.0, 1.0]])
    scores = tf.constant([[-0.7, 1.1], [0.3, -0.2]])
    assert bool(_columns_differ(columns, swapped))
    assert bool(_columns_differ(columns * 2.5, swapped * 3.5))
    assert not bool(_columns_differ(columns, columns * 1.1))
    assert not bool(_columns_differ(scores, scores * 1.1 + 0.05))
    assert bool(_columns_differ(None, columns))
    assert bool(_columns_differ(tf.zeros([2, 3]), columns))


def test_other_order_of_the_features_begins_anew(
    cases: dict[str, Case], exported: tuple[str, list], tmp_path: Path
) -> None:
    """Numbers that are joined into one vector have their rows of weights by their order."""
    case = cases["binary"]
    folder = tmp_path / "model"
    shutil.copytree(exported[0], folder)
    (folder / "assets.extra").mkdir()
    card = {"inputs": ["city", "age", "day"], "target": ""}
    (folder / "assets.extra" / "tfline.json").write_text(json.dumps(card))
    begun = start(case, build(case, 8), str(folder))
    assert begun is not None
    assert begun.changed == ("age", "city", "day")
    assert begun.taken < begun.variables


def test_label_in_another_scale_begins_the_output_anew(
    cases: dict[str, Case],
) -> None:
    head = cases["regression"].graph().head
    scaled = dataclasses.replace(head, scale=TargetScale(transform="log1p"))
    assert target_form(head) != target_form(scaled)
    assert target_form(head) != target_form(dataclasses.replace(head, link=Log()))


@pytest.mark.parametrize("folder", [None, "no such folder"])
def test_nothing_is_done_without_a_pushed_model(
    cases: dict[str, Case], tmp_path: Path, folder: str | None
) -> None:
    model = build(cases["binary"], 8)
    before = model.get_weights()
    assert start(cases["binary"], model, folder and str(tmp_path / folder)) is None
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
