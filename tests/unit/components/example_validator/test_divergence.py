"""The divergence of numbers tells what has moved, and not how long a tail is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
from tensorflow_metadata.proto.v0 import statistics_pb2

from tfline.components.example_validator.divergence import divergence
from tfline.components.statistics_gen.executor import statistics_options

import tensorflow_data_validation as tfdv  # isort: skip - after tfx

RNG = np.random.default_rng(0)


def of(values: object) -> statistics_pb2.FeatureNameStatistics:
    """Returns the statistics of a feature."""
    options = statistics_options()
    table = pd.DataFrame({"x": values})
    return tfdv.generate_statistics_from_dataframe(table, options, n_jobs=1).datasets[0].features[0]


def skewed(count: int, scale: float = 1.0) -> np.ndarray:
    """Returns distances: many are 0, few are long."""
    drawn = np.where(RNG.uniform(size=count) < 0.3, 0.0, RNG.lognormal(0, 1.2, count))
    return (scale * drawn).astype(np.float32)


def test_skewed_numbers_with_another_far_away_are_alike() -> None:
    far = skewed(3000)
    far[0] = 5000.0
    assert divergence(of(far), of(skewed(8000))) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("now", "least"),
    [
        (skewed(3000, scale=1000.0), 0.6),  # meters for kilometers
        (np.where(np.arange(3000) % 2, 0.0, skewed(3000)).astype(np.float32), 0.05),
        (RNG.normal(1.0, 1.0, 3000), 0.1),
    ],
)
def test_numbers_that_have_moved_are_told(now: np.ndarray, least: float) -> None:
    found = divergence(of(now), of(skewed(8000)))
    assert found is not None
    assert least < found <= 1


def test_integers_are_counted_as_they_are() -> None:
    """A tenth that ends between two of them moves with a few records."""
    train = np.repeat([1, 2, 3], [695, 205, 100])
    assert divergence(of(np.repeat([1, 2, 3], [705, 195, 100])), of(train)) < 0.001
    assert divergence(of(np.repeat([1, 2, 3], [300, 600, 100])), of(train)) > 0.1


def test_equal_is_0_and_apart_is_1() -> None:
    x = RNG.normal(size=2000)
    assert divergence(of(x), of(x)) == pytest.approx(0, abs=1e-12)
    assert divergence(of(x + 100), of(x)) == pytest.approx(1, abs=0.06)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_infinite_numbers_tell_nothing() -> None:
    x = RNG.normal(size=2000)
    assert divergence(of(np.where(np.arange(2000) % 3, x, np.inf)), of(x)) is None
