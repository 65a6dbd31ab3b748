"""Variable-length inputs of a batch, made one shape."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tfline.serving.protos import tensor_pb2, types_pb2
from tfline.serving.server.status import failed_precondition, invalid_argument
from tfline.serving.server.tensor import Tensor

_MAX_RANK = 6


def pad_inner(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Returns `tensors` with equal inner shapes: each is filled up with its own first element.

    Raises:
        StatusError: INVALID_ARGUMENT if one is empty or has more than 6 dimensions;
            FAILED_PRECONDITION if they do not have equally many.
    """
    ranks = {len(tensor.shape) for tensor in tensors}
    if len(ranks) > 1:
        raise failed_precondition("Tensors of a batch have different numbers of dimensions")
    if ranks.pop() > _MAX_RANK:
        raise invalid_argument("Only tensors with rank from 1 to 6 can be padded.")
    inner = tuple(max(sizes) for sizes in zip(*(t.shape[1:] for t in tensors), strict=True))
    return [tensor if tensor.shape[1:] == inner else _padded(tensor, inner) for tensor in tensors]


def _padded(tensor: Tensor, inner: tuple[int, ...]) -> Tensor:
    if not math.prod(tensor.shape):
        raise invalid_argument("Got empty tensor in batch of non-empty tensors.")
    elements = _elements(tensor)
    filled = _fill(elements, tensor.shape, (tensor.shape[0], *inner), elements[0])
    shape = (tensor.shape[0], *inner)
    proto = tensor_pb2.TensorProto(dtype=tensor.dtype)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    if tensor.dtype == types_pb2.DT_STRING:
        proto.string_val.extend(filled)
    else:
        proto.tensor_content = b"".join(filled)
    return Tensor.from_proto(proto)


def _elements(tensor: Tensor) -> list[bytes]:
    """Returns the elements, in row-major order: strings, or the bytes of numbers."""
    if tensor.dtype == types_pb2.DT_STRING:
        return tensor.strings()
    memory = tensor.memory()
    width = len(memory) // math.prod(tensor.shape)
    return [memory[start : start + width] for start in range(0, len(memory), width)]


def _fill(
    elements: list[bytes], old: tuple[int, ...], new: tuple[int, ...], filler: bytes
) -> list[bytes]:
    """Returns `elements` of the shape `old` laid out in the shape `new`."""
    if not new:
        return elements
    width, new_width = math.prod(old[1:]), math.prod(new[1:])
    filled: list[bytes] = []
    for row in range(old[0]):
        filled += _fill(elements[row * width : (row + 1) * width], old[1:], new[1:], filler)
    return filled + [filler] * ((new[0] - old[0]) * new_width)
