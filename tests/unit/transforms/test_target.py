"""Numbers are scaled by what the train split says, exactly, and scaled back."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfline.tasks.table import label_keys
from tfline.transforms.analysis.passes import Request
from tfline.transforms.analysis.target_moments import TargetMoments
from tfline.transforms.features import LabelSpec
from tfline.transforms.label import exact_horizon, exact_numbers
from tfline.transforms.target import STATISTICS, TARGET, TargetScale, read_scale, scale_target


def scaled(
    rows: list[list[float]], dtype: tf.DType, **label: object
) -> tuple[np.ndarray, TargetScale]:
    """Returns the targets of a column, and their scale: both as Transform finds them."""
    spec = LabelSpec.model_validate({"key": "y", "task": "regression", **label})
    columns = {
        key: tf.ragged.constant(rows, dtype=dtype, ragged_rank=1).to_sparse()
        for key in label_keys(spec)
    }
    exact = exact_horizon if spec.task == "forecast" else exact_numbers
    analysis = scale_target(exact(columns, spec), spec)
    request = next(analysis)
    assert isinstance(request, Request)
    reducer = request.reducer
    state = reducer.start()
    for part in zip(*(np.array_split(t.numpy(), 2) for t in request.tensors), strict=True):
        state = reducer.merge(reducer.add(reducer.start(), *part), state)
    answers = [tf.constant(answer) for answer in reducer.finish(state, request.shape)]
    with pytest.raises(StopIteration) as stop:
        analysis.send(answers)
    found = stop.value.value
    return found[TARGET].numpy(), read_scale(found[STATISTICS].numpy()[0], spec.target_transform)


def test_number_is_less_its_mean_over_its_deviation() -> None:
    target, scale = scaled([[1.0], [], [3.0], [8.0]], tf.float32)
    values = np.array([1, 3, 8])
    np.testing.assert_allclose(target[[0, 2, 3]], (values - 4) / values.std(), rtol=1e-6)
    assert np.isnan(target[1])
    assert scale.shift == (4.0,)
    assert scale.smallest == (1.0,)
    np.testing.assert_allclose(scale.restored(tf.constant(target[[0, 2, 3]])), values, rtol=1e-6)


def test_integers_keep_their_differences() -> None:
    """Around 10^15 a float32 has steps of 67 million."""
    rows = [[10**15 + i] for i in range(5)]
    target, scale = scaled(rows, tf.int64)
    np.testing.assert_allclose(target, np.arange(-2, 3) / np.sqrt(2), rtol=1e-6)
    assert scale.shift == (10**15 + 2,)


def test_logarithm_is_undone() -> None:
    rows = [[0.0], [9.0], [1e6], [-0.5]]
    target, scale = scaled(rows, tf.float32, transform="log1p")
    logs = np.log1p(np.array(rows)[:, 0])
    np.testing.assert_allclose(target, (logs - logs.mean()) / logs.std(), rtol=1e-6)
    np.testing.assert_allclose(
        scale.restored(tf.constant(target)), np.array(rows)[:, 0], rtol=1e-6, atol=1e-6
    )


def test_number_may_stay_as_it_is() -> None:
    target, scale = scaled([[5.0], [7.0]], tf.float32, transform="none")
    np.testing.assert_array_equal(target, [5, 7])
    np.testing.assert_array_equal(scale.restored(tf.constant([5.0, 7.0])), [5, 7])
    assert scale.smallest == (5.0,)


def test_forecast_has_one_scale_for_all_its_steps() -> None:
    rows = [[1.0, 2.0, 4.0], [3.0, 4.0, 8.0], [5.0]]
    target, scale = scaled(rows, tf.float32, task="forecast", horizon=2, steps=2)
    flat = np.array([[1, 2], [2, 4], [3, 4], [4, 8]])
    np.testing.assert_allclose(
        target[:2].reshape(4, 2), (flat - scale.shift[0]) / scale.scale[0], rtol=1e-6
    )
    assert target.shape == (3, 2, 2)
    assert scale.shift == (pytest.approx((flat.sum() + 5) / 9),)
    assert len(scale.scale) == 1


def test_constant_is_divided_by_one() -> None:
    for constant in (0.1, 0.0, 1e15):
        target, scale = scaled([[constant]] * 7, tf.float32)
        assert scale.scale == (1.0,)
        np.testing.assert_allclose(target, 0, atol=1e-6)


def test_statistics_of_no_rows_scale_nothing() -> None:
    reducer = TargetMoments()
    mean, deviation, smallest = reducer.finish(reducer.start(), (2,))
    np.testing.assert_array_equal([mean, deviation, smallest], [[0, 0], [1, 1], [0, 0]])
