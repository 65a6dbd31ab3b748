from __future__ import annotations

import math

import pytest

from tfline.serving.protos import tensor_pb2, types_pb2
from tfline.serving.server.status import StatusError
from tfline.serving.server.tensor import Tensor, string_tensor, type_name


def numbers(values, dtype=types_pb2.DT_FLOAT, field="float_val", shape=None):
    proto = tensor_pb2.TensorProto(dtype=dtype, **{field: values})
    for size in shape or [len(values)]:
        proto.tensor_shape.dim.add(size=size)
    return Tensor.from_proto(proto)


@pytest.mark.parametrize(
    ("dtype", "field", "values"),
    [
        (types_pb2.DT_FLOAT, "float_val", [0.5, -1.0]),
        (types_pb2.DT_DOUBLE, "double_val", [0.1, 1e300]),
        (types_pb2.DT_INT8, "int_val", [-128, 127]),
        (types_pb2.DT_UINT8, "int_val", [0, 255]),
        (types_pb2.DT_INT16, "int_val", [-32768, 5]),
        (types_pb2.DT_INT32, "int_val", [-(2**31), 7]),
        (types_pb2.DT_INT64, "int64_val", [-(2**63), 2**63 - 1]),
        (types_pb2.DT_UINT32, "uint32_val", [0, 2**32 - 1]),
        (types_pb2.DT_UINT64, "uint64_val", [0, 2**64 - 1]),
        (types_pb2.DT_BOOL, "bool_val", [True, False]),
        (types_pb2.DT_STRING, "string_val", [b"", b"x" * 100]),
        (types_pb2.DT_COMPLEX64, "scomplex_val", [1.0, 2.0]),
    ],
)
def test_proto_survives_the_way_through_memory(dtype, field, values):
    shape = [1] if dtype == types_pb2.DT_COMPLEX64 else None
    proto = numbers(values, dtype, field, shape).to_proto()
    assert list(getattr(proto, field)) == values
    assert proto.dtype == dtype


def test_numbers_may_leave_as_content():
    proto = tensor_pb2.TensorProto()
    numbers([1.0]).write(proto, as_content=True)
    assert proto.tensor_content == b"\0\0\x80\x3f"


@pytest.mark.parametrize("shape", [[], [3], [2, 1, 2]])
@pytest.mark.parametrize(("dtype", "size"), [(1, 4), (2, 8), (4, 1), (9, 8), (10, 1), (14, 2)])
def test_content_is_what_tensorflow_decodes(dtype, size, shape):
    content = bytes(index % 2 for index in range(math.prod(shape) * size))
    proto = tensor_pb2.TensorProto(dtype=dtype, tensor_content=content)
    for dimension in shape:
        proto.tensor_shape.dim.add(size=dimension)
    tensor = Tensor.from_proto(proto)
    assert (tensor.dtype, tensor.shape, tensor.memory()) == (dtype, tuple(shape), content)
    answer = tensor.to_proto()
    assert Tensor.from_proto(answer).memory() == content


@pytest.mark.parametrize("shape", [[2], [4], [-3], [-1, -3], [1] * 255 + [3], [2**62, 4]])
def test_content_of_another_size_is_refused(shape):
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_content=b"\0" * 12)
    for dimension in shape:
        proto.tensor_shape.dim.add(size=dimension)
    with pytest.raises(StatusError):
        Tensor.from_proto(proto)


@pytest.mark.parametrize("size", [0, 1, 21, 22, 23, 24, 63, 64, 255, 256, 10**6])
def test_strings_of_all_sizes_are_read(size):
    words = [bytes([index]) * size for index in range(3)]
    assert string_tensor(words).strings() == words


def test_rows_share_memory_and_outlive_the_whole():
    part = numbers([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], shape=[3, 2]).rows(1, 3)
    assert part.shape == (2, 2)
    assert part.values() == [3.0, 4.0, 5.0, 6.0]
    assert not part.is_whole


def test_stack_joins_numbers_and_strings():
    first, second = numbers([1.0, 2.0]), numbers([3.0])
    assert Tensor.stack([first, second, first.rows(0, 1)]).values() == [1.0, 2.0, 3.0, 1.0]
    words = string_tensor([b"a" * 50, b""])
    stacked = Tensor.stack([words, words.rows(0, 1)])
    del words
    assert stacked.strings() == [b"a" * 50, b"", b"a" * 50]


@pytest.mark.parametrize("shape", [[0], [0, 3], [3, 0]])
def test_empty_tensor_has_no_values(shape):
    tensor = numbers([], shape=shape)
    assert tensor.values() == []
    assert tensor.shape == tuple(shape)
    assert Tensor.stack([tensor, tensor]).values() == []


def test_type_name_is_that_of_tensorflow():
    assert type_name(types_pb2.DT_STRING) == "string"
