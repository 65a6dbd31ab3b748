"""Classify and regress in JSON: plain objects as tf.Examples, and the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfline.serving.protos import (
    classification_pb2,
    example_pb2,
    feature_pb2,
    input_pb2,
    regression_pb2,
)
from tfline.serving.server.rest import json_text
from tfline.serving.server.rest.json_values import base64_bytes, is_base64
from tfline.serving.server.status import invalid_argument

_EXAMPLES, _CONTEXT = "examples", "context"
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


def read_input(document: Mapping[str, Any]) -> input_pb2.Input:
    """Returns the examples of a request, with their context if there is one.

    Raises:
        StatusError: INVALID_ARGUMENT if they are missing or not well formed.
    """
    examples = document.get(_EXAMPLES)
    if _EXAMPLES not in document:
        raise json_text.format_error(
            document,
            f"When method is classify/regress, key '{_EXAMPLES}' is expected and was not found",
        )
    if not isinstance(examples, list):
        raise json_text.format_error(examples, f"Example data must be a list: '{_EXAMPLES}'")
    if not examples:
        raise invalid_argument(f"Examples list '{_EXAMPLES}' is empty")
    result = input_pb2.Input()
    if _CONTEXT in document:
        target = result.example_list_with_context
        _fill_example(document[_CONTEXT], target.context)
    else:
        target = result.example_list
    for example in examples:
        _fill_example(example, target.examples.add())
    return result


def write_classifications(result: classification_pb2.ClassificationResult) -> str:
    """Returns ``{"results": [[["label", score], ...], ...]}``."""
    scores = iter(
        json_text.float_texts(
            [item.score for row in result.classifications for item in row.classes]
        )
    )
    rows = (
        ", ".join(
            f"[{json_text.string_text(item.label.encode())}, {next(scores)}]"
            for item in row.classes
        )
        for row in result.classifications
    )
    return f'{{"results": [{", ".join(f"[{row}]" for row in rows)}]}}'


def write_regressions(result: regression_pb2.RegressionResult) -> str:
    """Returns ``{"results": [value, ...]}``."""
    values = json_text.float_texts([item.value for item in result.regressions])
    return f'{{"results": [{", ".join(values)}]}}'


def _fill_example(value: Any, example: example_pb2.Example) -> None:
    if not isinstance(value, dict):
        raise json_text.format_error(value, "Example must be JSON object")
    for name, feature in value.items():
        values = feature if isinstance(feature, list) else [feature]
        _fill_feature(name, values, example.features.feature[name])


def _fill_feature(name: str, values: list[Any], feature: feature_pb2.Feature) -> None:
    """Fills `feature` with values of one kind: a decimal point makes a float."""
    kinds = {_kind(name, value) for value in values}
    if len(kinds) > 1:
        raise json_text.format_error(
            values, f"Unexpected element type: feature '{name}' mixes {', '.join(sorted(kinds))}"
        )
    kind = kinds.pop() if kinds else ""
    if kind == "bytes":
        feature.bytes_list.value.extend(
            base64_bytes(value) if is_base64(value) else value.encode() for value in values
        )
    elif kind == "int64":
        feature.int64_list.value.extend(int(value) for value in values)
    elif kind == "float":
        feature.float_list.value.extend(values)


def _kind(name: str, value: Any) -> str:
    if isinstance(value, str) or is_base64(value):
        return "bytes"
    if isinstance(value, float):
        return "float"
    if isinstance(value, int) and _INT64_MIN <= value <= _INT64_MAX:
        return "int64"
    raise json_text.format_error(value, f"Unsupported value for feature '{name}'")
