"""What is in a tensor of an answer, as lists of Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from tfline.serving.protos import tensor_pb2

Outputs = Mapping[str, tensor_pb2.TensorProto]
"""The outputs of a signature by their names."""

Value = TypeVar("Value")


def rows(values: Sequence[Value], count: int) -> list[tuple[Value, ...]]:
    """Cuts values into `count` rows of equal width."""
    width = len(values) // max(1, count)
    return [tuple(values[row * width : (row + 1) * width]) for row in range(count)]


def floats(tensor: tensor_pb2.TensorProto) -> Sequence[float]:
    """Returns the numbers of a float tensor, flat."""
    if tensor.tensor_content:
        return memoryview(tensor.tensor_content).cast("f").tolist()
    return list(tensor.float_val)


def integers(tensor: tensor_pb2.TensorProto) -> Sequence[int]:
    """Returns the numbers of an int64 tensor, flat."""
    if tensor.tensor_content:
        return memoryview(tensor.tensor_content).cast("q").tolist()
    return list(tensor.int64_val)


def strings(tensor: tensor_pb2.TensorProto) -> list[str]:
    """Returns the texts of a string tensor, flat."""
    return [value.decode(errors="replace") for value in tensor.string_val]
