"""Tensors in TensorFlow's memory: from and to TensorProto, stacked and sliced by rows."""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Sequence
from typing import Any

from tfline.serving.protos import tensor_pb2, types_pb2
from tfline.serving.server.c_api import Buffer, Status, library
from tfline.serving.server.status import Code, StatusError, invalid_argument

_STRING_SIZE = 24  # sizeof(TF_TString), tf_tstring.h
_SMALL, _LARGE = 0, 1  # its two low bits, if the string itself is inside, or a pointer to it
_LARGE_STRING = struct.Struct("=QQQ")  # four times its size, its capacity, where it is
_MAX_RANK = 254  # of tensorflow::TensorShape
_CONTINUED = 0x80  # the bit of a varint's byte that says that another follows

# The memory of these types is, byte by byte, the wire format of a packed field of TensorProto:
# fixed-width numbers, and booleans, which are one-byte varints.
_WIRE_FIELDS = {
    types_pb2.DT_FLOAT: tensor_pb2.TensorProto.FLOAT_VAL_FIELD_NUMBER,
    types_pb2.DT_DOUBLE: tensor_pb2.TensorProto.DOUBLE_VAL_FIELD_NUMBER,
    types_pb2.DT_BOOL: tensor_pb2.TensorProto.BOOL_VAL_FIELD_NUMBER,
    types_pb2.DT_COMPLEX64: tensor_pb2.TensorProto.SCOMPLEX_VAL_FIELD_NUMBER,
    types_pb2.DT_COMPLEX128: tensor_pb2.TensorProto.DCOMPLEX_VAL_FIELD_NUMBER,
}

# The others are copied number by number: field of TensorProto, and format of one element.
_NUMBER_FIELDS = {
    types_pb2.DT_INT8: ("int_val", "b"),
    types_pb2.DT_UINT8: ("int_val", "B"),
    types_pb2.DT_INT16: ("int_val", "h"),
    types_pb2.DT_UINT16: ("int_val", "H"),
    types_pb2.DT_INT32: ("int_val", "i"),
    types_pb2.DT_INT64: ("int64_val", "q"),
    types_pb2.DT_UINT32: ("uint32_val", "I"),
    types_pb2.DT_UINT64: ("uint64_val", "Q"),
    types_pb2.DT_HALF: ("half_val", "H"),
    types_pb2.DT_BFLOAT16: ("half_val", "H"),
}

_FORMATS = {
    types_pb2.DT_FLOAT: "f",
    types_pb2.DT_DOUBLE: "d",
    types_pb2.DT_BOOL: "?",
    **{dtype: form for dtype, (_, form) in _NUMBER_FIELDS.items()},
}

_ELEMENT_BYTES = {
    **{dtype: struct.calcsize(f"={form}") for dtype, form in _FORMATS.items()},
    types_pb2.DT_COMPLEX64: 8,
    types_pb2.DT_COMPLEX128: 16,
}


class _Handle:
    """Owns a ``TF_Tensor*``."""

    __slots__ = ("pointer",)

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer

    def __del__(self) -> None:
        library().TF_DeleteTensor(self.pointer)


