"""Networks taken apart: sums that hold, exact coefficients, and reasons that are the true ones."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import RunConfig, TrainConfig
from tfline.components.trainer.explain.answer import answer_explained
from tfline.components.trainer.explain.choice import is_explained, make_explainer
from tfline.components.trainer.export import export
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.tasks.heads.head import Head
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError
from tfline.transforms.target import TargetScale

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.components.trainer.conftest import Case

CONFIG = RunConfig.model_validate(
    {"pipeline": "p", "model": {"name": "mlp"}, "training_fingerprint": "abc"}
)


def wild(name: str, case: Case, arguments: dict[str, Any] | None = None) -> keras.Model:
    """Returns a model whose weights are random, biases and zeros too."""
    graph = case.graph()
    keras.utils.set_random_seed(3)
    model = build_model(name, arguments or {}, graph.features, graph.head)
    chance = np.random.default_rng(0)
    for weights in model.trainable_variables:
        weights.assign(weights + 0.3 * chance.normal(size=weights.shape))
    return model


def explain(model: keras.Model, case: Case, path: Path) -> dict[str, np.ndarray]:
    """Returns the answers of the signature of an exported model."""
    graph = case.graph()
    examples = tf.constant(case.examples)
    assert is_explained(None, model, graph, graph.head)
    explainer = make_explainer(None, model, graph, graph.head, [graph.labelled(examples)])
    export(model, graph, graph.head, CONFIG, str(path), explainer=explainer)
    answer = tf.saved_model.load(str(path)).signatures["explain"](examples=examples)
    return {name: tensor.numpy() for name, tensor in answer.items()}


@pytest.mark.parametrize(
    ("name", "task"),
    [("mlp", "multiclass"), ("wide_deep", "binary"), ("tabular_transformer", "regression"),
     ("mlp", "multilabel"), ("wide_deep", "forecast"), ("wide_deep", "ordinal")],
)  # fmt: skip
def test_attributions_sum_to_the_score_of_the_answer(
    cases: dict[str, Case], tmp_path: Path, name: str, task: str
) -> None:
    case = cases[task]
    arguments: dict[str, Any] = {}
    if name == "tabular_transformer":
        arguments = {"units": 8, "blocks": 1, "hidden_units": 8}
    elif task == "binary":
        arguments = {"loss_weights": [0.9, 0.1]}
    answer = explain(wild(name, case, arguments), case, tmp_path / "model")
    assert answer["features"][7].tolist() == [b"age", b"city", b"day"]
    score = answer["score"]
    sums = answer["attributions"].sum(axis=1) + answer["baseline"]
    np.testing.assert_allclose(sums, score, rtol=1e-5, atol=1e-5)
    if task in ("regression", "forecast"):
        np.testing.assert_allclose(score, answer["prediction"], rtol=1e-4, atol=1e-5)
        assert set(answer["unit"]) == {b"number"}
        return
    p = answer["probabilities"]
    if task == "multiclass":
        expected = np.log(p).max(axis=1) - np.log(p).mean(axis=1)
    elif task == "binary":
        expected = np.log(p[:, 1] / p[:, 0])
    elif task == "ordinal":  # up to the lowest threshold
        above = np.log((1 - p[:, 0]) / p[:, 0])
        expected = above - above[0] + score[0]
    else:
        expected = np.log(p / (1 - p))
    np.testing.assert_allclose(score, expected, rtol=1e-3, atol=1e-4)


def test_linear_model_is_explained_by_its_coefficients(
    cases: dict[str, Case], tmp_path: Path
) -> None:
    case = cases["regression"]
    model = wild("linear", case)
    answer = explain(model, case, tmp_path / "model")
    features, _ = case.graph().labelled(tf.constant(case.examples))
    weights = model.get_layer("output").kernel.numpy()[:, 0]
    columns = {
        "age": features["age"].numpy()[:, np.newaxis],
        "city": np.eye(4)[features["city"].numpy()],
        "day": features["day"].numpy(),
    }
    begin = 0
    for place, x in enumerate(columns.values()):
        of_feature = weights[begin : begin + x.shape[1]]
        expected = (x - x.mean(axis=0)) @ of_feature
        np.testing.assert_allclose(answer["attributions"][:, place], expected, atol=1e-5)
        begin += x.shape[1]


def test_feature_that_does_not_matter_gets_nothing(cases: dict[str, Case], tmp_path: Path) -> None:
    case = cases["binary"]
    model = wild("mlp", case)
    kernel = next(w for w in model.trainable_variables if w.shape == (19, 128))
    values = kernel.numpy()
    values[0] = 0.0  # age
    kernel.assign(values)
    answer = explain(model, case, tmp_path / "model")
    assert np.abs(answer["attributions"][:, 0]).max() < 1e-6
    assert np.abs(answer["attributions"][:, 1]).max() > 0.1


def test_feature_of_several_raw_ones_is_shared_by_them(
    cases: dict[str, Case], tmp_path: Path
) -> None:
    case = cases["binary"]
    graph = case.graph()
    model = wild("mlp", case)
    examples = tf.constant(case.examples[:9])
    explainer = make_explainer(True, model, graph, graph.head, [graph.labelled(examples)])
    assert explainer is not None
    found = explainer.explain(graph.labelled(examples)[0])
    features = graph.metadata.features
    joint = [features[0].model_copy(update={"keys": ("age", "day")}), *features[1:]]
    answer = answer_explained(found, joint, 1, explainer.unit)
    names = answer["features"][0].numpy().tolist()
    assert names == [b"age", b"day", b"city"]
    half = found.contributions["age"][:, 0].numpy() / 2
    np.testing.assert_allclose(answer["attributions"][:, 0], half, rtol=1e-6)
    np.testing.assert_allclose(
        answer["attributions"][:, 1], half + found.contributions["day"][:, 0], rtol=1e-5
    )


@pytest.mark.parametrize(
    ("loss", "transform", "unit"),
    [("poisson", "standardize", "logarithm of the number"), (None, "log1p", "log(1 + number)")],
)
def test_logarithms_are_explained_as_such(
    cases: dict[str, Case], loss: str | None, transform: Any, unit: str
) -> None:
    case = cases["regression"]
    graph = case.graph()
    scale = TargetScale(transform=transform, shift=(3.0,), scale=(2.0,), smallest=(0.0,))
    head = dataclasses.replace(TASKS["regression"].head(), scale=scale)
    head = with_link(head, TrainConfig.model_validate({"loss": loss}).loss)
    keras.utils.set_random_seed(3)
    model = build_model("mlp", {}, graph.features, head)
    batch = graph.labelled(tf.constant(case.examples))
    explainer = make_explainer(None, model, graph, head, [batch])
    assert explainer is not None
    found = explainer.explain(batch[0])
    predicted = head.restore(model(batch[0])).numpy()
    expected = np.log1p(predicted) if transform == "log1p" else np.log(predicted)
    np.testing.assert_allclose(found.score, expected, atol=1e-4)
    total = sum(found.contributions.values()) + found.baseline
    np.testing.assert_allclose(total, found.score, atol=1e-5)
    assert explainer.unit == unit


def last_is_a_layer_of_its_own(features: tuple[TensorFeature, ...], head: Head) -> keras.Model:
    """A user's model that does not end as the others do."""
    inputs = build_inputs(features)
    x = keras.layers.Reshape((1,))(inputs["age"])
    return keras.Model(inputs, keras.ops.sigmoid(keras.layers.Dense(1)(x)))


def test_what_cannot_be_explained_is_said_before_the_training(cases: dict[str, Case]) -> None:
    graph = cases["binary"].graph()
    own = build_model(f"{__name__}.last_is_a_layer_of_its_own", {}, graph.features, graph.head)
    assert not is_explained(None, own, graph, graph.head)
    with pytest.raises(ModelError, match=r"no functional model|activation sigmoid"):
        is_explained(True, own, graph, graph.head)
    images = cases["images"].graph()
    cnn = build_model("cnn", {}, images.features, images.head)
    with pytest.raises(ModelError, match="one image as a whole"):
        is_explained(True, cnn, images, images.head)
    mlp = wild("mlp", cases["binary"])
    assert not is_explained(False, mlp, graph, graph.head)
