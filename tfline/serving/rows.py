"""Rows of raw features, as people have them, turned into tf.Examples, as the model wants them."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping
from typing import Any

from tfline.serving.errors import RowError
from tfline.serving.protos import example_pb2, feature_pb2, meta_graph_pb2, types_pb2
from tfline.transforms.errors import did_you_mean

Row = Mapping[str, Any]
"""Feature name to value: str, bytes, int, float, bool, a list of these; None or NaN if missing."""


class FeatureType(enum.Enum):
    """The three types of values in a tf.Example."""

    FLOAT = "float"
    INT64 = "int64"
    STRING = "string"


_TYPES = {
    types_pb2.DT_FLOAT: FeatureType.FLOAT,
    types_pb2.DT_INT64: FeatureType.INT64,
    types_pb2.DT_STRING: FeatureType.STRING,
}


def feature_types(columns: meta_graph_pb2.SignatureDef) -> dict[str, FeatureType]:
    """Returns the type of each raw feature, by the inputs of a model's ``columns`` signature."""
    return {
        name: _TYPES[info.dtype] for name, info in columns.inputs.items() if info.dtype in _TYPES
    }


def as_rows(data: Any) -> list[Row]:
    """Returns `data` as a list of rows.

    Args:
        data: Mappings of feature to value, a pandas DataFrame (NaN and NaT: missing), or a
            pyarrow Table or RecordBatch.

    Raises:
        RowError: If it is something else.
    """
    if hasattr(data, "to_pylist"):
        return list(data.to_pylist())
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        return list(data.astype(object).where(data.notna(), None).to_dict("records"))
    if isinstance(data, Mapping) or not isinstance(data, Iterable):
        raise RowError(
            f"Expected a list of rows. Received: {type(data).__name__}",
            hint="For one row, write [row].",
        )
    rows = list(data)
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise RowError(
                f"Expected a row to be a dict of feature to value. Received: {type(row).__name__}",
                where=f"row {index}",
            )
    return rows


def serialized_examples(rows: Iterable[Row], types: Mapping[str, FeatureType]) -> list[bytes]:
    """Returns each row as a serialized tf.Example.

    Args:
        rows: Feature to value.
        types: The type of each feature of the model; empty: taken from the values.

    Raises:
        RowError: If a feature is unknown, or a value has the wrong type.
    """
    return [_serialized_example(row, types, index) for index, row in enumerate(rows)]


def _serialized_example(row: Row, types: Mapping[str, FeatureType], index: int) -> bytes:
    example = example_pb2.Example()
    features = example.features.feature
    for name, value in row.items():
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        values = _as_list(value)
        kind = types.get(name)
        if kind is None:
            if types:
                raise RowError(
                    f"The model has no feature '{name}'",
                    where=f"row {index}",
                    hint=f"{did_you_mean(name, types)} Leave the label out, and all else.",
                )
            kind = _natural_type(values)
        try:
            _FILL[kind](features[name], values)
        except (TypeError, ValueError, OverflowError) as error:
            raise RowError(
                f"Invalid value for feature '{name}'. Expected {_EXPECTED[kind]}. "
                f"Received: {value!r} ({type(value).__name__})",
                where=f"row {index}",
            ) from error
    serialized: bytes = example.SerializeToString()
    return serialized


def _as_list(value: Any) -> list[Any]:
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        value = value.tolist()
    return list(value) if isinstance(value, list | tuple) else [value]


def _natural_type(values: list[Any]) -> FeatureType:
    """Returns the type that Python values have by themselves."""
    if all(isinstance(value, int) for value in values):
        return FeatureType.INT64
    if all(isinstance(value, int | float) for value in values):
        return FeatureType.FLOAT
    return FeatureType.STRING


def _fill_floats(feature: feature_pb2.Feature, values: list[Any]) -> None:
    feature.float_list.value.extend(values)


def _fill_integers(feature: feature_pb2.Feature, values: list[Any]) -> None:
    feature.int64_list.value.extend([_integer(value) for value in values])


def _fill_strings(feature: feature_pb2.Feature, values: list[Any]) -> None:
    feature.bytes_list.value.extend([_encoded(value) for value in values])


def _integer(value: Any) -> int:
    """Returns `value` if it is a whole number; pandas makes floats of integers beside a gap."""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not an integer")
    return value


def _encoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value.encode()


_FILL = {
    FeatureType.FLOAT: _fill_floats,
    FeatureType.INT64: _fill_integers,
    FeatureType.STRING: _fill_strings,
}

_EXPECTED = {
    FeatureType.FLOAT: "a number, or a list of numbers",
    FeatureType.INT64: "an integer of 64 bits, or a list of them",
    FeatureType.STRING: "a string or bytes, or a list of them",
}
