"""Predict in JSON: rows (`instances`) or columns (`inputs`) to tensors, and tensors back."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfline.serving.protos import meta_graph_pb2, tensor_pb2, types_pb2
from tfline.serving.server.rest import json_text
from tfline.serving.server.rest.json_values import Reader, is_base64, value_field, value_reader
from tfline.serving.server.status import StatusError, invalid_argument
from tfline.serving.server.tensor import type_name

_INSTANCES, _INPUTS = "instances", "inputs"
_MAX_RANK = 254  # of tensorflow::TensorShape
_BYTES_SUFFIX = "_bytes"

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


def write_rows(tensors: Mapping[str, tensor_pb2.TensorProto]) -> str:
    """Returns ``{"predictions": [...]}``: the value of the output, or an object, for each row.

    Raises:
        StatusError: INVALID_ARGUMENT if an output has no rows, or another number of them.
    """
    sizes: dict[str, int] = {}
    for name, tensor in sorted(tensors.items()):
        if not tensor.tensor_shape.dim:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        sizes[name] = tensor.tensor_shape.dim[0].size
        first = next(iter(sizes.values()))
        if sizes[name] != first:
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {sizes[name]} expecting: {first}"
            )
    columns = {name: _row_texts(name, tensor) for name, tensor in sorted(tensors.items())}
    if len(columns) == 1:
        return f'{{"predictions": [{", ".join(next(iter(columns.values())))}]}}'
    keys = [json_text.string_text(name.encode()) for name in columns]
    rows = (
        "{" + ", ".join(f"{key}: {value}" for key, value in zip(keys, row, strict=True)) + "}"
        for row in zip(*columns.values(), strict=True)
    )
    return f'{{"predictions": [{", ".join(rows)}]}}'


def write_columns(tensors: Mapping[str, tensor_pb2.TensorProto]) -> str:
    """Returns ``{"outputs": ...}``: the output, or an object of the outputs."""
    texts = {name: _tensor_text(name, tensor) for name, tensor in sorted(tensors.items())}
    if len(texts) == 1:
        return f'{{"outputs": {next(iter(texts.values()))}}}'
    pairs = (f"{json_text.string_text(key.encode())}: {text}" for key, text in texts.items())
    return f'{{"outputs": {{{", ".join(pairs)}}}}}'


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
    stacks = {name: _Stack(info.dtype) for name, info in infos.items()}
    for index, item in enumerate(instances):
        if _is_object(item) != objects:
            raise invalid_argument(
                f"Expecting all elements of '{_INSTANCES}' list to be "
                f"{'objects' if objects else 'values or lists'}, element {index} is not"
            )
        row = item if objects else dict.fromkeys(infos, item)
        if row.keys() != infos.keys():
            raise invalid_argument(
                f"Failed to process element: {index} of '{_INSTANCES}' list. JSON object: "
                f"{json_text.debug_text(row)} keys must be equal to: {','.join(sorted(infos))}"
            )
        for name, stack in stacks.items():
            try:
                stack.add(row[name])
            except StatusError as error:
                key = f" key: {name}" if objects else ""
                raise StatusError(
                    error.code,
                    f"Failed to process element: {index}{key} of '{_INSTANCES}' list. "
                    f"Error: {error}",
                ) from error
    return {name: stack.tensor(len(instances)) for name, stack in stacks.items()}


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
        shape = _shape(inputs[name])
        tensor = _empty(info.dtype, shape)
        field, read = value_field(info.dtype, tensor), value_reader(info.dtype)
        field.extend(_elements(inputs[name], shape, read))
        tensors[name] = tensor
    return tensors


class _Stack:
    """The values of one input, row after row."""

    def __init__(self, dtype: int) -> None:
        self._dtype = dtype
        self._proto = tensor_pb2.TensorProto(dtype=dtype)
        self._field = value_field(dtype, self._proto)
        self._read = value_reader(dtype)
        self._shape: list[int] | None = None

    def add(self, value: Any) -> None:
        shape = _shape(value)
        elements = list(_elements(value, shape, self._read))
        if self._shape is None:
            self._shape = shape
        if math.prod(shape) != math.prod(self._shape):
            raise invalid_argument(
                f"Expecting tensor size: {math.prod(self._shape)} but got: {math.prod(shape)}"
            )
        if shape != self._shape:
            raise invalid_argument(
                f"Expecting shape {_shape_text(self._shape)} but got: {_shape_text(shape)}"
            )
        self._field.extend(elements)

    def tensor(self, rows: int) -> tensor_pb2.TensorProto:
        for size in (rows, *(self._shape or ())):
            self._proto.tensor_shape.dim.add(size=size)
        return self._proto


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _empty(dtype: int, shape: Sequence[int]) -> tensor_pb2.TensorProto:
    tensor = tensor_pb2.TensorProto(dtype=dtype)
    tensor.tensor_shape.SetInParent()
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    return tensor


def _shape(value: Any) -> list[int]:
    """Returns the shape that the first elements of nested lists have."""
    shape: list[int] = []
    while isinstance(value, list):
        if len(shape) == _MAX_RANK:
            raise invalid_argument(f"Tensors have at most {_MAX_RANK} dimensions")
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def _elements(value: Any, shape: Sequence[int], read: Reader, level: int = 0) -> Iterator[Any]:
    """Yields the elements of nested lists, which must have `shape`."""
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid_argument(
                f"JSON Value: {json_text.debug_text(value)} found at incorrect level: {level + 1} "
                f"in the JSON DOM. Expected at level: {len(shape)}"
            )
        yield read(value)
        return
    if level >= len(shape):
        raise invalid_argument(
            f"Encountered list at unexpected level: {level} Expected < {len(shape)}"
        )
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    for item in value:
        yield from _elements(item, shape, read, level + 1)


def _element_texts(name: str, tensor: tensor_pb2.TensorProto) -> list[str]:
    """Returns the elements of a tensor in row-major order."""
    dtype = tensor.dtype
    if dtype in {types_pb2.DT_HALF, types_pb2.DT_BFLOAT16}:
        raise _no_json(dtype)
    try:
        values = value_field(dtype, tensor)
    except StatusError as error:
        raise _no_json(dtype) from error
    if dtype == types_pb2.DT_FLOAT:
        return [json_text.float_text(value) for value in values]
    if dtype == types_pb2.DT_DOUBLE:
        return [json_text.double_text(value) for value in values]
    if dtype == types_pb2.DT_BOOL:
        return ["true" if value else "false" for value in values]
    if dtype != types_pb2.DT_STRING:
        return [str(value) for value in values]
    if name.endswith(_BYTES_SUFFIX):
        return [f'{{"b64": "{base64.b64encode(value).decode()}"}}' for value in values]
    return [json_text.string_text(value) for value in values]


def _no_json(dtype: int) -> StatusError:
    return invalid_argument(f"JSON conversion of type: {type_name(dtype)} is not supported")


def _tensor_text(name: str, tensor: tensor_pb2.TensorProto) -> str:
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    return _nested(_element_texts(name, tensor), shape)[0]


def _row_texts(name: str, tensor: tensor_pb2.TensorProto) -> list[str]:
    rows, *shape = (dim.size for dim in tensor.tensor_shape.dim)
    return _nested(_element_texts(name, tensor), shape, rows)


def _nested(texts: list[str], shape: Sequence[int], count: int = 1) -> list[str]:
    """Returns `count` nested lists of `shape`, made of the elements `texts`."""
    sizes = [count, *shape]
    for axis in range(len(shape), 0, -1):
        lists = math.prod(sizes[:axis])
        width = sizes[axis]
        texts = [f"[{', '.join(texts[i * width : (i + 1) * width])}]" for i in range(lists)]
    return texts


def _shape_text(shape: Sequence[int]) -> str:
    return f"[{','.join(str(size) for size in shape)}]"
