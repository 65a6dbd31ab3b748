"""Raw columns become one dense value a record, whatever is missing."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfline.transforms.columns import as_numbers, as_strings


def column(rows: list[list[float | int | bytes]], dtype: tf.DType) -> tf.SparseTensor:
    return tf.RaggedTensor.from_row_lengths(
        tf.constant([value for row in rows for value in row], dtype), [len(row) for row in rows]
    ).to_sparse()


def test_first_value_counts_and_missing_numbers_are_nan() -> None:
    numbers = as_numbers(column([[1.5, 9.0], [], [3.0]], tf.float32))
    np.testing.assert_array_equal(numbers, [1.5, np.nan, 3.0])


def test_integers_become_numbers() -> None:
    numbers = as_numbers(column([[3], []], tf.int64))
    assert numbers.dtype == tf.float32
    np.testing.assert_array_equal(numbers, [3, np.nan])


def test_missing_strings_are_empty() -> None:
    strings = as_strings(column([[b"\xff", b"b"], [], [b""]], tf.string))
    assert strings.numpy().tolist() == [b"\xff", b"", b""]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([[-3], [], [12]], tf.int64, [b"-3", b"", b"12"]),
        ([[0.5], [], [2.0]], tf.float32, [b"0.5", b"", b"2"]),
    ],
)
def test_numbers_become_strings_in_their_shortest_form(
    values: list[list[float | int | bytes]], dtype: tf.DType, expected: list[bytes]
) -> None:
    assert as_strings(column(values, dtype)).numpy().tolist() == expected


@pytest.mark.parametrize("dtype", [tf.float32, tf.int64, tf.string])
def test_batch_without_any_value_keeps_its_size(dtype: tf.DType) -> None:
    empty = column([[], []], dtype)
    assert as_strings(empty).shape == [2]
    if dtype != tf.string:
        assert np.isnan(as_numbers(empty)).all()


def test_empty_batch_stays_empty() -> None:
    assert as_numbers(tf.sparse.from_dense(tf.zeros([0, 0]))).shape == [0]
