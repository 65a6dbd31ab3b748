"""Trees in the place of a Keras model: what they learn, what they answer, and after a kill."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.models import TREES
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.own_training import Training
from tfline.components.trainer.models.trees import growing
from tfline.components.trainer.models.trees.forest import ForestModel
from tfline.tasks.heads.head import Head
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError, SpecError
from tfline.transforms.target import TargetScale

FEATURES = (
    TensorFeature("age", "numeric", gapped=True),
    TensorFeature("city name", "index", depth=5),
    TensorFeature("day", "numeric", (3,)),
)
COUNT = 400

HEADS: dict[str, Head] = {
    "binary": TASKS["binary"].head(("no", "yes")),
    "multiclass": TASKS["multiclass"].head(tuple("abc")),
    "regression": dataclasses.replace(
        TASKS["regression"].head(),
        scale=TargetScale(transform="standardize", shift=(3.0,), scale=(2.0,)),
    ),
}

Inputs = dict[str, np.ndarray]


def make_inputs(seed: int) -> Inputs:
    """Returns random features; every fifth age is missing, and the last city occurs nowhere."""
    rng = np.random.default_rng(seed)
    age = rng.normal(size=COUNT).astype(np.float32)
    age[::5] = np.nan
    return {
        "age": age,
        "city name": rng.integers(0, 4, COUNT),
        "day": rng.normal(size=(COUNT, 3)).astype(np.float32),
    }


def make_labels(task: str, x: Inputs, seed: int = 0) -> np.ndarray:
    """Returns labels that follow from a number, its absence, and a category."""
    noise = np.random.default_rng(seed).normal(size=COUNT) / 4
    z = np.nan_to_num(x["age"], nan=2.0) + (x["city name"] == 2) + noise
    if task == "regression":
        return z[:, np.newaxis].astype(np.float32)
    return np.digitize(z, [0.5] if task == "binary" else [0.0, 1.0]).astype(np.int64)


def batches(x: Inputs, y: np.ndarray, weight: np.ndarray | None = None) -> tf.data.Dataset:
    rows = (x, y) if weight is None else (x, y, weight.astype(np.float32))
    return tf.data.Dataset.from_tensor_slices(rows).batch(128)


X, OTHER = make_inputs(1), make_inputs(2)


def learn(
    name: str,
    task: str = "binary",
    arguments: dict[str, Any] | None = None,
    *,
    weight: np.ndarray | None = None,
    state_dir: str | None = None,
    config: TrainConfig | None = None,
    labels: Callable[[np.ndarray], np.ndarray] = lambda y: y,
) -> tuple[ForestModel, Training]:
    """Grows a small forest by one half of the data, and watches it on the other."""
    config = config or TrainConfig()
    head = with_link(HEADS[task], config.loss)
    model = build_model(name, {"num_trees": 20, **(arguments or {})}, FEATURES, head)
    assert isinstance(model, ForestModel)
    compile_model(model, head, config, steps_per_execution=1)
    train = batches(X, labels(make_labels(task, X)), weight)
    evaluation = batches(OTHER, labels(make_labels(task, OTHER)))
    return model, model.learn(train, evaluation, config, state_dir)


def answers(model: ForestModel, x: Inputs) -> np.ndarray:
    return model({name: tf.constant(value) for name, value in x.items()}).numpy()


@pytest.mark.parametrize("task", HEADS)
@pytest.mark.parametrize("name", sorted(TREES))
def test_operator_answers_as_ydf_does(name: str, task: str) -> None:
    model, _ = learn(name, task)
    y = answers(model, OTHER)
    assert model.grown is not None
    columns = {
        "age": OTHER["age"],
        "city name": OTHER["city name"].astype(np.int32),
        **{f"day[{place}]": OTHER["day"][:, place] for place in range(3)},
    }
    expected = model.grown.predict(columns)
    np.testing.assert_allclose(np.squeeze(y, axis=1) if y.shape[1] == 1 else y, expected, atol=1e-6)
    labels = make_labels(task, OTHER)
    if task == "regression":
        assert np.mean((y - labels) ** 2) < 0.4 * labels.var()
    else:
        decided = y[:, 0] > 0.5 if task == "binary" else y.argmax(axis=1)
        assert np.mean(decided == labels) > 0.8


def test_category_that_no_record_had_is_answered() -> None:
    model, _ = learn("boosted_trees")
    y = answers(model, {**OTHER, "city name": np.full(COUNT, 4)})
    assert np.isfinite(y).all()


@pytest.mark.parametrize("task", HEADS)
def test_history_has_the_losses_that_keras_computes(task: str) -> None:
    model, training = learn("boosted_trees", task)
    losses = training.history["val_loss"]
    evaluation = batches(OTHER, make_labels(task, OTHER))
    reached = model.evaluate(evaluation, return_dict=True, verbose=0)
    assert min(losses) == pytest.approx(reached["loss"], rel=1e-4)
    assert len(training.history["loss"]) == len(losses) == 20
    assert training.history["loss"][-1] < training.history["loss"][0]
    telling = {"binary": "auc", "multiclass": "accuracy", "regression": "mae"}[task]
    assert training.history[f"val_{telling}"] == [pytest.approx(reached[telling])]
    assert training.round == "tree"
    assert "trees" in training.size


def test_history_of_a_random_forest_is_that_of_the_whole() -> None:
    _, training = learn("random_forest")
    assert {len(values) for values in training.history.values()} == {1}
    assert {"loss", "val_loss", "val_auc"} <= training.history.keys()
    assert training.round == "forest"


def test_importances_are_shares_of_the_features() -> None:
    _, training = learn("boosted_trees", "multiclass")
    for shares in training.importances.values():
        assert sum(shares.values()) == pytest.approx(1)
        assert list(shares) == sorted(shares, key=lambda name: -shares[name])
        assert next(iter(shares)) == "age"
    assert {*training.importances} == {"shap", "gain"}
    assert {*training.importances["shap"]} == {"age", "city name", "day"}


def test_growth_ends_when_the_eval_split_gets_no_better() -> None:
    arguments = {
        "num_trees": 400,
        "shrinkage": 0.3,
        "early_stopping_initial_iteration": 0,
        "early_stopping_num_trees_look_ahead": 5,
    }
    model, training = learn("boosted_trees", arguments=arguments)
    losses = training.history["val_loss"]
    assert len(losses) < 400
    assert model.grown is not None
    assert model.grown.num_trees() == losses.index(min(losses)) + 1
    kept, _ = learn("boosted_trees", arguments={"num_trees": 60, "early_stopping": "NONE"})
    assert kept.grown is not None
    assert kept.grown.num_trees() == 60


def test_monotone_numbers_are_followed() -> None:
    """What the data says is the other way round."""
    arguments = {"monotone": {"age": "decreasing"}}
    for task, given in (("binary", arguments), ("regression", arguments), ("binary", {})):
        model, _ = learn("boosted_trees", task, {**given, "num_trees": 60})
        rising = np.linspace(-3, 3, 50, dtype=np.float32)
        line = {name: np.repeat(value[:1], 50, axis=0) for name, value in X.items()}
        y = answers(model, {**line, "age": rising})[:, 0]
        assert (np.diff(y) <= 1e-6).all() == bool(given)


def test_record_of_weight_zero_is_one_left_out() -> None:
    wrong = np.arange(COUNT) % 2 == 0
    mixed = {"labels": lambda y: np.where(wrong, 1 - y, y)}
    arguments = {"early_stopping": "NONE", "subsample": 1.0}
    weighted, _ = learn("boosted_trees", arguments=arguments, weight=~wrong, **mixed)  # type: ignore[arg-type]
    unweighted, _ = learn("boosted_trees", arguments=arguments, weight=np.ones(COUNT), **mixed)  # type: ignore[arg-type]
    labels = make_labels("binary", OTHER)
    right = [np.mean((answers(m, OTHER)[:, 0] > 0.5) == labels) for m in (weighted, unweighted)]
    assert right[0] > 0.85 > right[1] + 0.1


def test_seed_changes_what_is_drawn_and_nothing_else() -> None:
    drawn = {"subsample": 0.5}
    one, again, other = (
        answers(learn("boosted_trees", arguments=drawn, config=TrainConfig(seed=seed))[0], OTHER)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_counts_are_never_negative_by_the_loss_poisson() -> None:
    config = TrainConfig.model_validate({"loss": "poisson"})
    counts = {"labels": lambda y: (np.round(np.exp(y)) - 3) / 2}  # as the head scales counts
    model, training = learn("boosted_trees", "regression", config=config, **counts)  # type: ignore[arg-type]
    assert (model._head.restore(tf.constant(answers(model, OTHER))).numpy() > 0).all()
    evaluation = batches(OTHER, counts["labels"](make_labels("regression", OTHER)))
    reached = model.evaluate(evaluation, return_dict=True, verbose=0)["loss"]
    assert min(training.history["val_loss"]) == pytest.approx(reached, rel=1e-3)


class KilledError(Exception):
    """Stands for the signal that ends a training."""


def test_killed_training_ends_with_the_same_forest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = {"num_trees": 100, "subsample": 0.7}
    whole = answers(learn("boosted_trees", arguments=arguments)[0], OTHER)
    save = growing.save_forest

    def save_and_die(folder: str, state_dir: str, trees: int) -> None:
        save(folder, state_dir, trees)
        if trees == 35:
            raise KilledError

    monkeypatch.setattr(growing, "save_forest", save_and_die)
    with pytest.raises(KilledError):
        learn("boosted_trees", arguments=arguments, state_dir=str(tmp_path))
    caplog.set_level(logging.INFO, "tfline.progress")
    model, training = learn("boosted_trees", arguments=arguments, state_dir=str(tmp_path))
    assert "goes on after tree 35" in caplog.messages
    assert training.resumed == "tree 35"
    assert caplog.messages[-1].startswith("tree ")
    np.testing.assert_array_equal(answers(model, OTHER), whole)
    assert len(training.history["loss"]) == len(training.history["val_loss"])


def test_damaged_state_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / growing.STATE).write_bytes(b"no forest")
    with pytest.raises(ModelError, match="damaged") as caught:
        learn("boosted_trees", state_dir=str(tmp_path))
    assert "Delete the file" in caught.value.hint


def test_forests_of_one_process_do_not_answer_for_one_another() -> None:
    first, _ = learn("boosted_trees", "regression")
    before = answers(first, OTHER)
    second, _ = learn("random_forest", "regression")
    assert not np.allclose(answers(second, OTHER), before)
    np.testing.assert_array_equal(answers(first, OTHER), before)


@pytest.mark.parametrize(
    ("feature", "hint"),
    [
        (TensorFeature("picture", "image", (2, 2, 1)), "images"),
        (TensorFeature("words", "index", (6,), depth=9), "bag_of_words"),
        (TensorFeature("words", "string"), "string_lookup"),
        (TensorFeature("code", "index"), "string_lookup"),
    ],
)
def test_features_that_trees_cannot_read_are_refused(feature: TensorFeature, hint: str) -> None:
    with pytest.raises(ModelError, match=feature.name) as caught:
        build_model("boosted_trees", {}, (feature,), HEADS["binary"])
    assert hint in caught.value.hint


@pytest.mark.parametrize("task", ["multilabel", "forecast", "box"])
def test_labels_that_trees_cannot_predict_are_refused(task: str) -> None:
    head = TASKS[task].head(tuple("abc")) if task != "forecast" else TASKS[task].head(size=4)
    with pytest.raises(ModelError, match=f"Received: {task}"):
        build_model("random_forest", {}, FEATURES, head)


def test_arguments_that_exclude_one_another_are_refused_before_anything_is_grown() -> None:
    for arguments, words in (
        ({"monotone": {"age": "increasing"}, "growing_strategy": "BEST_FIRST_GLOBAL"}, "monotone"),
        ({"num_candidate_attributes": 2, "num_candidate_attributes_ratio": 0.5}, "candidate"),
    ):
        with pytest.raises(SpecError, match="(?i)" + words):
            build_model("boosted_trees", arguments, FEATURES, HEADS["binary"])
    with pytest.raises(ModelError, match="no number 'ages'") as caught:
        build_model(
            "boosted_trees", {"monotone": {"ages": "increasing"}}, FEATURES, HEADS["binary"]
        )
    assert "age" in caught.value.hint
