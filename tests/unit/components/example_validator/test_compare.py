"""Splits are held against train, and a run against an earlier one, by name and number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
from tensorflow_metadata.proto.v0 import statistics_pb2

from tfline.components.example_validator.compare import Reference, compare
from tfline.components.example_validator.config import DriftConfig, Expectation, ValidateConfig
from tfline.components.statistics_gen.executor import statistics_options

import tensorflow_data_validation as tfdv  # isort: skip - after tfx

ROWS = 2000
CITY = Expectation(key="city", kind="category", role="feature")
FARE = Expectation(key="fare", kind="number", role="feature")
STRICT = ValidateConfig(drift=DriftConfig(action="stop"))


def statistics(**columns: Any) -> statistics_pb2.DatasetFeatureStatisticsList:
    options = statistics_options()
    return tfdv.generate_statistics_from_dataframe(pd.DataFrame(columns), options, n_jobs=1)


def found(
    expected: Expectation,
    train: list[Any],
    now: list[Any],
    config: ValidateConfig = ValidateConfig(),  # noqa: B008 - it is frozen
) -> list[tuple[str, str]]:
    reference = Reference("the train split", statistics(**{expected.key: train}))
    anomalies = compare("eval", statistics(**{expected.key: now}), reference, [expected], config)
    return [(anomaly.severity, anomaly.text) for anomaly in anomalies]


def numbers(mean: float = 0.0, seed: int = 0, rows: int = ROWS) -> list[float]:
    return list(np.random.default_rng(seed).normal(mean, 1, rows))


def test_data_like_the_reference_is_no_anomaly() -> None:
    cities = ["Bern", "Oslo", "Lima", "Rome"] * (ROWS // 4)
    assert found(CITY, cities, [*cities[1:], "Oslo"]) == []
    assert found(FARE, numbers(), numbers(seed=1)) == []
    assert found(FARE, numbers(rows=40), numbers(seed=1, rows=40)) == []


@pytest.mark.parametrize(
    ("new", "severity"), [(ROWS, "error"), (ROWS // 4, "error"), (ROWS // 20, "warning")]
)
def test_unseen_values_are_judged_by_their_share(new: int, severity: str) -> None:
    train = ["Bern", "Oslo"] * (ROWS // 2)
    first, *_ = found(CITY, train, ["Bonn"] * new + train[new:])
    share = f"{new / ROWS:.1%}"
    assert first == (severity, f"{share} of the values are not in the train split: 'Bonn'")


def test_few_unseen_values_are_left_alone() -> None:
    train = ["Bern", "Oslo"] * (ROWS // 2)
    assert found(CITY, train, ["Bonn"] * 10 + train[10:]) == []
    allowing = ValidateConfig(allow=("unseen", "drift"))
    assert found(CITY, train, ["Bonn"] * 500 + train[500:], allowing) == []


def test_texts_have_values_of_their_own_and_none_is_unseen() -> None:
    text = CITY.model_copy(update={"kind": "any"})
    train = [f"text {number}" for number in range(100)]
    assert found(text, train, [f"other {number}" for number in range(100)]) == []


@pytest.mark.parametrize(("gone", "severity"), [(1000, "error"), (150, "warning")])
def test_missing_values_are_judged_by_their_share(gone: int, severity: str) -> None:
    now: list[Any] = [None] * gone + numbers()[gone:]
    [anomaly] = found(FARE, numbers(), now)
    share = f"{gone / ROWS:.1%}"
    assert anomaly == (
        severity, f"missing in {share} of the records, but in 0.0% of the train split"
    )  # fmt: skip


def test_change_of_type_is_an_error() -> None:
    assert found(FARE, [1, 2, 3], ["1", "2", "3"]) == [
        ("error", "STRING, but INT in the train split")
    ]


def test_number_far_outside_is_a_warning() -> None:
    [(severity, text), *_] = found(FARE, numbers(), [*numbers()[1:], 1000.0])
    assert severity == "warning"
    assert "1000, but between" in text


def test_category_that_moves_is_named_with_its_shares() -> None:
    now = ["Bern"] * 1500 + ["Oslo"] * 500
    [(severity, text)] = found(CITY, ["Bern", "Oslo"] * 1000, now, STRICT)
    assert severity == "error"
    assert text.startswith("'Bern' is 75.0% of the values, but 50.0% in the train split")
    assert "distance 0.250, threshold 0.147" in text
    assert found(CITY, ["Bern", "Oslo"] * 1000, now) == [("warning", text)]


def test_numbers_that_move_are_named_with_their_divergence() -> None:
    [(severity, text)] = found(FARE, numbers(), numbers(mean=2.0))
    assert severity == "warning"
    assert "distributed otherwise than in the train split: mean" in text
    assert "Jensen-Shannon divergence 0." in text
    wide = ValidateConfig(drift=DriftConfig(numbers=0.9))
    assert found(FARE, numbers(), numbers(mean=2.0), wide) == []


def test_braces_in_a_value_are_no_placeholder() -> None:
    train = ["a"] * 1000
    assert "'{x}'" in found(CITY, train, ["{x}"] * 1000)[0][1]


CODE = Expectation(key="code", kind="category", role="feature")


def test_category_of_integers_is_held_against_its_values_and_not_against_its_range() -> None:
    train = [1, 2, 30] * (ROWS // 3)
    assert found(CODE, train, train) == []
    unseen, moved = found(CODE, train, [2, 3, 4000] * (ROWS // 3))
    assert unseen == ("error", "66.7% of the values are not in the train split: 3, 4000")
    assert moved[1].startswith("1 is 0.0% of the values, but 33.3% in the train split")


def test_class_of_integers_that_becomes_rare_is_drift() -> None:
    label = Expectation(key="sick", kind="any", role="label")
    [(severity, text)] = found(label, [0, 1] * 1000, [0] * 1500 + [1] * 500)
    assert severity == "warning"
    assert text.startswith("0 is 75.0% of the values, but 50.0% in the train split")


def test_ids_that_are_too_many_to_count_are_held_against_as_numbers() -> None:
    """Their share of values that are unseen cannot be told."""
    [(_, text)] = found(CODE, list(range(2000)), list(range(10_000, 12_000)))
    assert "distributed otherwise than in the train split: mean 10999.5" in text
