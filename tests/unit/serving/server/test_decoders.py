"""Whatever bytes come as a request: an answer, or a StatusError. FUZZ_EXAMPLES sets how many."""

from __future__ import annotations

import json
import os

from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfline.serving.protos import meta_graph_pb2, predict_pb2, tensor_pb2, types_pb2
from tfline.serving.server.flags import Flags
from tfline.serving.server.rest import json_text
from tfline.serving.server.rest.json_examples import read_input
from tfline.serving.server.rest.json_tensors import read_tensors
from tfline.serving.server.status import Code, StatusError
from tfline.serving.server.tensor import Tensor, decode

FUZZED = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "500")),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
DTYPES = sorted(types_pb2.DataType.values())
INFOS = {
    name: meta_graph_pb2.TensorInfo(dtype=dtype)
    for name, dtype in {
        "f": types_pb2.DT_FLOAT,
        "i": types_pb2.DT_INT64,
        "b": types_pb2.DT_BOOL,
        "s": types_pb2.DT_STRING,
        "c": types_pb2.DT_COMPLEX64,
    }.items()
}

MOST_FILLED = Flags().max_filled_elements
sizes = st.integers(-2, 5) | st.integers(0, 2**62)


@st.composite
def tensors(draw) -> tensor_pb2.TensorProto:
    proto = tensor_pb2.TensorProto(
        dtype=draw(st.sampled_from(DTYPES) | st.integers(0, 300)),
        float_val=draw(st.lists(st.floats(width=32), max_size=4)),
        int_val=draw(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4)),
        int64_val=draw(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)),
        string_val=draw(st.lists(st.binary(max_size=40), max_size=4)),
        bool_val=draw(st.lists(st.booleans(), max_size=4)),
        half_val=draw(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4)),
        dcomplex_val=draw(st.lists(st.floats(), max_size=5)),
        tensor_content=draw(st.just(b"") | st.binary(max_size=40)),
    )
    for size in draw(st.lists(sizes, max_size=6)):
        proto.tensor_shape.dim.add(size=size)
    proto.tensor_shape.unknown_rank = draw(st.booleans())
    return proto


@st.composite
def damaged(draw, contents) -> bytes:
    """Some bytes of good content replaced by others."""
    content = draw(contents)
    start = draw(st.integers(0, len(content)))
    stop = draw(st.integers(start, min(len(content), start + 6)))
    return content[:start] + draw(st.binary(max_size=6)) + content[stop:]


def request(tensor: tensor_pb2.TensorProto) -> bytes:
    message = predict_pb2.PredictRequest(model_spec={"name": "m"})
    message.inputs["x"].CopyFrom(tensor)
    serialized: bytes = message.SerializeToString()
    return serialized


def check_tensor(proto: tensor_pb2.TensorProto) -> None:
    try:
        tensor = decode("x", proto, MOST_FILLED)
        answer = tensor.to_proto()
        tensor.values()
    except StatusError as error:
        assert error.code in {Code.INVALID_ARGUMENT, Code.INTERNAL, Code.UNIMPLEMENTED}  # noqa: PT017
        return
    assert Tensor.from_proto(answer).shape == tensor.shape


@FUZZED
@given(tensors())
def test_any_tensor_is_decoded_or_refused(proto):
    check_tensor(proto)


@FUZZED
@given(damaged(tensors().map(request)))
def test_damaged_message_is_decoded_or_refused(content):
    try:
        message = predict_pb2.PredictRequest.FromString(content)
    except DecodeError:
        return
    for proto in message.inputs.values():
        check_tensor(proto)


texts = st.text(max_size=6) | st.text(st.characters(categories=["Cs"]), max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(["f", "i", "b", "s", "c", "b64", "x"]), children, max_size=5
        )
    ),
    max_leaves=12,
)
documents = st.dictionaries(
    st.sampled_from(["instances", "inputs", "signature_name", "examples", "context"]),
    json_values,
    max_size=3,
).map(lambda document: json.dumps(document).encode())


def check_document(content: bytes) -> None:
    document = json_text.parse(content)
    if isinstance(document, dict):
        for infos in (INFOS, {"f": INFOS["f"]}, {"s": INFOS["s"]}):
            try:
                read, _ = read_tensors(document, infos)
            except StatusError as error:
                assert error.code in {Code.INVALID_ARGUMENT, Code.UNIMPLEMENTED}  # noqa: PT017
                continue
            for proto in read.values():
                check_tensor(proto)
        read_input(document)


@FUZZED
@given(documents | damaged(documents))
def test_any_document_is_read_or_refused(content):
    try:
        check_document(content)
    except StatusError as error:
        assert error.code is Code.INVALID_ARGUMENT  # noqa: PT017


@FUZZED
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content):
    try:
        check_document(content)
    except StatusError as error:
        assert error.code is Code.INVALID_ARGUMENT  # noqa: PT017
