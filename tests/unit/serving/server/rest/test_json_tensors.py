"""Tensors from and to JSON: all values at once give what they give one by one."""

from __future__ import annotations

import base64
import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.serving.server.rest import json_by_value
from tfline.serving.protos import meta_graph_pb2, tensor_pb2, types_pb2
from tfline.serving.server.rest import json_text
from tfline.serving.server.rest.json_answers import write_columns, write_rows
from tfline.serving.server.rest.json_tensors import read_tensors
from tfline.serving.server.rest.json_values import value_field
from tfline.serving.server.status import Code, StatusError

TRIED = settings(max_examples=150, deadline=None, derandomize=True)

integers = st.sampled_from(
    [
        *(0, 1, -1, 127, 255, 256, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1),
        *(2**63, 2**64 - 1, 2**64, -(2**31), -(2**63), -(2**63) - 1, 10**300),
    ]
)
floats = st.floats() | st.sampled_from([0.1, 1e-5, 1e300, 3.4028235e38, 3.40282357e38, 1e999])
strings = st.text(max_size=5) | st.binary(max_size=5).map(
    lambda content: {"b64": base64.b64encode(content).decode()}
)
KINDS = {
    types_pb2.DT_FLOAT: floats | integers,
    types_pb2.DT_DOUBLE: floats | integers,
    types_pb2.DT_BOOL: st.booleans(),
    types_pb2.DT_STRING: strings,
    **dict.fromkeys(json_by_value.INTEGERS, integers),
}
strange = st.sampled_from(
    [None, True, "a", 1, 1.0, [], [1], {}, {"x": 1}, {"b64": "a"}, {"b64": 1}, float("nan")]
)


@st.composite
def nested(draw, values, shape):
    """Lists of a shape; a few values, at whatever level, are strange."""
    if draw(st.integers(0, 60)) == 0:
        return draw(strange)
    if not shape:
        return draw(values)
    return [draw(nested(values, shape[1:])) for _ in range(shape[0])]


@st.composite
def cases(draw):
    """A dtype, and nested lists for a tensor of it."""
    dtype = draw(st.sampled_from(sorted(KINDS)))
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    return dtype, draw(nested(KINDS[dtype], [draw(st.integers(1, 4)), *shape]))


def read(document: object, dtype: int) -> tuple[tensor_pb2.TensorProto, bool]:
    parsed = json_text.parse(json.dumps(document).encode())
    tensors, as_rows = read_tensors(parsed, {"x": meta_graph_pb2.TensorInfo(dtype=dtype)})
    return tensors["x"], as_rows


def content(proto: tensor_pb2.TensorProto) -> tuple[list[int], str]:
    return [dim.size for dim in proto.tensor_shape.dim], str(list(value_field(proto.dtype, proto)))


def expected(read_by_value, value, dtype):
    """Returns what reading value by value gives: the content of a tensor, or an error's text."""
    try:
        shape, elements = read_by_value(json_text.parse(json.dumps(value).encode()), dtype)
    except StatusError as error:
        return error.message
    return shape, str(elements)


def check(document, dtype, wanted):
    if not isinstance(wanted, str):
        assert content(read(document, dtype)[0]) == wanted
        return
    # Of several values that are wrong it is one of another level that is found first.
    levels = ("incorrect level", "unexpected level", "unexpected size")
    wanted = next((text for text in levels if text in wanted), wanted)
    with pytest.raises(StatusError, match="|".join(map(re.escape, (wanted, *levels)))):
        read(document, dtype)


@TRIED
@given(cases())
def test_rows_are_read_as_one_by_one(case):
    dtype, value = case
    if isinstance(value, list) and value and not json_by_value.is_base64(value[0]):
        if isinstance(value[0], dict):
            return
        wanted = expected(json_by_value.read_rows, value, dtype)
        check({"instances": value}, dtype, wanted)
        check({"instances": [{"x": row} for row in value]}, dtype, _with_key(wanted, value))


def _with_key(wanted, value):
    """Returns the same with the key that the rows have when they are objects."""
    if not isinstance(wanted, str):
        return wanted
    if wanted.startswith("values or lists"):
        return "Type: Object"
    return wanted.replace(" of 'inst", " key: x of 'inst")


@TRIED
@given(cases())
def test_columns_are_read_as_one_by_one(case):
    dtype, value = case
    if not isinstance(value, dict):
        check({"inputs": value}, dtype, expected(json_by_value.read_value, value, dtype))


def test_first_of_many_rows_that_is_wrong_is_named():
    rows = [[0.5]] * 5000 + [[True]] + [["a"]] * 5000
    with pytest.raises(StatusError, match=r"element: 5000 of .* Type: True is not"):
        read({"instances": rows}, types_pb2.DT_FLOAT)
    rows[3] = [0.5, 0.5]
    with pytest.raises(StatusError, match=r"element: 3 of .*size: 1 but got: 2"):
        read({"instances": rows}, types_pb2.DT_FLOAT)


@pytest.mark.parametrize("dtype", [types_pb2.DT_HALF, types_pb2.DT_BFLOAT16, types_pb2.DT_QINT8])
def test_dtype_without_json_is_refused(dtype):
    for document in ({"instances": [1.0]}, {"inputs": [1.0]}):
        with pytest.raises(StatusError, match="Conversion of JSON Value") as caught:
            read(document, dtype)
        assert caught.value.code is Code.UNIMPLEMENTED
    with pytest.raises(StatusError, match="JSON conversion of type"):
        write_columns({"y": tensor_pb2.TensorProto(dtype=dtype)})


@TRIED
@given(st.recursive(integers | floats | st.text(max_size=3) | st.none() | st.booleans(), st.lists))
def test_a_rest_after_the_document_changes_nothing(value):
    """What follows has it read by the parser that knows more than JSON."""
    text = json.dumps(value).encode()
    assert repr(json_text.parse(text + b" x")) == repr(json_text.parse(text))


@TRIED
@given(st.lists(st.floats(width=32) | st.integers(-(10**7), 10**7).map(float), max_size=6))
def test_floats_are_written_as_one_by_one(values):
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=values)
    proto.tensor_shape.dim.add(size=len(values))
    texts = ", ".join(map(json_by_value.float_text, proto.float_val))
    assert write_rows({"y": proto}) == f'{{"predictions": [{texts}]}}'


@TRIED
@given(st.lists(st.floats() | st.decimals(-1000, 1000, places=3).map(float), max_size=6))
def test_doubles_are_written_as_one_by_one(values):
    assert json_text.double_texts(values) == list(map(json_by_value.double_text, values))


@TRIED
@given(st.text(max_size=10) | st.text(st.characters(max_codepoint=255), max_size=10))
def test_strings_are_written_as_by_the_standard_library(text):
    assert json_text.string_text(text.encode()) == json.dumps(text, ensure_ascii=False)


def test_many_numbers_take_little_time():
    """All at once: one by one, the half of it took this."""
    rows = [[number / 784 for number in range(784)]] * 64
    body = json.dumps({"instances": rows}).encode()
    start = time.process_time()
    for _ in range(5):
        document = json_text.parse(body)
        read_tensors(document, {"x": meta_graph_pb2.TensorInfo(dtype=types_pb2.DT_FLOAT)})
    assert (time.process_time() - start) / 5 < 0.03
