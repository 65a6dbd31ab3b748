"""Several models that answer as one: their mean, their seeds, their reasons, and after a kill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.data import TrainingData, load_data
from tfline.components.trainer.ensemble import Ensemble, members_of, train_members
from tfline.components.trainer.explain.choice import is_explained, make_explainer
from tfline.components.trainer.export import export
from tfline.components.trainer.run_fn import prepare

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.components.trainer.conftest import Case


def make(case: Case, folder: Path, **settings: Any) -> tuple[Ensemble, RunConfig, TrainingData]:
    config = RunConfig.model_validate(
        {"pipeline": "p", "training_fingerprint": "abc", "train": {"epochs": 3}, **settings}
    )
    graph = case.graph()
    data = load_data(case.train_files, case.eval_files, graph, config.train, str(folder))
    model = prepare(config, graph, graph.head, data)
    assert isinstance(model, Ensemble)
    return model, config, data


def train(
    case: Case, model: Ensemble, config: RunConfig, data: TrainingData, state: Path | None = None
) -> Any:
    each = [member.train for member in members_of(config)]
    head = case.graph().head
    return train_members(model, head, data, each, None, None if state is None else str(state))


def test_each_model_is_trained_with_each_seed() -> None:
    config = RunConfig.model_validate(
        {"pipeline": "p", "training_fingerprint": "abc", "train": {"seed": 7},
         "model": {"name": "mlp"},
         "ensemble": {"seeds": 2, "models": [{"name": "boosted_trees"}]}}
    )  # fmt: skip
    found = [(member.model.name, member.train.seed) for member in members_of(config)]
    assert found == [("mlp", 7), ("boosted_trees", 7), ("mlp", 8), ("boosted_trees", 8)]


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_exported_ensemble_answers_and_explains_by_the_mean(
    cases: dict[str, Case], tmp_path: Path, task: str
) -> None:
    case = cases[task]
    trees = {"name": "boosted_trees", "arguments": {"num_trees": 5, "min_examples": 2}}
    model, config, data = make(
        case, tmp_path, model={"name": "mlp", "arguments": {"hidden_units": [8]}},
        ensemble={"seeds": 2, "models": [trees]},
    )  # fmt: skip
    graph = case.graph()
    assert is_explained(None, model, graph, graph.head)
    training = train(case, model, config, data)
    assert training.size.startswith("4 models")
    assert {"loss", "val_loss"} <= set(training.history)
    explainer = make_explainer(None, model, graph, graph.head, data.plain)
    path = str(tmp_path / "model")
    export(model, graph, graph.head, config, path, explainer=explainer)
    examples = tf.constant(case.examples)
    told = tf.saved_model.load(path).signatures["explain"](examples=examples)
    features, _ = graph.labelled(examples)
    each = [member(features).numpy() for member in model.members]
    output = "probabilities" if task == "multiclass" else "prediction"
    mean = np.mean(each, axis=0)
    np.testing.assert_allclose(told[output], mean if mean.shape[1] > 1 else mean[:, 0], atol=1e-5)
    assert np.abs(each[0] - each[2]).max() > 1e-3  # another seed
    sums = told["attributions"].numpy().sum(axis=1) + told["baseline"].numpy()
    np.testing.assert_allclose(sums, told["score"], atol=1e-4)
    if task == "regression":
        np.testing.assert_allclose(told["score"], told["prediction"], atol=1e-4)
        return
    chosen = mean.argmax(axis=1)
    logs = [np.log(p) for p in each]
    above = [log[np.arange(60), chosen] - log.mean(axis=1) for log in logs]
    np.testing.assert_allclose(told["score"], np.mean(above, axis=0), atol=1e-3)


def test_members_that_are_trained_are_not_trained_again(
    cases: dict[str, Case], tmp_path: Path
) -> None:
    case = cases["binary"]
    settings: dict[str, Any] = {
        "model": {"name": "mlp", "arguments": {"hidden_units": [4]}}, "ensemble": {"seeds": 2},
    }  # fmt: skip
    state = tmp_path / "state"
    model, config, data = make(case, tmp_path, **settings)
    train(case, model, config, data, state)
    expected = [member.get_weights() for member in model.members]
    keras.utils.set_random_seed(99)
    again, config, data = make(case, tmp_path, **settings)
    training = train(case, again, config, data, state)
    assert training.resumed
    for member, weights in zip(again.members, expected, strict=True):
        for found, value in zip(member.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(found, value)


def test_scores_of_other_units_are_not_explained_together(
    cases: dict[str, Case], tmp_path: Path
) -> None:
    case = cases["binary"]
    forest = {"name": "random_forest", "arguments": {"num_trees": 3}}
    model, config, data = make(
        case, tmp_path, model={"name": "linear"}, ensemble={"models": [forest]}
    )
    train(case, model, config, data)
    graph = case.graph()
    assert make_explainer(None, model, graph, graph.head, data.plain) is None
