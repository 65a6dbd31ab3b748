"""JSON values as elements of a tensor."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from tfline.serving.protos import tensor_pb2, types_pb2
from tfline.serving.server.rest.json_text import type_error
from tfline.serving.server.status import Code, StatusError, invalid_argument
from tfline.serving.server.tensor import type_name

_BASE64 = "b64"

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

# The types of Python that JSON's values have; a boolean is not taken for a number.
_TYPES: dict[int, frozenset[type]] = {
    types_pb2.DT_FLOAT: frozenset({int, float}),
    types_pb2.DT_DOUBLE: frozenset({int, float}),
    types_pb2.DT_BOOL: frozenset({bool}),
    **dict.fromkeys(_INTEGER_RANGES, frozenset({int})),
}


def check_dtype(dtype: int) -> None:
    """Checks that JSON has a form of `dtype`.

    Raises:
        StatusError: UNIMPLEMENTED if it has none.
    """
    if dtype not in _FIELDS:
        raise StatusError(
            Code.UNIMPLEMENTED, f"Conversion of JSON Value: to type: {type_name(dtype)}"
        )


def value_field(dtype: int, tensor: tensor_pb2.TensorProto) -> Any:
    """Returns the repeated field of `tensor` that holds values of `dtype`.

    Raises:
        StatusError: UNIMPLEMENTED if JSON has no form of it.
    """
    check_dtype(dtype)
    return getattr(tensor, _FIELDS[dtype])


def append_values(field: Any, dtype: int, values: Sequence[Any]) -> None:
    """Appends JSON values to a field of a tensor: numbers all at once.

    Args:
        field: What `value_field` returns.
        dtype: That of the tensor.
        values: One for each element.

    Raises:
        StatusError: INVALID_ARGUMENT for the first value that does not fit `dtype`.
    """
    if dtype == types_pb2.DT_STRING:
        field.extend(list(map(_string, values)))
        return
    if not set(map(type, values)) <= _TYPES[dtype]:
        _refuse_misfit(values, dtype)
    try:
        field.extend(values)
    except ValueError:  # an integer out of range
        _refuse_misfit(values, dtype)
        raise


def _refuse_misfit(values: Sequence[Any], dtype: int) -> None:
    types, integers = _TYPES[dtype], _INTEGER_RANGES.get(dtype)
    for value in values:
        if type(value) not in types or (integers and not integers[0] <= value <= integers[1]):
            raise type_error(value, type_name(dtype))


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


def _string(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if is_base64(value):
        return base64_bytes(value)
    raise type_error(value, "string")
