"""How much an example counts: by its class, by a feature, or both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf

from tests.unit.components.trainer.test_fit import assert_same_weights, train
from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import TrainingData, load_data
from tfline.transforms.errors import DataError, SpecError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case


def load(case: Case, **settings: Any) -> TrainingData:
    """Loads a case in batches of 16."""
    config = TrainConfig.model_validate({"batch_size": 16, **settings})
    return load_data(case.train_files, case.eval_files, case.graph(), config, scratch="")


def columns(data: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the label, the second flag of `day` and the weight of each example."""
    batches = list(data.as_numpy_iterator())
    return (
        np.concatenate([label for _, label, _ in batches]),
        np.concatenate([features["day"][:, 1] for features, _, _ in batches]),
        np.concatenate([weight for _, _, weight in batches]),
    )


def rewritten(case: Case, folder: Path, change: Any) -> Case:
    """Returns a case whose train split is changed, record by record."""
    with tf.io.TFRecordWriter(str(folder / "data.tfrecord")) as writer:
        for record in case.examples:
            example = tf.train.Example.FromString(record)
            change(example.features.feature)
            writer.write(example.SerializeToString())
    return case._replace(train_files=[str(folder / "*")])


@pytest.mark.parametrize("cache", ["memory", "none"])
def test_weights_of_classes_are_given_by_name(cases: dict[str, Case], cache: str) -> None:
    data = load(cases["binary"], class_weights={"yes": 3.0}, cache=cache)
    labels, _, weights = columns(data.train)
    np.testing.assert_array_equal(weights, np.where(labels == 1, 3.0, 1.0))
    assert len(next(iter(data.evaluation))) == 2


def test_balanced_classes_together_count_the_same(cases: dict[str, Case]) -> None:
    labels, _, weights = columns(load(cases["binary"], class_weights="balanced").train)
    count = np.bincount(labels)
    assert count[0] != count[1]
    np.testing.assert_allclose(weights, (60 / (2 * count))[labels], rtol=1e-6)
    assert weights[labels == 0].sum() == pytest.approx(weights[labels == 1].sum())


@pytest.mark.parametrize("cache", ["memory", "none"])
def test_weights_of_feature_and_class_are_multiplied(weighted: Case, cache: str) -> None:
    data = load(weighted, class_weights={"yes": 3.0}, cache=cache)
    labels, day, weights = columns(data.train)
    np.testing.assert_array_equal(weights, day * np.where(labels == 1, 3.0, 1.0))
    _, day, weights = columns(data.evaluation)
    np.testing.assert_array_equal(weights, day)


def test_examples_of_weight_zero_do_not_count(weighted: Case, tmp_path: Path) -> None:
    def flip(features: Any) -> None:
        if features["day"].int64_list.value[0] == 0:
            label = features["label"].bytes_list
            label.value[0] = {b"no": b"yes", b"yes": b"no"}[label.value[0]]

    first, _ = train(weighted, epochs=2)
    second, _ = train(rewritten(weighted, tmp_path, flip), epochs=2)
    assert_same_weights(first, second)


def test_metrics_of_the_training_count_examples_by_their_weight(weighted: Case) -> None:
    model, history = train(weighted, epochs=1, weight="day")
    data = load(weighted, weight="day").evaluation
    labels, _, weights = columns(data)
    hits = (model.predict(data, verbose=0)[:, 0] > 0.5) == (labels == 1)
    assert not (weights == 1).all()
    assert history["val_accuracy"][-1] == pytest.approx((hits * weights).sum() / weights.sum())
    assert hits[weights == 0].mean() != hits[weights > 0].mean()


def test_class_that_counts_more_is_predicted_more(cases: dict[str, Case]) -> None:
    features = {
        name: np.concatenate([batch[name] for batch, _ in load(cases["binary"]).evaluation])
        for name in ("age", "city", "day")
    }
    means = []
    for weights in ({"no": 10.0}, {"yes": 10.0}):
        model, _ = train(cases["binary"], epochs=3, class_weights=weights)
        means.append(float(np.mean(model.predict(features, verbose=0))))
    assert means[1] > means[0] + 0.2


@pytest.mark.parametrize("value", [None, -1])
def test_weight_that_is_none_is_refused(weighted: Case, tmp_path: Path, value: int | None) -> None:
    def change(features: Any) -> None:
        if features["label"].bytes_list.value[0] == b"yes":
            features["day"].int64_list.value[:] = [] if value is None else [value]

    with pytest.raises(DataError, match="of the train split have no weight") as error:
        load(rewritten(weighted, tmp_path, change))
    assert error.value.where == "feature day"


def test_weights_that_are_all_zero_are_refused(weighted: Case, tmp_path: Path) -> None:
    def change(features: Any) -> None:
        features["day"].int64_list.value[0] = 0

    with pytest.raises(DataError, match="All weights of the train split are 0"):
        load(rewritten(weighted, tmp_path, change))


@pytest.mark.parametrize(
    ("task", "message"), [("binary", "no class 'maybe'"), ("regression", "not of one class")]
)
def test_class_weights_that_do_not_fit_are_refused(
    cases: dict[str, Case], task: str, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        load(cases[task], class_weights={"maybe": 2.0})
