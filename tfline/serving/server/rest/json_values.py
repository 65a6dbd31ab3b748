"""One JSON value as one element of a tensor."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from tfline.serving.protos import tensor_pb2, types_pb2
from tfline.serving.server.rest.json_text import type_error
from tfline.serving.server.status import Code, StatusError, invalid_argument
from tfline.serving.server.tensor import type_name

_BASE64 = "b64"
_FLOAT_MAX = 3.4028234663852886e38

_INTEGER_RANGES = {
    types_pb2.DT_INT8: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT16: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT32: (-(2**31), 2**31 - 1),
    types_pb2.DT_UINT8: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT64: (-(2**63), 2**63 - 1),
    types_pb2.DT_UINT32: (0, 2**32 - 1),
    types_pb2.DT_UINT64: (0, 2**64 - 1),
}

_FIELDS = {
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_INT8: "int_val",
    types_pb2.DT_INT16: "int_val",
    types_pb2.DT_INT32: "int_val",
    types_pb2.DT_UINT8: "int_val",
    types_pb2.DT_INT64: "int64_val",
    types_pb2.DT_UINT32: "uint32_val",
    types_pb2.DT_UINT64: "uint64_val",
    types_pb2.DT_BOOL: "bool_val",
    types_pb2.DT_STRING: "string_val",
}

Reader = Callable[[Any], Any]


def value_field(dtype: int, tensor: tensor_pb2.TensorProto) -> Any:
    """Returns the repeated field of `tensor` that holds values of `dtype`.

    Raises:
        StatusError: UNIMPLEMENTED if JSON has no form of it.
    """
    if dtype not in _FIELDS:
        raise StatusError(
            Code.UNIMPLEMENTED, f"Conversion of JSON Value: to type: {type_name(dtype)}"
        )
    return getattr(tensor, _FIELDS[dtype])


def value_reader(dtype: int) -> Reader:
    """Returns what turns a JSON value into an element of `dtype`.

    The reader raises INVALID_ARGUMENT if the value is of another type.
    """
    if dtype in _INTEGER_RANGES:
        return lambda value: _integer(value, dtype)
    return {
        types_pb2.DT_FLOAT: lambda value: _float(_number(value, dtype)),
        types_pb2.DT_DOUBLE: lambda value: _number(value, dtype),
        types_pb2.DT_BOOL: _boolean,
        types_pb2.DT_STRING: _string,
    }[dtype]


def is_base64(value: Any) -> bool:
    """Returns whether `value` is ``{"b64": "..."}``, which stands for bytes."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(_BASE64), str)


def base64_bytes(value: dict[str, str]) -> bytes:
    """Returns the bytes of ``{"b64": "..."}``.

    Raises:
        StatusError: INVALID_ARGUMENT if it is not base64.
    """
    try:
        return base64.b64decode(value[_BASE64], validate=True)
    except ValueError as error:
        raise invalid_argument(f"Unable to base64 decode: {error}") from error


def _number(value: Any, dtype: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise type_error(value, type_name(dtype))
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _float(value: float) -> float:
    """Returns `value` so that it fits into 32 bits: infinity beyond their range."""
    if abs(value) > _FLOAT_MAX:
        return float("inf") if value > 0 else float("-inf")
    return value


def _integer(value: Any, dtype: int) -> int:
    low, high = _INTEGER_RANGES[dtype]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise type_error(value, type_name(dtype))
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise type_error(value, "bool")
    return value


def _string(value: Any) -> bytes:
    if is_base64(value):
        return base64_bytes(value)
    if not isinstance(value, str):
        raise type_error(value, "string")
    return value.encode()
