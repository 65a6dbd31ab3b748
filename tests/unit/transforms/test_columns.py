"""Raw columns become one dense value a record, whatever is missing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tfline.transforms.columns import as_numbers, as_strings, as_times, as_tokens


def column(rows: list[list[float | int | bytes]], dtype: tf.DType) -> tf.SparseTensor:
    return tf.RaggedTensor.from_row_lengths(
        tf.constant([value for row in rows for value in row], dtype), [len(row) for row in rows]
    ).to_sparse()


def test_missing_numbers_are_nan() -> None:
    numbers = as_numbers(column([[1.5], [], [np.inf], [3.0]], tf.float32))
    np.testing.assert_array_equal(numbers, [1.5, np.nan, np.nan, 3.0])


@pytest.mark.parametrize("read", [as_numbers, as_strings])
def test_second_value_is_an_error_and_never_cut(read: Callable[..., tf.Tensor]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError):
        read(column([[1.5], [2.5, 9.0]], tf.float32))


def test_vector_has_a_row_a_record() -> None:
    vectors = as_numbers(column([[1, 2, 3], [], [4, 5, 6]], tf.int64), width=3)
    assert vectors.dtype == tf.float32
    np.testing.assert_array_equal(vectors, [[1, 2, 3], [np.nan] * 3, [4, 5, 6]])


def test_integers_up_to_2_53_are_exact_in_float64() -> None:
    numbers = as_numbers(column([[2**53 - 1], [1_700_000_000]], tf.int64), dtype=tf.float64)
    assert numbers.numpy().tolist() == [2**53 - 1, 1_700_000_000]


def test_times_are_read_as_they_are() -> None:
    nanoseconds = 1_700_000_000_123_456_789
    assert as_times(column([[nanoseconds], []], tf.int64)).numpy().tolist() == [
        nanoseconds,
        tf.int64.min,
    ]
    assert as_times(column([[b"2024-01-01"], []], tf.string)).numpy().tolist() == [
        b"2024-01-01",
        b"",
    ]


def test_number_that_is_none_is_no_category() -> None:
    floats = column([[np.nan], [np.inf], [-np.inf], [1.5]], tf.float32)
    assert as_strings(floats).numpy().tolist() == [b"", b"", b"", b"1.5"]
    assert as_tokens(floats).values.numpy().tolist() == [b"", b"", b"", b"1.5"]


def test_integers_become_numbers() -> None:
    numbers = as_numbers(column([[3], []], tf.int64))
    assert numbers.dtype == tf.float32
    np.testing.assert_array_equal(numbers, [3, np.nan])


def test_missing_strings_are_empty() -> None:
    strings = as_strings(column([[b"\xff"], [], [b""]], tf.string))
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