class Tensor:
    """A ``TF_Tensor``, or some rows of one. Freed with the last object that refers to it.

    Every string lies in memory that TensorFlow counts with its tensor, never in that of another
    one: operations such as Identity hand their input's memory on to the answer, which outlives it.

    Attributes:
        dtype: A value of ``tensorflow.DataType``.
        shape: The sizes of its dimensions.
    """

    __slots__ = ("_address", "_handle", "_size", "dtype", "shape")

    def __init__(self, pointer: int) -> None:
        """Takes ownership of `pointer`, a ``TF_Tensor*``."""
        lib = library()
        self._handle = _Handle(pointer)
        self.dtype: int = lib.TF_TensorType(pointer)
        self.shape = tuple(lib.TF_Dim(pointer, axis) for axis in range(lib.TF_NumDims(pointer)))
        empty = 0 in self.shape  # then there may be no memory, and to ask for it is fatal
        self._address: int = 0 if empty else lib.TF_TensorData(pointer)
        self._size: int = 0 if empty else lib.TF_TensorByteSize(pointer)

    @classmethod
    def from_proto(cls, proto: tensor_pb2.TensorProto) -> Tensor:
        """Returns the tensor that `proto` describes.

        Raises:
            StatusError: If TensorFlow cannot decode it.
        """
        if proto.tensor_content and (content := cls._of_content(proto)):
            return content
        lib = library()
        serialized = proto.SerializeToString()
        pointer = lib.TF_AllocateTensor(types_pb2.DT_FLOAT, None, 0, 4)
        status = Status()
        lib.TF_TensorFromProto(Buffer.of(serialized), pointer, status.pointer)
        tensor = cls(pointer)
        status.check()
        return tensor

    @classmethod
    def _of_content(cls, proto: tensor_pb2.TensorProto) -> Tensor | None:
        """Returns the numbers of ``tensor_content``, copied once; None if these are not so many."""
        content: bytes = proto.tensor_content
        shape = [dim.size for dim in proto.tensor_shape.dim]
        expected = math.prod(shape) * _ELEMENT_BYTES.get(proto.dtype, 0)
        if expected != len(content) or min(shape, default=1) < 1 or proto.tensor_shape.unknown_rank:
            return None
        if len(shape) > _MAX_RANK:
            return None
        dimensions = (ctypes.c_int64 * len(shape))(*shape)
        pointer = library().TF_AllocateTensor(proto.dtype, dimensions, len(shape), len(content))
        if not pointer:
            raise StatusError(Code.RESOURCE_EXHAUSTED, f"No memory for {len(content)} bytes")
        tensor = cls(pointer)
        ctypes.memmove(tensor._address, content, len(content))
        return tensor

    @classmethod
    def stack(cls, tensors: Sequence[Tensor]) -> Tensor:
        """Returns `tensors` one after the other along dimension 0.

        Args:
            tensors: At least one, all of one dtype and one inner shape.
        """
        dtype, inner = tensors[0].dtype, tensors[0].shape[1:]
        stacked = _empty(dtype, (sum(tensor.shape[0] for tensor in tensors), *inner))
        address = stacked._address
        for tensor in tensors:
            if dtype == types_pb2.DT_STRING:
                _copy_strings(address, tensor._address, tensor._size)
            else:
                ctypes.memmove(address, tensor._address, tensor._size)
            address += tensor._size
        return stacked

    @property
    def pointer(self) -> int:
        """The ``TF_Tensor*``; of all rows, even if this tensor is some of them."""
        return self._handle.pointer

    @property
    def is_whole(self) -> bool:
        """Whether `pointer` has these rows and no others."""
        lib = library()
        return not self.shape or self.shape[0] == lib.TF_Dim(self._handle.pointer, 0)

    def rows(self, start: int, stop: int) -> Tensor:
        """Returns the rows from `start` up to `stop`, in the same memory."""
        row_size = self._size // self.shape[0] if self.shape[0] else 0
        part = Tensor.__new__(Tensor)
        part._handle = self._handle
        part._address = self._address + start * row_size
        part._size = (stop - start) * row_size
        part.dtype = self.dtype
        part.shape = (stop - start, *self.shape[1:])
        return part

    def memory(self) -> bytes:
        """Returns the raw elements; not for strings."""
        return ctypes.string_at(self._address, self._size) if self._size else b""

    def _view(self) -> memoryview:
        """Returns what `memory` does, in place: it is there as long as this tensor is."""
        if not self._size:
            return memoryview(b"")
        return memoryview((ctypes.c_ubyte * self._size).from_address(self._address)).cast("B")

    def strings(self) -> list[bytes]:
        """Returns the elements of a string tensor in row-major order."""
        memory = self.memory()
        return [
            _read_string(memory, offset, self._address + offset)
            for offset in range(0, self._size, _STRING_SIZE)
        ]

    def values(self) -> list[float] | list[int] | list[bytes]:
        """Returns the elements in row-major order as Python values.

        Raises:
            StatusError: UNIMPLEMENTED for a dtype that has no Python form.
        """
        if self.dtype == types_pb2.DT_STRING:
            return self.strings()
        if self.dtype not in _FORMATS or self.dtype in {types_pb2.DT_HALF, types_pb2.DT_BFLOAT16}:
            raise StatusError(Code.UNIMPLEMENTED, f"Unsupported type: {type_name(self.dtype)}")
        return _numbers(_FORMATS[self.dtype], self.memory())

    def to_proto(self) -> tensor_pb2.TensorProto:
        """Returns the tensor as a message, see `write`."""
        proto = tensor_pb2.TensorProto()
        self.write(proto)
        return proto

    def write(self, proto: tensor_pb2.TensorProto, *, as_content: bool = False) -> None:
        """Writes the tensor into an empty message.

        Args:
            proto: The message; where it belongs, since to copy it there takes as long again.
            as_content: Numbers go into ``tensor_content`` rather than into the typed fields.

        Raises:
            StatusError: INTERNAL if the dtype cannot be sent.
        """
        proto.dtype = self.dtype
        proto.tensor_shape.SetInParent()
        for size in self.shape:
            proto.tensor_shape.dim.add(size=size)
        if self.dtype == types_pb2.DT_STRING:
            proto.string_val.extend(self.strings())
        elif as_content:
            proto.tensor_content = self.memory()
        elif self.dtype in _WIRE_FIELDS:
            proto.MergeFromString(_packed(_WIRE_FIELDS[self.dtype], self._view()))
        elif self.dtype in _NUMBER_FIELDS:
            field, form = _NUMBER_FIELDS[self.dtype]
            getattr(proto, field).extend(_numbers(form, self.memory()))
        else:
            raise StatusError(Code.INTERNAL, f"Cannot send a tensor of {type_name(self.dtype)}")


