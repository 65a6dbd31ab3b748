"""k-fold cross-validation with the Trainer's own code."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold

from tfline.components.trainer import cross_validation, measuring
from tfline.components.trainer.config import ModelConfig, RunConfig, TrainConfig
from tfline.components.trainer.cross_validation import Dividing, FoldedMetric, cross_validate
from tfline.components.trainer.folds import RANDOM, Division, divide, inner_split
from tfline.components.trainer.sources import Source
from tfline.transforms.errors import DataError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case


def validated(
    case: Case,
    folds: int,
    dividing: Dividing | None = None,
    metrics: Sequence[str] = (),
    weight: str | None = None,
    share: float = 1.0,
    choose: Any = None,
    **settings: Any,
) -> dict[str, FoldedMetric]:
    config = RunConfig(
        pipeline="p",
        model=ModelConfig(name="mlp", arguments={"hidden_units": (8,)}),
        train=TrainConfig.model_validate({"epochs": 2, "batch_size": 16, **settings}),
        training_fingerprint="f",
    )
    found = cross_validate(
        config, case.path, case.train_files, folds, dividing, metrics, weight=weight, share=share,
        choose=choose,
    )  # fmt: skip
    return {metric.name: metric for metric in found}


def test_mean_and_deviation_by_hand() -> None:
    metric = FoldedMetric("auc", (0.5, 0.7, 0.9))
    assert metric.mean == pytest.approx(0.7)
    assert metric.deviation == pytest.approx(0.2)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_folds_divide_the_examples(task: str) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60) if task == "binary" else rng.normal(size=60)
    folds = list(divide(labels, RANDOM, 5, seed=1))
    held_out = np.concatenate([indices for _, indices in folds])
    np.testing.assert_array_equal(np.sort(held_out), np.arange(60))
    for train, held in folds:
        assert not set(train) & set(held)
        assert len(train) + len(held) == 60
        if task == "binary":
            assert abs(labels[held].mean() - labels.mean()) < 0.1


def test_groups_are_held_out_as_scikit_learn_does() -> None:
    groups = np.random.default_rng(0).integers(0, 9, 60)
    labels = np.zeros(60, int)
    ours = list(divide(labels, Division("group", groups), 4, seed=1))
    theirs = GroupKFold(4).split(labels, labels, groups)
    for (train, held), (their_train, their_held) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(train, their_train)
        np.testing.assert_array_equal(held, their_held)
        inner, chosen = inner_split(labels, Division("group", groups), train, 1)
        assert not set(groups[inner]) & set(groups[chosen])
        np.testing.assert_array_equal(np.sort([*inner, *chosen]), train)


def test_what_is_held_out_is_later_than_all_that_is_trained_on() -> None:
    times = np.random.default_rng(0).permutation(np.repeat(np.arange(60.0), 2))
    division = Division("time", times, ends=times + 2, embargo=1)
    folds = list(divide(np.zeros(120), division, 4, seed=1))
    assert len(folds) == 4
    sizes = [len(train) for train, _ in folds]
    assert sizes == sorted(sizes)
    held_out = np.concatenate([held for _, held in folds])
    assert len(set(held_out)) == len(held_out)
    for train, held in folds:
        assert times[train].max() + 2 + 1 <= times[held].min()
        inner, chosen = inner_split(np.zeros(120), division, train, 1)
        assert times[inner].max() + 3 <= times[chosen].min()
        assert set(chosen) <= set(train)


def write_grouped(folder: Path, case: Case) -> Case:
    """Writes 90 records of 30 groups: the label is that of the group, and a feature its number."""
    rng = np.random.default_rng(0)
    of_group = rng.integers(0, 2, 30)
    records = []
    for group in np.repeat(np.arange(30), 3):
        features = tf.train.Features()
        features.feature["age"].float_list.value.append(float(group))
        features.feature["day"].int64_list.value.append(int(group % 2))
        features.feature["customer"].bytes_list.value.append(b"c%d" % group)
        features.feature["label"].bytes_list.value.append(b"yes" if of_group[group] else b"no")
        records.append(tf.train.Example(features=features).SerializeToString())
    folder.mkdir()
    with tf.io.TFRecordWriter(str(folder / "data.tfrecord")) as writer:
        for record in rng.permutation(np.array(records, object)):  # bytes would lose zeros
            writer.write(record)
    return case._replace(train_files=[str(folder / "*")])


def test_groups_are_not_learnt_by_heart(cases: dict[str, Case], tmp_path: Path) -> None:
    """Records of a group share their label: it is known by heart where others of it are seen."""
    case = write_grouped(tmp_path / "data", cases["binary"])
    settings = {"epochs": 60, "learning_rate": 0.1}
    metrics = {"metrics": ["auc", "accuracy"]}
    apart = validated(case, 3, dividing=Dividing("group", "customer"), **metrics, **settings)
    assert list(apart) == ["loss", "auc", "accuracy"]
    assert apart["auc"].mean < 0.75
    with pytest.raises(DataError, match="A record of the train split has no `nothing`"):
        validated(case, 3, dividing=Dividing("group", "nothing"))


def test_held_out_fold_does_not_choose_the_epoch(
    cases: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    real = cross_validation.make_data

    def spy(train: Source, evaluation: Source, *others: Any) -> Any:
        seen.append((train.split.records, evaluation.split.records))
        return real(train, evaluation, *others)

    monkeypatch.setattr(cross_validation, "make_data", spy)
    validated(cases["binary"], 3, early_stopping=1)
    assert seen == [(36, 4)] * 3  # of 40; the other 20 are held out


def test_every_metric_has_a_value_a_fold(cases: dict[str, Case]) -> None:
    found = validated(cases["binary"], 3, class_weights="balanced", learning_rate=0.05)
    assert list(found) == ["loss", "accuracy", "auc"]
    assert all(len(metric.values) == 3 for metric in found.values())
    assert found["auc"].mean == statistics.fmean(found["auc"].values)
    assert found["loss"].deviation > 0
    assert validated(cases["binary"], 3, class_weights="balanced", learning_rate=0.05) == found


def test_held_out_records_count_by_their_weight_as_in_scikit_learn(
    cases: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted: list[tuple[np.ndarray, np.ndarray]] = []
    weights: list[np.ndarray] = []
    predict, evaluated = measuring._predicted, cross_validation.measured

    def spy_predictions(*arguments: Any) -> Any:
        predicted.append(predict(*arguments))
        return predicted[-1]

    def spy_weights(*arguments: Any) -> Any:
        weights.append(arguments[-1].weights)
        return evaluated(*arguments)

    monkeypatch.setattr(measuring, "_predicted", spy_predictions)
    monkeypatch.setattr(cross_validation, "measured", spy_weights)
    found = validated(cases["binary"], 3, metrics=["log_loss", "example_count"], weight="day")
    values = zip(found["log_loss"].values, found["log_loss"].trained, strict=True)
    counts = zip(found["example_count"].values, found["example_count"].trained, strict=True)
    measured = zip(
        predicted, weights, itertools.chain(*values), itertools.chain(*counts), strict=True
    )
    for (labels, scores), counted, value, count in measured:  # held out, then trained on
        assert set(counted) == {0.0, 1.0}
        assert value == pytest.approx(log_loss(labels, scores, sample_weight=counted), rel=1e-5)
        assert value != pytest.approx(log_loss(labels, scores))
        assert count == len(labels)
    with pytest.raises(DataError, match="has no `nothing`"):
        validated(cases["binary"], 3, weight="nothing")


def test_too_many_folds_are_an_error(cases: dict[str, Case]) -> None:
    with pytest.raises(DataError, match="31 folds need 31 examples of a class"):
        validated(cases["binary"], 31)
    with pytest.raises(DataError, match="61 folds need 61 examples in the train split"):
        validated(cases["regression"], 61)


def test_share_of_a_training_fold_is_among_those_of_a_larger_one(
    cases: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[bytes]] = []
    real = cross_validation.make_data

    def spy(train: Source, *others: Any) -> Any:
        seen.append({row.numpy().tobytes() for row in train.rows[0]["age"]})
        return real(train, *others)

    monkeypatch.setattr(cross_validation, "make_data", spy)
    validated(cases["binary"], 2, share=0.2, epochs=1)
    validated(cases["binary"], 2, share=0.5, epochs=1)
    assert all(few < more for few, more in zip(seen[:2], seen[2:], strict=True))
    times = Division("time", np.arange(10.0)[::-1])
    latest = cross_validation._part_of(np.arange(10), times, 0.3, seed=1)
    np.testing.assert_array_equal(latest, [0, 1, 2])


def test_settings_are_chosen_without_what_is_held_out(
    cases: dict[str, Case], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[tuple[int, int, float | None]] = []
    real = cross_validation.make_data

    def spy(train: Source, evaluation: Source, graph: Any, config: TrainConfig) -> Any:
        counts = train.split.records, evaluation.split.records
        seen.append((*counts, config.learning_rate))
        return real(train, evaluation, graph, config)

    def choose(train: Any) -> dict[str, float]:
        for rate in (1e-6, 0.1):
            state = str(tmp_path / f"{len(seen)}")
            assert len(train({"train.learning_rate": rate}, 2, state)["val_loss"]) == 2
        return {"train.learning_rate": 0.1}

    monkeypatch.setattr(cross_validation, "make_data", spy)
    validated(cases["binary"], 3, choose=choose)
    assert seen == [(36, 4, 1e-6), (36, 4, 0.1), (40, 20, 0.1)] * 3
