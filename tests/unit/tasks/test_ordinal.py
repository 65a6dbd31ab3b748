"""Ordered classes: thresholds that rise, the likelihood by hand, and an order that is known."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.metrics.statistic import Decision
from tfline.tasks.heads.cumulative import CumulativeLogit, OrdinalLoss, rank_error
from tfline.tasks.table import TASKS
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import LabelSpec

TASK = TASKS["ordinal"]
CLASSES = ("bad", "fair", "good", "great")
LABEL: Any = SimpleNamespace(classes=CLASSES)
RNG = np.random.default_rng(0)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def layer_of(classes: int) -> CumulativeLogit:
    layer = CumulativeLogit(classes)
    layer.build((None, 1))
    return layer


def test_probabilities_are_differences_of_sigmoids() -> None:
    layer = layer_of(3)
    layer.lowest.assign([-1.0])
    layer.steps.assign([math.log(math.expm1(2.0))])  # softplus: 2
    found = layer(np.array([[0.0], [0.5]], np.float32)).numpy()
    for score, row in zip((0.0, 0.5), found, strict=True):
        low, high = sigmoid(-1 - score), sigmoid(1 - score)
        np.testing.assert_allclose(row, [low, high - low, 1 - high], rtol=1e-5)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_classes_are_equally_probable_at_first(classes: int) -> None:
    found = layer_of(classes)(np.zeros((1, 1), np.float32)).numpy()
    np.testing.assert_allclose(found, np.full((1, classes), 1 / classes), rtol=1e-5)


def test_thresholds_rise_whatever_the_weights_are() -> None:
    layer = layer_of(6)
    for _ in range(20):
        layer.lowest.assign(RNG.normal(0, 5, 1))
        layer.steps.assign(RNG.normal(0, 5, 4))
        assert (np.diff(layer.thresholds.numpy()) >= 0).all()
        found = layer(RNG.normal(0, 5, (9, 1)).astype(np.float32)).numpy()
        assert (found >= 0).all()
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_loss_is_the_negative_log_likelihood_of_the_true_class() -> None:
    labels, y = np.array([[1], [0]]), np.array([[0.2, 0.5, 0.3], [0.1, 0.3, 0.6]], np.float32)
    loss = OrdinalLoss(reduction=None)(labels, y).numpy()
    np.testing.assert_allclose(loss, [-math.log(0.5), -math.log(0.1)], rtol=1e-5)


def test_score_far_beyond_the_thresholds_still_learns() -> None:
    layer, score = layer_of(3), tf.Variable([[40.0]])
    with tf.GradientTape() as tape:
        loss = OrdinalLoss()(np.array([[0]]), layer(score))
    assert float(loss) == pytest.approx(40 + math.log(2), rel=1e-3)
    assert float(tape.gradient(loss, score)[0, 0]) == pytest.approx(1, rel=1e-3)


def test_rank_error_counts_the_ranks_between() -> None:
    y = np.eye(4, dtype=np.float32)[[0, 3, 1]]
    np.testing.assert_array_equal(rank_error(np.array([[0], [1], [2]]), y), [0, 2, 1])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("mlp", {"hidden_units": []}), ("wide_deep", {"hidden_units": [4]})],
)
def test_order_is_learnt_from_one_score_and_kept_by_a_copy(
    name: str, arguments: dict[str, Any]
) -> None:
    keras.utils.set_random_seed(1)
    head = TASK.head(CLASSES)
    model = build_model(name, arguments, [TensorFeature("age", "numeric", (1,))], head)
    x = RNG.normal(size=(400, 1)).astype(np.float32)
    labels = np.digitize(x[:, 0], [-1.0, 0.0, 1.0])
    model.compile("adam", head.loss(), metrics=head.metrics())
    model.optimizer.learning_rate = 0.1
    model.fit({"age": x}, labels, epochs=20, batch_size=50, verbose=0)
    assert model.evaluate({"age": x}, labels, verbose=0, return_dict=True)["rank_mae"] < 0.1
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(copy({"age": x}), model({"age": x}), rtol=1e-5)


def test_answer_has_the_class_and_its_mean_rank() -> None:
    y = tf.constant([[0.1, 0.2, 0.3, 0.4]])
    answer = TASK.answer(y, LABEL)
    assert answer["label"].numpy().tolist() == [b"great"]
    assert float(answer["rank"][0]) == pytest.approx(0.2 + 0.6 + 1.2)


def test_error_of_an_example_is_how_many_ranks_it_is_off() -> None:
    y = np.eye(4, dtype=np.float32)[[0, 3]]
    errors, words = TASK.errors(np.array([0, 1]), y, LABEL, Decision(4))
    assert errors.tolist() == [0, 2]
    assert words(1) == ("fair", "great")
    assert TASK.describe(CLASSES) == "ordinal: bad < fair < good < great"


def test_names_without_an_order_are_refused() -> None:
    def found(values: list[int | str]) -> Any:
        return SimpleNamespace(classes=lambda label, **_: (label, values))

    label = LabelSpec(key="grade", task="ordinal")
    with pytest.raises(AnomalyError, match="whose order is not known: 2, bad, good") as error:
        TASK.settle(label, found(["bad", "good"]))
    assert "from the lowest to the highest" in str(error.value.hint)
    assert TASK.settle(label, found([1, 2, 3]))[1] == [1, 2, 3]
    named = label.model_copy(update={"classes": ("good", "bad")})
    assert TASK.settle(named, found(["good", "bad"]))[1] == ["good", "bad"]