def type_name(dtype: int) -> str:
    """Returns TensorFlow's name of a dtype: ``"float"`` for ``DT_FLOAT``."""
    return str(types_pb2.DataType.Name(dtype)).removeprefix("DT_").lower()


def decode(name: str, proto: tensor_pb2.TensorProto, max_filled: int = 0) -> Tensor:
    """Returns the tensor of the request's input `name`.

    Args:
        name: The alias of the input.
        proto: The tensor. Elements that it does not have are copies of its last one.
        max_filled: The most elements of a tensor that does not have them all; 0: no limit.

    Raises:
        StatusError: INVALID_ARGUMENT if it cannot be decoded, or claims more memory than that.
    """
    elements = math.prod(dim.size for dim in proto.tensor_shape.dim)
    if max_filled and elements > max_filled and elements > _carried(proto):
        raise invalid_argument(f"tensor parsing error: {name}")
    try:
        return Tensor.from_proto(proto)
    except StatusError as error:
        raise invalid_argument(f"tensor parsing error: {name}") from error


def _carried(proto: tensor_pb2.TensorProto) -> int:
    """Returns how many elements are in a message; at least as many if they are in its content."""
    if proto.tensor_content:
        return len(proto.tensor_content)
    if proto.dtype == types_pb2.DT_STRING:
        return len(proto.string_val)
    field = proto.DESCRIPTOR.fields_by_number.get(_WIRE_FIELDS.get(proto.dtype, 0))
    name = field.name if field else _NUMBER_FIELDS.get(proto.dtype, ("int_val",))[0]
    return len(getattr(proto, name))


def string_tensor(values: Sequence[bytes]) -> Tensor:
    """Returns a string tensor [len(values)]."""
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=values)
    proto.tensor_shape.dim.add(size=len(values))
    return Tensor.from_proto(proto)


def _empty(dtype: int, shape: Sequence[int]) -> Tensor:
    """Returns a tensor to be filled: of empty strings, or of numbers without a value yet.

    TensorFlow frees the strings that are put into the memory of a tensor it decoded; from that of
    ``TF_AllocateTensor`` they would leak.
    """
    proto = tensor_pb2.TensorProto(dtype=dtype)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return Tensor.from_proto(proto)


def _copy_strings(address: int, source: int, size: int) -> None:
    """Copies `size` bytes of ``TF_TString`` from `source` to those at `address`."""
    lib = library()
    for offset in range(0, size, _STRING_SIZE):
        string = source + offset
        lib.TF_StringCopy(
            address + offset, lib.TF_StringGetDataPointer(string), lib.TF_StringGetSize(string)
        )


def _read_string(memory: bytes, offset: int, address: int) -> bytes:
    """Returns one string: from a copy of its ``TF_TString``, or from where that points."""
    head = memory[offset]
    kind = head & 3
    if kind == _SMALL:
        return memory[offset + 1 : offset + 1 + (head >> 2)]
    if kind == _LARGE:
        size, _, pointer = _LARGE_STRING.unpack_from(memory, offset)
        return ctypes.string_at(pointer, size >> 2)
    lib = library()
    return ctypes.string_at(lib.TF_StringGetDataPointer(address), lib.TF_StringGetSize(address))


def _numbers(form: str, memory: bytes) -> list[Any]:
    return list(struct.unpack(f"={len(memory) // struct.calcsize('=' + form)}{form}", memory))


def _packed(field: int, content: memoryview) -> bytes:
    """Returns `content` as a length-delimited field of the protobuf wire format."""
    return b"".join((_varint(field << 3 | 2), _varint(len(content)), content))


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= _CONTINUED:
        encoded.append(value % _CONTINUED | _CONTINUED)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
