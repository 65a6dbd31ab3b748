"""Predict in JSON: rows (`instances`) or columns (`inputs`) to tensors."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tfline.serving.protos import meta_graph_pb2, tensor_pb2
from tfline.serving.server.rest import json_text
from tfline.serving.server.rest.json_nested import check_levels, elements, shape_of
from tfline.serving.server.rest.json_values import (
    append_values,
    check_dtype,
    is_base64,
    value_field,
)
from tfline.serving.server.status import StatusError, invalid_argument

_INSTANCES, _INPUTS = "instances", "inputs"
_ROWS_AT_A_TIME = 1000  # in the search of one that is wrong

Infos = Mapping[str, meta_graph_pb2.TensorInfo]
Tensors = dict[str, tensor_pb2.TensorProto]


def read_tensors(document: Mapping[str, Any], infos: Infos) -> tuple[Tensors, bool]:
    """Returns the inputs of a request.

    Args:
        document: The request.
        infos: The inputs of the signature.

    Returns:
        The tensors by alias, and whether they came as rows.

    Raises:
        StatusError: INVALID_ARGUMENT if they are not well formed or do not fit the signature.
    """
    if _INSTANCES in document and _INPUTS in document:
        raise json_text.format_error(
            document,
            f"Not formatted correctly expecting only one of '{_INSTANCES}' or '{_INPUTS}' "
            "keys to exist",
        )
    if _INSTANCES in document:
        return _rows(document[_INSTANCES], infos), True
    if _INPUTS in document:
        return _columns(document[_INPUTS], infos), False
    raise invalid_argument(f"Missing '{_INPUTS}' or '{_INSTANCES}' key")


def _rows(instances: Any, infos: Infos) -> Tensors:
    """Returns the stack of the rows, for each input."""
    if not isinstance(instances, list):
        raise invalid_argument(f"Excepting '{_INSTANCES}' value to be an list/array")
    if not instances:
        raise invalid_argument(f"No values in '{_INSTANCES}' array")
    objects = _is_object(instances[0])
    if not objects and len(infos) != 1:
        raise invalid_argument(
            f"'{_INSTANCES}' is a list of plain values, but the signature has "
            f"{len(infos)} inputs: {', '.join(sorted(infos))}"
        )
    for info in infos.values():
        check_dtype(info.dtype)
    try:
        return _stacks(instances, infos, objects=objects)
    except StatusError:
        _refuse_first_row(instances, infos, objects=objects)
        raise


def _stacks(instances: list[Any], infos: Infos, *, objects: bool) -> Tensors:
    """Returns the stack of the rows, for each input; its errors do not say which row is wrong."""
    if objects:
        rows = [_row(index, item, infos, objects=True) for index, item in enumerate(instances)]
        return {name: _tensor([row[name] for row in rows], infos[name].dtype) for name in infos}
    if any(map(_is_object, instances)):
        raise invalid_argument(f"An object is among the values of '{_INSTANCES}'")
    return {name: _tensor(instances, info.dtype) for name, info in infos.items()}


def _refuse_first_row(instances: list[Any], infos: Infos, *, objects: bool) -> None:
    """Raises the error of the first row that is wrong by itself, or unlike the first."""
    start = 0
    with contextlib.suppress(StatusError):
        for start in range(0, len(instances), _ROWS_AT_A_TIME):
            some = [instances[0], *instances[start : start + _ROWS_AT_A_TIME]]
            _stacks(some, infos, objects=objects)
    shapes: dict[str, list[int]] = {}
    for index in (0, *range(start, len(instances))):
        row = _row(index, instances[index], infos, objects=objects)
        for name, info in infos.items():
            try:
                shape = [size.size for size in _tensor(row[name], info.dtype).tensor_shape.dim]
                _check_shape(shape, shapes.setdefault(name, shape))
            except StatusError as error:
                key = f" key: {name}" if objects else ""
                raise StatusError(
                    error.code,
                    f"Failed to process element: {index}{key} of '{_INSTANCES}' list. "
                    f"Error: {error}",
                ) from error


def _row(index: int, item: Any, infos: Infos, *, objects: bool) -> Mapping[str, Any]:
    """Returns the values of a row, by the names of the inputs."""
    if _is_object(item) != objects:
        raise invalid_argument(
            f"Expecting all elements of '{_INSTANCES}' list to be "
            f"{'objects' if objects else 'values or lists'}, element {index} is not"
        )
    row: Mapping[str, Any] = item if objects else dict.fromkeys(infos, item)
    if row.keys() != infos.keys():
        raise invalid_argument(
            f"Failed to process element: {index} of '{_INSTANCES}' list. JSON object: "
            f"{json_text.debug_text(row)} keys must be equal to: {','.join(sorted(infos))}"
        )
    return row


def _check_shape(shape: Sequence[int], expected: Sequence[int]) -> None:
    if math.prod(shape) != math.prod(expected):
        raise invalid_argument(
            f"Expecting tensor size: {math.prod(expected)} but got: {math.prod(shape)}"
        )
    if shape != expected:
        raise invalid_argument(
            f"Expecting shape {_shape_text(expected)} but got: {_shape_text(shape)}"
        )


def _columns(inputs: Any, infos: Infos) -> Tensors:
    """Returns the tensor of each input."""
    if not _is_object(inputs):
        if len(infos) != 1:
            raise invalid_argument(
                f"'{_INPUTS}' is a plain value/list, but expecting an object as multiple input "
                "tensors required as per tensorinfo_map"
            )
        inputs = dict.fromkeys(infos, inputs)
    tensors: Tensors = {}
    for name, info in infos.items():
        if name not in inputs:
            raise invalid_argument(f"Missing named input: {name} in '{_INPUTS}' object.")
        tensors[name] = _tensor(inputs[name], info.dtype)
    return tensors


def _tensor(value: Any, dtype: int) -> tensor_pb2.TensorProto:
    """Returns nested lists, or one value, as a tensor."""
    shape = shape_of(value)
    tensor = tensor_pb2.TensorProto(dtype=dtype)
    tensor.tensor_shape.SetInParent()
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    field, values = value_field(dtype, tensor), elements(value, shape)
    try:
        append_values(field, dtype, values)
    except StatusError:
        check_levels(value, shape)
        raise
    return tensor


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _shape_text(shape: Sequence[int]) -> str:
    return f"[{','.join(str(size) for size in shape)}]"
