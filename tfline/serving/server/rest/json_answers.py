"""Tensors as JSON: the answers of Predict, in rows (`predictions`) or columns (`outputs`)."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfline.serving.protos import tensor_pb2, types_pb2
from tfline.serving.server.rest import json_text
from tfline.serving.server.rest.json_values import value_field
from tfline.serving.server.status import StatusError, invalid_argument
from tfline.serving.server.tensor import type_name

_BYTES_SUFFIX = "_bytes"


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


def _element_texts(name: str, tensor: tensor_pb2.TensorProto) -> list[str]:
    """Returns the elements of a tensor in row-major order."""
    dtype = tensor.dtype
    try:
        values = value_field(dtype, tensor)
    except StatusError as error:
        raise invalid_argument(
            f"JSON conversion of type: {type_name(dtype)} is not supported"
        ) from error
    if dtype == types_pb2.DT_STRING and name.endswith(_BYTES_SUFFIX):
        return [f'{{"b64": "{base64.b64encode(value).decode()}"}}' for value in values]
    write = _WRITERS.get(dtype, _integer_texts)
    return write(values)


def _integer_texts(values: Sequence[int]) -> list[str]:
    return list(map(str, values))


_WRITERS: dict[int, Callable[[Any], list[str]]] = {
    types_pb2.DT_FLOAT: json_text.float_texts,
    types_pb2.DT_DOUBLE: json_text.double_texts,
    types_pb2.DT_BOOL: lambda values: ["true" if value else "false" for value in values],
    types_pb2.DT_STRING: lambda values: list(map(json_text.string_text, values)),
}


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
