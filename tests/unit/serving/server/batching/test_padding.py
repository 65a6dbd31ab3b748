from __future__ import annotations

import pytest

from tfline.serving.protos import tensor_pb2, types_pb2
from tfline.serving.server.batching.padding import pad_inner
from tfline.serving.server.status import StatusError
from tfline.serving.server.tensor import Tensor


def tensor(values, *shape):
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=values)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return Tensor.from_proto(proto)


def test_inner_shapes_grow_to_the_largest():
    small, wide, tall = (
        tensor([7.0, 8.0], 1, 1, 2),
        tensor([1.0] * 3, 1, 1, 3),
        tensor([1.0] * 4, 2, 2, 1),
    )
    padded = pad_inner([small, wide, tall])
    assert [part.shape for part in padded] == [(1, 2, 3), (1, 2, 3), (2, 2, 3)]
    assert padded[0].values() == [7.0, 8.0, 7.0, 7.0, 7.0, 7.0]


def test_strings_are_padded():
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[b"a", b"b"])
    proto.tensor_shape.dim.add(size=2)
    proto.tensor_shape.dim.add(size=1)
    words = Tensor.from_proto(proto)
    wide = Tensor.stack([words])
    proto.tensor_shape.dim[0].size, proto.tensor_shape.dim[1].size = 1, 2
    assert pad_inner([wide, Tensor.from_proto(proto)])[0].strings() == [b"a", b"a", b"b", b"a"]


def test_empty_or_unlike_tensors_cannot_be_padded():
    with pytest.raises(StatusError, match="empty tensor"):
        pad_inner([tensor([], 1, 0), tensor([1.0], 1, 1)])
    with pytest.raises(StatusError, match="numbers of dimensions"):
        pad_inner([tensor([1.0], 1), tensor([1.0], 1, 1)])
    deep = [1] * 6
    with pytest.raises(StatusError, match="rank from 1 to 6"):
        pad_inner([tensor([1.0], 1, *deep), tensor([1.0, 2.0], 1, *deep[:-1], 2)])
