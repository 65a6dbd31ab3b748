"""The classes of a label are found in the train split and checked in the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tfline.components.transform import classes
from tfline.components.transform.classes import count_labels, find_classes
from tfline.components.transform.executor import settle_label
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import LabelSpec

LABEL = LabelSpec(key="y")


@pytest.fixture
def write(tmp_path: Path, write_rows):
    """Writes the labels of each split; None is a record without one."""

    def write_splits(**splits: list[Any]) -> dict[str, list[str]]:
        return {
            name: [str(write_rows(tmp_path / name, [{"y": value, "x": 1} for value in values]))]
            for name, values in splits.items()
        }

    return write_splits


@pytest.mark.parametrize(
    ("task", "dtype", "values", "found"),
    [
        (None, tf.float32, [0.5, 1.5], "regression"),
        (None, tf.int64, [0, 1], "binary"),
        (None, tf.int64, [0, 1, 7], "multiclass"),
        (None, tf.string, ["a", "b", "c"], "multiclass"),
        ("regression", tf.int64, [0, 1], "regression"),
        ("multiclass", tf.int64, [0, 1], "multiclass"),
        (None, tf.float32, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], "multiclass"),
        (None, tf.int64, [[0, 1], [1, 0], [0, 1]], "binary"),
    ],
)
def test_task_follows_from_the_data_or_the_spec(
    write, task: str | None, dtype: tf.DType, values: list[Any], found: str
) -> None:
    files = write(train=values, eval=values)
    label, _ = settle_label(LabelSpec(key="y", task=task), {"y": dtype}, files)
    assert label.task == found


def test_regression_of_strings_is_refused(write) -> None:
    label = LabelSpec(key="y", task="regression")
    with pytest.raises(AnomalyError, match="holds strings"):
        settle_label(label, {"y": tf.string}, write(train=["a"], eval=["a"]))


def test_one_hot_list_is_recognised(write) -> None:
    rows = [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    files = write(train=rows, eval=rows)
    label, values = settle_label(LABEL, {"y": tf.int64}, files)
    assert (label.task, label.one_hot, values) == ("multiclass", True, [0, 1, 2])
    named = LabelSpec(key="y", classes=("red", "green", "blue"))
    label, values = settle_label(named, {"y": tf.int64}, files)
    assert (label.one_hot, label.classes, values) == (True, named.classes, [0, 1, 2])
    with pytest.raises(AnomalyError, match="one-hot with 3 places, and 2 `classes` are named"):
        settle_label(LabelSpec(key="y", classes=("red", "green")), {"y": tf.int64}, files)


@pytest.mark.parametrize(
    ("task", "dtype", "rows", "message"),
    [
        (None, tf.int64, [[0, 1, 1], [1, 0, 0]], "list of 3 values a record, .* of one class"),
        (None, tf.string, [["a", "b"], ["a"]], "list of 1 to 2 values a record"),
        ("multiclass", tf.float32, [[0.2, 0.8], [0.7, 0.3]], "list of 2 values a record"),
        (None, tf.float32, [[1.0, 2.0], [3.0, 4.0]], "list of 2 values .* a regression predicts"),
        ("regression", tf.int64, [[1, 2], [3, 4]], "list of 2 values a record, and a regression"),
        ("binary", tf.int64, [0, 1, 2], "has 3 classes, and a binary label has two"),
    ],
)
def test_label_that_would_be_cut_to_its_first_value_is_refused(
    write, task: str | None, dtype: tf.DType, rows: list[Any], message: str
) -> None:
    files = write(train=rows, eval=rows)
    with pytest.raises(AnomalyError, match=message) as error:
        settle_label(LabelSpec(key="y", task=task), {"y": dtype}, files)
    assert error.value.hint


def test_labels_are_counted_over_all_files(write, tmp_path: Path) -> None:
    files = write(a=["x", "ü", None, "x"], b=["x"])
    paths = files["a"] + files["b"]
    assert count_labels("y", tf.string, paths) == {"x": 3, "ü": 1}


def test_label_that_is_no_text_is_refused(write) -> None:
    with pytest.raises(AnomalyError, match="not UTF-8 text"):
        find_classes(LABEL, tf.string, write(train=["a", b"\xff"], eval=["a"]))


def test_classes_are_the_sorted_values_of_the_train_split(write) -> None:
    assert find_classes(LABEL, tf.string, write(train=["b", "a", "b"], eval=["b"])) == ["a", "b"]
    assert find_classes(LABEL, tf.int64, write(train=[7, 3, 10], eval=[3])) == [3, 7, 10]


def test_given_classes_keep_their_order(write) -> None:
    label = LabelSpec(key="y", classes=("b", "a", "rare"))
    assert find_classes(label, tf.string, write(train=["b", "a"], eval=[])) == ["b", "a", "rare"]
    assert find_classes(label, tf.int64, write(train=[0, 2], eval=[1])) == [0, 1, 2]


@pytest.mark.parametrize("values", [[], ["a"], ["a", "a", None]])
def test_single_class_is_refused(write, values: list[str]) -> None:
    with pytest.raises(AnomalyError, match="has a single class in the train split"):
        find_classes(LABEL, tf.string, write(train=values, eval=values))


def test_value_that_training_never_sees_is_refused(write) -> None:
    files = write(train=["a", "b"], eval=["a", "c", "c"])
    with pytest.raises(AnomalyError, match=r"in the eval split that are never seen .*'c' \(2 rec"):
        find_classes(LABEL, tf.string, files)


def test_value_that_is_none_of_the_given_classes_is_refused(write) -> None:
    label = LabelSpec(key="y", classes=("a", "b"))
    with pytest.raises(AnomalyError, match="in the train split that are not among the classes"):
        find_classes(label, tf.int64, write(train=[0, 1, 2], eval=[0]))


def test_more_values_than_classes_can_be_is_refused(write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "MOST_CLASSES", 3)
    with pytest.raises(AnomalyError, match="has 4 distinct values") as caught:
        find_classes(LABEL, tf.int64, write(train=[1, 2, 3, 4], eval=[1]))
    assert "task: regression" in caught.value.hint
