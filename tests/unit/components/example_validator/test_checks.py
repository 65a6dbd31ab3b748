"""What contradicts the spec or the schema is found in the statistics of real records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tfline.components.example_validator.anomaly import Anomaly
from tfline.components.example_validator.checks import (
    expectation_anomalies,
    schema_anomalies,
)
from tfline.components.example_validator.config import Check, Expectation

import tensorflow_data_validation as tfdv  # isort: skip - after tfx


# NumPy says so when TFDV takes the mean of infinite values.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")


def statistics(**columns: Any) -> statistics_pb2.DatasetFeatureStatisticsList:
    return tfdv.generate_statistics_from_dataframe(pd.DataFrame(columns), n_jobs=1)


def find(
    expected: Expectation, split: str = "train", allow: Sequence[Check] = (), **columns: Any
) -> list[Anomaly]:
    [dataset] = statistics(**columns).datasets
    return expectation_anomalies(split, dataset, [expected], allow)


FARE = Expectation(key="fare", kind="number", role="feature")
CITY = Expectation(key="city", kind="any", role="feature")
IMAGE = Expectation(key="city", kind="bytes", role="feature")
LABEL = Expectation(key="fare", kind="any", role="label")
MAY_LACK = LABEL.model_copy(update={"may_lack": True})
SLICE = Expectation(key="fare", kind="any", role="slice")
ONE_TO_FOUR = [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("expected", "columns"),
    [
        (FARE, {"fare": ONE_TO_FOUR}),
        (FARE, {"fare": [1, 2, 3, 4]}),
        (FARE, {"fare": [1.0, None, None, 1.0], "x": ONE_TO_FOUR}),
        (CITY, {"city": ["a", "b", "a", "b"]}),
        (CITY, {"city": [1, 2, 3, 4]}),
        (IMAGE, {"city": [b"\xff\x00", b"\xfe", b"\x01", b"\x02"]}),
        (LABEL, {"fare": [0, 1, 0, 1]}),
        (MAY_LACK, {"fare": [[1.0], None, [0.0, 1.0], None]}),
        (SLICE, {"fare": [1.0, 1.0, 1.0, math.inf]}),
    ],
)
def test_good_data_has_no_anomaly(expected: Expectation, columns: dict[str, Any]) -> None:
    assert find(expected, **columns) == []


@pytest.mark.parametrize(
    ("check", "expected", "columns", "text"),
    [
        ("absent", FARE, {"fair": ONE_TO_FOUR}, "feature absent from all 4 records"),
        ("absent", LABEL, {"fair": ONE_TO_FOUR}, "label absent from all 4 records"),
        ("type", FARE, {"fare": ["1", "2"]}, "STRING in 2 records, but its transform takes numb"),
        ("type", IMAGE, {"city": [1, 2]}, "INT in 2 records, but its transform takes bytes"),
        ("infinite", FARE, {"fare": [1.0, math.inf]}, "infinite values among 2 (min=1.0, max=inf)"),
        ("infinite", LABEL, {"fare": [1.0, -math.inf]}, "infinite values among 2 (min=-inf"),
        ("constant", FARE, {"fare": [7.0, 7.0]}, "constant: 7 in all 2 records"),
        ("constant", CITY, {"city": ["a", "a"]}, "constant: 'a' in all 2 records"),
        (
            "precision",
            FARE,
            {"fare": [2**60, 1]},
            "integers of up to 1152921504606846976, of which numbers hold no more than 9007199254",
        ),
        ("missing_label", LABEL, {"fare": [[1.0], None, [0.0], None]}, "missing in 2 of 4 records"),
    ],
)
def test_problem_is_found_unless_it_is_allowed(
    check: Check, expected: Expectation, columns: dict[str, Any], text: str
) -> None:
    [anomaly] = find(expected, **columns)
    assert anomaly.text.startswith(text)
    assert anomaly.feature == expected.key
    assert anomaly.hint
    assert find(expected, allow=[check], **columns) == []


def test_absent_feature_gets_the_nearest_name() -> None:
    [anomaly] = find(FARE, fair=ONE_TO_FOUR)
    assert "Did you mean 'fair'?" in anomaly.hint


def test_constant_feature_matters_only_where_it_is_learned_from() -> None:
    assert find(FARE, split="eval", fare=[7.0, 7.0]) == []


@pytest.mark.parametrize(
    ("severity", "least", "stops"),
    [
        ("error", "error", True),
        ("error", "warning", True),
        ("error", "never", False),
        ("warning", "error", False),
        ("warning", "warning", True),
        ("warning", "never", False),
    ],
)
def test_anomaly_stops_by_its_severity(severity: Any, least: str, stops: bool) -> None:
    assert Anomaly("train", "fare", "text", severity).stops(least) is stops


def test_anomaly_names_feature_and_split() -> None:
    assert str(Anomaly("eval", "fare", "why")) == "fare (eval split): why"
    assert str(Anomaly("eval", "", "why")) == "the data set (eval split): why"


def test_anomalies_of_the_schema_have_a_reason_each() -> None:
    schema = schema_pb2.Schema()
    feature = schema.feature.add(name="city", type=schema_pb2.BYTES)
    feature.presence.min_fraction = 1.0
    feature.string_domain.value.extend(["a", "b"])
    found = tfdv.validate_statistics(statistics(city=["a", "c", None, "b"]), schema)
    anomalies = schema_anomalies("train", found)
    assert {anomaly.feature for anomaly in anomalies} == {"city"}
    texts = " ".join(anomaly.text for anomaly in anomalies)
    assert "Unexpected string values" in texts
    assert "c (" in texts
