"""Forests taken apart: the same numbers as YDF's own TreeSHAP, in the model that is served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import ydf

from tests.unit.components.trainer.models.trees.test_forest import (
    HEADS,
    OTHER,
    Inputs,
    answers,
    learn,
)
from tfline.components.trainer.explain.explainer import Explained
from tfline.components.trainer.explain.tree_shap import TreeShap
from tfline.components.trainer.models import TREES
from tfline.components.trainer.models.trees.forest import ForestModel

EVERY_FOREST = pytest.mark.parametrize(
    ("name", "task"), [(name, task) for name in sorted(TREES) for task in HEADS]
)


def explained(model: ForestModel, x: Inputs) -> tuple[TreeShap, Explained]:
    explainer = model.explainer()
    features = {name: tf.constant(value) for name, value in x.items()}
    return explainer, tf.function(explainer.explain, autograph=False)(features)


def ydf_shap(forest: Any, x: Inputs) -> dict[str, np.ndarray]:
    days = {f"day[{place}]": x["day"][:, place] for place in range(3)}
    values, _ = forest.predict_shap(
        {"age": x["age"], "city name": x["city name"].astype(np.int32), **days}
    )
    return {**values, "day": sum(values[day] for day in days)}


@EVERY_FOREST
def test_contributions_are_those_of_ydf_and_sum_to_the_answer(name: str, task: str) -> None:
    model, _ = learn(name, task)
    explainer, found = explained(model, OTHER)
    np.testing.assert_allclose(
        sum(found.contributions.values()) + found.baseline, found.score, atol=1e-5
    )
    y = answers(model, OTHER)
    chosen = y.argmax(axis=1) if task == "multiclass" else np.ones(len(y), int)
    score = found.score.numpy()[:, 0]
    if task == "regression":
        np.testing.assert_allclose(score, 2 * y[:, 0] + 3, rtol=1e-5)
    elif name == "random_forest":
        np.testing.assert_allclose(score, y.max(axis=1) if task == "multiclass" else y[:, 0], 1e-5)
        assert explainer.unit == "probability"
    elif task == "binary":
        np.testing.assert_allclose(1 / (1 + np.exp(-score)), y[:, 0], rtol=1e-5)
    else:
        np.testing.assert_allclose(score, np.log(y).max(1) - np.log(y).mean(1), atol=1e-5)
    for feature, values in ydf_shap(model.grown, OTHER).items():
        if feature not in found.contributions:
            continue
        expected = 2 * values if task == "regression" else values
        if expected.ndim == 2:
            mean = expected.mean(axis=1) if name == "boosted_trees" else 0.0
            expected = expected[np.arange(len(expected)), chosen] - mean
        np.testing.assert_allclose(found.contributions[feature][:, 0], expected, atol=2e-5)


def test_category_that_training_never_saw_and_a_missing_number_are_explained() -> None:
    model, _ = learn("boosted_trees", arguments={"allow_na_conditions": True})
    x = {"age": np.array([np.nan, 1.0], "f"), "city name": np.array([4, 0]),
         "day": np.zeros([2, 3], "f")}  # fmt: skip
    _, found = explained(model, x)
    probability = 1 / (1 + np.exp(-found.score.numpy()))
    np.testing.assert_allclose(probability, answers(model, x), rtol=1e-5)
    total = sum(found.contributions.values()) + found.baseline
    np.testing.assert_allclose(total, found.score, atol=1e-5)


def test_paths_that_no_weight_has_gone_add_nothing_and_divide_by_nothing() -> None:
    weight = np.zeros(400)
    weight[:60] = 1.0
    model, _ = learn("random_forest", "multiclass", {"min_examples": 1}, weight=weight)
    _, found = explained(model, OTHER)
    total = sum(found.contributions.values()) + found.baseline
    np.testing.assert_allclose(total, found.score, atol=1e-5)


def test_importances_are_told_where_ydf_refuses_a_node_that_no_weight_has_gone() -> None:
    weight = np.random.default_rng(3).random(400)
    weight[50:] = 0.0
    arguments = {"min_examples": 1, "subsample": 0.3, "num_trees": 40}
    model, training = learn("boosted_trees", "multiclass", arguments, weight=weight)
    with pytest.raises(ValueError, match="pos_weight"):
        ydf_shap(model.grown, OTHER)
    shares = training.importances["shap"]
    assert set(shares) == {"age", "city name", "day"}
    assert sum(shares.values()) == pytest.approx(1)


def test_oblique_nodes_are_not_explained() -> None:
    arguments = {"split_axis": "SPARSE_OBLIQUE"}
    model, _ = learn("boosted_trees", arguments=arguments)
    assert "SPARSE_OBLIQUE" in model.unexplained
    assert isinstance(model.grown, ydf.GradientBoostedTreesModel)
    with pytest.raises(NotImplementedError, match="several columns"):
        model.explainer()
