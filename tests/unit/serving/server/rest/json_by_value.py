"""Predict's JSON value by value: what the server, which takes all at once, has to give."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from typing import Any

from tfline.serving.protos import types_pb2
from tfline.serving.server.rest.json_text import type_error
from tfline.serving.server.rest.json_values import base64_bytes, is_base64
from tfline.serving.server.status import StatusError, invalid_argument
from tfline.serving.server.tensor import type_name

INT32 = (-(2**31), 2**31 - 1)
INTEGERS = {
    types_pb2.DT_INT8: INT32,
    types_pb2.DT_UINT8: INT32,
    types_pb2.DT_INT16: INT32,
    types_pb2.DT_INT32: INT32,
    types_pb2.DT_INT64: (-(2**63), 2**63 - 1),
    types_pb2.DT_UINT32: (0, 2**32 - 1),
    types_pb2.DT_UINT64: (0, 2**64 - 1),
}

Found = tuple[list[int], list[Any]]
"""The shape of a tensor, and its elements in row-major order."""


def read_rows(instances: list[Any], dtype: int) -> Found:
    """Returns the stack of rows of one input that are no objects."""
    shapes: list[list[int]] = []
    found: list[Any] = []
    for index, value in enumerate(instances):
        if isinstance(value, dict) and not is_base64(value):
            raise invalid_argument(f"values or lists, element {index} is not")
        try:
            shape, elements = read_value(value, dtype)
            shapes.append(shape)
            if math.prod(shape) != math.prod(shapes[0]):
                raise invalid_argument(
                    f"Expecting tensor size: {math.prod(shapes[0])} but got: {math.prod(shape)}"
                )
            if shape != shapes[0]:
                texts = ["[" + ",".join(map(str, sizes)) + "]" for sizes in (shapes[0], shape)]
                raise invalid_argument(f"Expecting shape {texts[0]} but got: {texts[1]}")
        except StatusError as error:
            raise invalid_argument(
                f"Failed to process element: {index} of 'instances' list. Error: {error}"
            ) from error
        found += elements
    return [len(instances), *shapes[0]], found


def read_value(value: Any, dtype: int) -> Found:
    """Returns the tensor of nested lists, or of one value."""
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    return shape, list(_elements(value, shape, dtype, 0))


def _elements(value: Any, shape: list[int], dtype: int, level: int) -> Iterator[Any]:
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid_argument("found at incorrect level")
        yield _element(value, dtype)
        return
    if level >= len(shape):
        raise invalid_argument("Encountered list at unexpected level")
    if len(value) != shape[level]:
        raise invalid_argument("Encountered list at unexpected size")
    for item in value:
        yield from _elements(item, shape, dtype, level + 1)


def _element(value: Any, dtype: int) -> Any:
    if dtype == types_pb2.DT_STRING:
        if is_base64(value):
            return base64_bytes(value)
        if isinstance(value, str):
            return value.encode()
    elif dtype == types_pb2.DT_BOOL:
        if isinstance(value, bool):
            return value
    elif dtype in INTEGERS:
        low, high = INTEGERS[dtype]
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return ctypes.c_float(value).value if dtype == types_pb2.DT_FLOAT else float(value)
    raise type_error(value, type_name(dtype))


def float_text(value: float) -> str:
    """Returns the text of a 32-bit float."""
    text = f"{value:.6g}"
    return _finished(text if ctypes.c_float(float(text)).value == value else f"{value:.9g}")


def double_text(value: float) -> str:
    """Returns the text of a 64-bit float."""
    text = f"{value:.6g}"
    return _finished(text if float(text) == value else f"{value:.17g}")


def _finished(text: str) -> str:
    if text in {"inf", "-inf", "nan"}:
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[text]
    return text if "." in text or "e" in text else f"{text}.0"
