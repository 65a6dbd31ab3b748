"""Monte Carlo dropout: the mean and the spread of what a model answers with parts left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import RunConfig, TrainConfig
from tfline.components.trainer.data import load_data
from tfline.components.trainer.doubt import calibration_error, measure_doubt
from tfline.components.trainer.export import export
from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.monte_carlo import check_samples, sample_outputs
from tfline.components.trainer.signatures import ServingModel
from tfline.serving.client import Client
from tfline.serving.process import start_server
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


def test_client_tells_the_doubt(cases: dict[str, Case], tmp_path: Path) -> None:
    case = cases["binary"]
    graph = case.graph()
    model = build_model("mlp", {"dropout": 0.5}, graph.features, graph.head)
    config = RunConfig.model_validate(
        {
            "pipeline": "p",
            "model": {"name": "mlp"},
            "train": {"monte_carlo": 64},
            "training_fingerprint": "f",
        }
    )
    export(model, graph, graph.head, config, str(tmp_path / "p" / "1"))
    rows = [{"age": 30.0}, {"age": 60.0}]
    with (
        start_server(tmp_path / "p", "p") as server,
        Client(server.target, "p", timeout=60) as client,
    ):
        plain, doubted = client.predict(rows), client.monte_carlo(rows)
    for once, mean in zip(plain, doubted, strict=True):
        assert once.deviations == ()
        with pytest.raises(ValueError, match="no deviations"):
            once.intervals()
        assert len(mean.deviations) == len(mean.probabilities) == 2
        for middle, deviation, (low, high) in zip(
            mean.probabilities.values(), mean.deviations, mean.intervals(), strict=True
        ):
            assert deviation > 0
            assert (low, high) == pytest.approx(
                (middle - 1.96 * deviation, middle + 1.96 * deviation), abs=1e-4
            )


def test_error_of_calibration_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.65, 0.65])
    correct = np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    expected = (4 * abs(0.75 - 0.95) + 2 * abs(0.5 - 0.65)) / 6
    assert calibration_error(confidence, correct) == pytest.approx(expected)
    assert calibration_error(np.ones(3), np.ones(3)) == 0.0


def test_coverage_counts_the_labels_within_the_interval() -> None:
    keras.utils.set_random_seed(1)
    head = TASKS["regression"].head()
    x = {"x": tf.ones([200, 8])}
    # The sum of 8 has mean 8 and deviation 8 ** 0.5 under dropout: +- 5.54.
    near, far = tf.fill([100], 12.0), tf.fill([100], 15.0)
    batches = tf.data.Dataset.from_tensors((x, tf.concat([near, far], 0)))
    measured = measure_doubt(dropped_sum(), head, batches, 500, "val_")
    assert measured["val_coverage_95"] == [pytest.approx(0.5)]
    assert measured["val_width_95"] == [pytest.approx(2 * 1.96 * 8**0.5, rel=0.05)]


@pytest.mark.parametrize("task", ["binary", "ordinal", "multilabel", "regression", "forecast"])
def test_doubt_is_measured_for_each_task(task: str, cases: dict[str, Case]) -> None:
    graph = cases[task].graph()
    model = build_model("mlp", {"dropout": 0.5}, graph.features, graph.head)
    files = cases[task].train_files
    data = load_data(files, files, graph, TrainConfig(batch_size=16), "")
    measured = measure_doubt(model, graph.head, data.plain, 8)
    numbers = task in ("regression", "forecast")
    names = {"coverage_95", "width_95"} if numbers else {
        "calibration_error", "monte_carlo_calibration_error",
    }  # fmt: skip
    assert set(measured) == names
    assert all(value >= 0 for [value] in measured.values())
