"""Raw labels become what a model is compared with; what is missing is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfline.tasks.table import TASKS, check_label
from tfline.transforms.features import LabelSpec

NAN = float("nan")


def encode_label(columns: Any, label: LabelSpec, values: Any) -> tf.Tensor:
    return TASKS[str(label.task)].encode(columns, label, values)


def column(rows: list[list[Any]], dtype: tf.DType) -> tf.SparseTensor:
    """Returns the values of each record as a parsed column."""
    return tf.ragged.constant(rows, dtype=dtype, ragged_rank=1).to_sparse()


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_classes_are_numbered_in_the_order_that_is_given(task: Any) -> None:
    label = LabelSpec(key="y", task=task)
    names = {"y": column([[b"yes"], [b"no"], [], [b"perhaps"]], tf.string)}
    assert encode_label(names, label, ["no", "yes"]).numpy().tolist() == [1, 0, -1, -1]
    integers = {"y": column([[7], [3], [5]], tf.int64)}
    assert encode_label(integers, label, [3, 7]).numpy().tolist() == [1, 0, -1]


@pytest.mark.parametrize(
    ("rows", "dtype", "values"),
    [
        ([[b"b", b"a"], [], [b"b", b"b"], [b"a", b"?"]], tf.string, ["a", "b"]),
        ([[7, 3], [], [7, 7], [3, 5]], tf.int64, [3, 7]),
    ],
)
def test_several_classes_are_flagged(rows: list[list[Any]], dtype: tf.DType, values: Any) -> None:
    label = LabelSpec(key="y", task="multilabel")
    encoded = encode_label({"y": column(rows, dtype)}, label, values)
    assert encoded.shape == [4, 2]
    np.testing.assert_array_equal(encoded, [[1, 1], [0, 0], [0, 1], [NAN, NAN]])


def test_flags_of_a_multi_label_are_features_of_their_own() -> None:
    label = LabelSpec(key="traits", task="multilabel", targets=("large", "odd"))
    columns = {"large": column([[1], [0]], tf.int64), "odd": column([[1], []], tf.int64)}
    encoded = encode_label(columns, label, ["large", "odd"])
    np.testing.assert_array_equal(encoded, [[1, 1], [0, NAN]])


def test_missing_number_of_a_regression_is_nan() -> None:
    label = LabelSpec(key="y", task="regression")
    encoded = encode_label({"y": column([[2], []], tf.int64)}, label, [])
    np.testing.assert_array_equal(encoded, [2, NAN])


def test_regression_may_have_several_numbers() -> None:
    label = LabelSpec(key="place", task="regression", targets=("x", "y"))
    columns = {"x": column([[1.0], [2.0]], tf.float32), "y": column([[3], []], tf.int64)}
    np.testing.assert_array_equal(encode_label(columns, label, []), [[1, 3], [2, NAN]])


@pytest.mark.parametrize("dtype", [tf.int64, tf.float32])
def test_forecast_has_the_first_values_of_a_list(dtype: tf.DType) -> None:
    label = LabelSpec(key="next", task="forecast", horizon=2)
    encoded = encode_label({"next": column([[1, 2, 3], [4], []], dtype)}, label, [])
    np.testing.assert_array_equal(encoded, [[1, 2], [4, NAN], [NAN, NAN]])


def test_forecast_at_each_step_begins_there() -> None:
    label = LabelSpec(key="next", task="forecast", horizon=2, steps=3)
    encoded = encode_label({"next": column([[1, 2, 3, 4, 5], [1, 2, 3]], tf.int64)}, label, [])
    expected = [[[1, 2], [2, 3], [3, 4]], [[1, 2], [2, 3], [3, NAN]]]
    np.testing.assert_array_equal(encoded, expected)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (
            {"targets": ["a", "b"]},
            "the task multilabel or regression or box or boxes. Received: task None",
        ),
        ({"task": "regression", "targets": ["a", "a"]}, "A target is given twice"),
        ({"task": "multilabel", "targets": ["a"], "classes": ["a"]}, "a target names its class"),
        ({"task": "regression", "horizon": 3}, "the task forecast. Received: task regression"),
        ({"task": "regression", "classes": ["a", "b"]}, "`classes` is for a label of the task"),
        ({"task": "binary", "steps": 3}, "`steps` is for a label of the task forecast"),
        ({"task": "binary", "classes": ["a", "b", "c"]}, "two `classes`. Received: 3, a, b, c"),
        ({"task": "text", "classes": ["a"]}, "`classes` is for a label of the task"),
        ({"task": "mask", "classes": ["a", "b"]}, "A mask has a `shape`"),
        ({"task": "mask", "classes": ["a", "b"], "shape": [2, 2, 3]}, "A mask has a `shape`"),
        ({"task": "image"}, "An image has a `shape`"),
        ({"task": "image", "shape": [2, 2, 4]}, "An image has a `shape`"),
        ({"task": "mask", "shape": [2, 2]}, "two `classes` at least"),
        ({"task": "box", "targets": ["a"]}, "four `targets`.*top, left, bottom, right"),
        ({"task": "binary", "shape": [2, 2]}, "`shape` is for a label of the task mask"),
        ({"task": "mask", "shape": [0, 2], "classes": ["a", "b"]}, "greater than 0"),
    ],
)
def test_label_that_does_not_fit_its_task_is_refused(label: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_label(LabelSpec(key="y", **label))


def test_one_hot_list_is_the_place_of_its_one() -> None:
    label = LabelSpec(key="y", task="multiclass", one_hot=True)
    rows = [[0, 0, 1], [1, 0, 0], [], [0, 1], [1, 1, 0], [0, 0, 0], [0, 2, -1]]
    expected = [2, 0, -1, -1, -1, -1, -1]
    for dtype in (tf.int64, tf.float32):
        encoded = encode_label({"y": column(rows, dtype)}, label, [0, 1, 2])
        assert encoded.numpy().tolist() == expected
