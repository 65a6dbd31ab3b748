"""Naive models: what they predict, held against scikit-learn and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import LinearRegression

from tests.unit.components.trainer.conftest import example, write_records
from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import load_data
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.naive.errors import naive_errors
from tfline.components.trainer.naive.least_squares import column_features, columns_of, fit_linear
from tfline.components.trainer.naive.models import write_naive
from tfline.components.trainer.naive.seasons import (
    Repeated,
    find_repeated,
    forecast_key,
    last_values,
    places,
)

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case


def test_linear_model_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3)) * [1, 1e-3, 1e3] + [0, 1, 1e4]
    y = np.stack([x @ [1.0, 500.0, 1e-3], -x[:, 0]], axis=1) + rng.normal(size=(300, 2))
    weights = rng.exponential(size=300)
    parts = (np.array_split(column, 4) for column in (x, y, weights))
    linear = fit_linear(zip(*parts, strict=True))
    expected = LinearRegression().fit(x, y, weights)
    ours = x @ linear.weights + linear.bias
    np.testing.assert_allclose(ours, expected.predict(x), atol=0.01)
    np.testing.assert_allclose(linear.mean, np.average(y, axis=0, weights=weights))


def test_columns_that_depend_on_each_other_do_no_harm() -> None:
    x = np.eye(2)[[0, 1, 1, 0]]  # both sum to 1
    rows = np.concatenate([x, np.zeros([4, 1])], axis=1)
    linear = fit_linear([(rows, x[:, :1], np.ones(4))])
    assert np.isfinite(linear.weights).all()
    np.testing.assert_allclose(
        np.concatenate([x, np.zeros([4, 1])], axis=1) @ linear.weights + linear.bias,
        x[:, :1],
        atol=1e-3,
    )


def test_columns_are_numbers_and_one_hot_indices() -> None:
    features = [
        TensorFeature("age", "numeric"),
        TensorFeature("city", "index", depth=3),
        TensorFeature("words", "index", (2,), depth=3),
        TensorFeature("name", "string"),
        TensorFeature("wide", "numeric", (3000,)),
    ]
    read = column_features(features)
    assert [feature.name for feature in read] == ["age", "city", "words"]
    inputs = {"age": [5.0], "city": [2], "words": [[1, 1]]}
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    np.testing.assert_array_equal(columns_of(tensors, read), [[5, 0, 0, 1, 0, 2, 0]])


def test_last_values_are_those_at_the_end_of_each_list() -> None:
    column = tf.ragged.constant([[1.0, 2, 3], [4.0], []], ragged_rank=1).to_sparse()
    nan = float("nan")
    np.testing.assert_array_equal(last_values(column, 2), [[2, 3], [nan, 4], [nan, nan]])


def test_season_repeats_from_the_end() -> None:
    assert places(1, 3) == [-1, -1, -1]
    assert places(3, 5) == [-3, -2, -1, -3, -2]
    weeks = np.tile(np.arange(7.0), 6)
    windows = np.stack([weeks[i : i + 21] for i in range(10)])
    labels = np.stack([weeks[i + 21 : i + 24] for i in range(10)])
    noise = np.random.default_rng(0).normal(size=windows.shape)
    plain, seasonal = find_repeated({"noise": noise, "load": windows}, labels)
    assert seasonal == Repeated("load", 7)
    assert plain is not None


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("binary", ["constant", "linear"]),
        ("multiclass", ["constant", "linear"]),
        ("multilabel", ["constant", "linear"]),
        ("regression", ["constant", "linear"]),
        ("series", ["constant", "linear", "persistence", "seasonal"]),
    ],
)
def test_every_label_has_its_naive_models(
    cases: dict[str, Case], tmp_path: Path, name: str, outputs: list[str]
) -> None:
    case = cases[name]
    graph, config = case.graph(), TrainConfig(batch_size=16)
    data = load_data(case.train_files, case.eval_files, graph, config, "")
    write_naive(str(tmp_path / "naive"), graph, graph.head, data, case.train_files, config)
    signature: Any = tf.saved_model.load(str(tmp_path / "naive")).signatures["serving_default"]
    found = {k: v.numpy() for k, v in signature(examples=tf.constant(case.examples)).items()}
    assert sorted(found) == outputs
    label = graph.label(tf.constant(case.examples)).numpy()
    known = graph.known(tf.constant(case.examples))[0].numpy()
    if name == "series":
        label = label[:, -1]
    if name == "multiclass":
        label = np.eye(3)[label]
    expected = label[known].mean(axis=0)
    np.testing.assert_allclose(found["constant"][0], expected, rtol=1e-4)
    assert np.ptp(found["constant"], axis=0).max() == 0
    assert found["linear"].shape == label.shape
    if name in ("regression", "multiclass"):
        error = np.square(found["linear"] - label).mean()
        assert error < 0.7 * np.square(found["constant"] - label).mean()
    if name == "multiclass":
        np.testing.assert_allclose(found["linear"].sum(axis=1), 1, rtol=1e-5)


def test_naive_models_count_by_the_weight_of_a_record_and_not_by_that_of_its_class(
    weighted: Case, tmp_path: Path
) -> None:
    graph = weighted.graph()
    config = TrainConfig.model_validate({"batch_size": 16, "class_weights": {"yes": 9.0}})
    data = load_data(weighted.train_files, weighted.eval_files, graph, config, "")
    write_naive(str(tmp_path / "naive"), graph, graph.head, data, weighted.train_files, config)
    signature: Any = tf.saved_model.load(str(tmp_path / "naive")).signatures["serving_default"]
    found = signature(examples=tf.constant(weighted.examples[:1]))["constant"].numpy()
    batches = list(data.plain.as_numpy_iterator())
    labels, weights = (np.concatenate([batch[i] for batch in batches]) for i in (1, 2))
    assert np.ptp(weights) > 0
    np.testing.assert_allclose(found, np.average(labels, weights=weights), rtol=1e-5)


def test_past_of_a_forecast_is_found_by_its_name_or_by_its_values() -> None:
    rng = np.random.default_rng(0)
    load = rng.normal(size=(50, 5)).cumsum(axis=1)
    series = {"noise": rng.normal(size=(50, 4)), "load": load[:, :4]}
    labels = load[:, 4:]
    assert forecast_key(series, labels, "label") == "load"
    assert forecast_key(series, labels, "noise_ahead") == "noise"
    assert forecast_key({"noise": series["noise"]}, labels, "label") is None
    assert forecast_key({}, labels, "label") is None


@pytest.mark.parametrize("series", [None, "place"])
def test_naive_error_is_that_of_one_step_in_each_series(
    cases: dict[str, Case], tmp_path: Path, series: str | None
) -> None:
    graph = cases["series"].graph()  # at 6 steps 2 values each: 7 labels
    graph.metadata = graph.metadata.model_copy(update={"series": series})
    places = {"a": 1.0, "b": 5.0, "still": 0.0}
    records = [
        example(load=[0.0, float(i)], label=[0.0] * 5 + [i + places[place], 0.0], place=place)
        for i, place in enumerate(["a", "b", "b", "still"] * 10)
    ]
    files = write_records(tmp_path / "train" / "data.tfrecord", records)
    found = naive_errors(graph, graph.head, files)
    assert found.overall == pytest.approx(11 / 4)
    assert found.of_series == ({} if series is None else {"a": 1.0, "b": 5.0})
    assert found.series == series
    names = [b"b", None, "still", "a"]
    expected = [5, 2.75, 2.75, 1] if series else [2.75] * 4
    np.testing.assert_allclose(found.of_each(names), expected)


def test_linear_model_finds_out_what_a_missing_number_stands_for() -> None:
    features = [TensorFeature("age", "numeric", gapped=True)]
    age = np.array([1.0, 2.0, 3.0, 4.0, np.nan, np.nan], np.float32)
    y = np.array([[10.0], [20.0], [30.0], [40.0], [70.0], [70.0]])
    x = columns_of({"age": tf.constant(age)}, features).numpy()
    linear = fit_linear([(x.astype(np.float64), y, np.ones(len(y)))])
    np.testing.assert_allclose(x @ linear.weights + linear.bias, y, rtol=0.01)


def test_text_has_no_naive_model(texts: Case, tmp_path: Path) -> None:
    graph, config = texts.graph(), TrainConfig(batch_size=16)
    data = load_data(texts.train_files, texts.eval_files, graph, config, "")
    write_naive(str(tmp_path / "naive"), graph, graph.head, data, texts.train_files, config)
    assert not (tmp_path / "naive").exists()
