from __future__ import annotations

import numpy as np
import pytest

from tfline.serving.errors import RowError
from tfline.serving.protos import example_pb2
from tfline.serving.rows import FeatureType, as_rows, serialized_examples

TYPES = {"f": FeatureType.FLOAT, "i": FeatureType.INT64, "s": FeatureType.STRING}


def features(row, types=TYPES):
    (serialized,) = serialized_examples([row], types)
    return example_pb2.Example.FromString(serialized).features.feature


@pytest.mark.parametrize(
    ("row", "field", "values"),
    [
        ({"f": 1}, "float_list", [1.0]),
        ({"f": True}, "float_list", [1.0]),
        ({"f": [1, 2.5]}, "float_list", [1.0, 2.5]),
        ({"f": np.float32(0.5)}, "float_list", [0.5]),
        ({"f": np.array([0.5, 1.5])}, "float_list", [0.5, 1.5]),
        ({"i": 3}, "int64_list", [3]),
        ({"i": 3.0}, "int64_list", [3]),
        ({"i": np.int32(3)}, "int64_list", [3]),
        ({"s": "é"}, "bytes_list", ["é".encode()]),
        ({"s": (b"\xff", "b")}, "bytes_list", [b"\xff", b"b"]),
    ],
)
def test_value_takes_the_type_of_the_feature(row, field, values):
    (name,) = row
    feature = features(row)[name]
    assert feature.WhichOneof("kind") == field
    assert list(getattr(feature, field).value) == values


def test_missing_value_is_left_out():
    assert dict(features({"f": None, "i": float("nan"), "s": float("nan")})) == {}


def test_value_has_its_natural_type_if_the_model_tells_none():
    found = features({"a": 1, "b": 1.5, "c": "x", "d": [1, 2.5]}, {})
    kinds = {name: feature.WhichOneof("kind") for name, feature in found.items()}
    assert kinds == {"a": "int64_list", "b": "float_list", "c": "bytes_list", "d": "float_list"}


@pytest.mark.parametrize(
    "row", [{"f": "1"}, {"i": 1.5}, {"i": "1"}, {"i": [float("nan")]}, {"s": 1}, {"i": 2**63}]
)
def test_wrong_type_is_an_error_with_its_row(row):
    with pytest.raises(RowError, match="Invalid value for feature") as caught:
        serialized_examples([{}, row], TYPES)
    assert caught.value.where == "row 1"


@pytest.mark.parametrize("data", [{"f": 1}, 3, None])
def test_single_row_is_not_a_list_of_rows(data):
    with pytest.raises(RowError, match="Expected a list of rows"):
        as_rows(data)


def test_row_that_is_no_mapping_is_an_error():
    with pytest.raises(RowError, match="Expected a row to be a dict") as caught:
        as_rows([{}, [1]])
    assert caught.value.where == "row 1"


def test_any_iterable_of_rows_is_taken():
    assert as_rows({"f": i} for i in range(2)) == [{"f": 0}, {"f": 1}]
