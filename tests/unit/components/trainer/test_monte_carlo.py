"""Monte Carlo dropout: the mean and the spread of what a model answers with parts left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.monte_carlo import check_samples, sample_outputs
from tfline.components.trainer.signatures import ServingModel
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case


def dropped_sum(rate: float = 0.5) -> keras.Model:
    """A model whose output is the sum of 8 inputs, each left out at random."""
    inputs = {"x": keras.Input((8,), name="x")}
    x = keras.layers.Dropout(rate)(inputs["x"])
    return keras.Model(inputs, keras.ops.sum(x, axis=1, keepdims=True), name="sum")


def test_samples_spread_as_dropout_does() -> None:
    keras.utils.set_random_seed(1)
    model = dropped_sum()
    y = tf.function(lambda: sample_outputs(model, {"x": tf.ones([3, 8])}, 2000))().numpy()
    assert y.shape == (2000, 3, 1)
    # Each input is 0 or 2: the sum of 8 has mean 8 and variance 8.
    np.testing.assert_allclose(y.mean(axis=0), 8, atol=0.25)
    np.testing.assert_allclose(y.std(axis=0), 8**0.5, rtol=0.06)


def test_batch_normalization_keeps_its_statistics() -> None:
    inputs = {"x": keras.Input((2,), name="x")}
    inner = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)])
    model = keras.Model(inputs, inner(inputs["x"]))
    before = [weight.numpy() for weight in model.non_trainable_weights]
    y = sample_outputs(model, {"x": tf.constant([[3.0, 3.0], [5.0, 5.0]])}, 50).numpy()
    # As in inference: mean 0 and variance 1, so that the inputs come out doubled or not at all.
    assert set(np.round(y[:, 0].ravel(), 1)) == {0.0, 6.0}
    for weight, value in zip(model.non_trainable_weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    assert inner.layers[0].trainable


@pytest.mark.parametrize("name", ["mlp", "wide_deep"])
def test_model_without_dropout_is_refused(name: str, cases: dict[str, Case]) -> None:
    graph = cases["binary"].graph()
    with pytest.raises(ModelError, match=f"needs a model with dropout. Received: '{name}'"):
        check_samples(build_model(name, {}, graph.features, graph.head), graph.head, graph.task)
    model = build_model(name, {"dropout": 0.1}, graph.features, graph.head)
    check_samples(model, TASKS["binary"].head(("no", "yes")), TASKS["binary"])
    with pytest.raises(ModelError, match="The answers to a text label have no mean"):
        check_samples(model, TASKS["text"].head(("a",)), TASKS["text"])


@pytest.mark.parametrize(
    ("case", "value", "arguments"),
    [
        ("binary", "probabilities", {"loss_weights": [0.9, 0.1]}),
        ("multiclass", "probabilities", {}),
        ("multilabel", "probabilities", {}),
        ("regression", "prediction", {}),
        ("forecast", "prediction", {}),
    ],
)
def test_signature_gives_mean_and_standard_deviation(
    case: str, value: str, arguments: dict[str, object], cases: dict[str, Case], tmp_path: Path
) -> None:
    graph = cases[case].graph()
    name = "wide_deep" if arguments else "mlp"
    model = build_model(name, {"dropout": 0.5, **arguments}, graph.features, graph.head)
    serving = ServingModel(model, graph, graph.head, samples=64)
    tf.saved_model.save(serving, str(tmp_path), signatures=serving.signatures())
    loaded = tf.saved_model.load(str(tmp_path)).signatures
    examples = tf.constant(cases[case].examples[:6])
    once, sampled = (
        loaded["serving_default"](examples=examples),
        loaded["monte_carlo"](examples=examples),
    )
    assert set(sampled) == {*once, "standard_deviation"}
    deviation = sampled["standard_deviation"].numpy()
    assert deviation.shape == sampled[value].shape == once[value].shape
    assert (deviation > 0).any()
    assert np.abs(sampled[value].numpy() - once[value].numpy()).max() < 4 * deviation.max()
    again = loaded["monte_carlo"](examples=examples)
    assert not np.array_equal(again[value], sampled[value])
