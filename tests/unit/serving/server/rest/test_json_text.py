from __future__ import annotations

import contextlib
import json
import math
import struct
import time

import pytest

from tfline.serving.server.rest.json_text import (
    double_texts,
    encode,
    float_texts,
    parse,
    string_text,
)
from tfline.serving.server.status import StatusError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"),
        (0.5, "0.5"),
        (struct.unpack("f", struct.pack("f", 0.1))[0], "0.1"),
        (struct.unpack("f", struct.pack("f", 1 / 3))[0], "0.333333343"),
        (1e20, "1e+20"),
        (-0.0, "-0.0"),
        (123456.0, "123456.0"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_float_has_the_shortest_digits_that_suffice(value, text):
    assert float_texts([value]) == [text]


def test_double_needs_up_to_17_digits():
    assert double_texts([0.1, 1 / 3]) == ["0.1", "0.33333333333333331"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"[Infinity, -Infinity]", [math.inf, -math.inf]),
        (b'[Inf, -Inf, "Inf"]', [math.inf, -math.inf, "Inf"]),
        (b' {"a": 1} and more', {"a": 1}),
        (b"[-9223372036854775809, 1] x", [-(2.0**63), 1]),
    ],
)
def test_what_json_does_not_know_is_read(text, value):
    assert parse(text) == value


def test_pairs_of_surrogates_are_one_character():
    assert parse(rb'["\ud83d\ude00"]') == ["\U0001f600"]


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"  ", b"{", b"\xff", b"[" * 100_000, b"1" * 400, b"1" * 5000),
        *(rb'["\ud83d"]', rb'{"\uDE00": 1}', rb'["\ude00\ud83d"]'),
    ],
)
def test_broken_text_is_an_error(text):
    with pytest.raises(StatusError, match="JSON Parse error"):
        parse(text)


DEEP = b"[" * 500_000 + b"]" * 500_000


def test_unused_key_may_be_nested_however_deep():
    document = parse(b'{"unused": ' + DEEP + b', "a": "]}", "b": [[1]]}')
    assert (document["a"], document["b"]) == ("]}", [[1]])


@pytest.mark.parametrize(
    "text", [b'{"a":' * 500_000, b"[" + DEEP[:-1]], ids=["open", "closed too little"]
)
def test_deep_and_broken_text_is_an_error(text):
    with pytest.raises(StatusError, match="JSON Parse error"):
        parse(text)


def test_any_bytes_survive_in_a_string():
    text = b'\xff"\n\xc3\xa9'
    assert encode(string_text(text)) == b'"\xff\\"\\n\xc3\xa9"'
    assert json.loads(string_text("é\u2028".encode())) == "é\u2028"


MEBIBYTE = 2**20


@pytest.mark.parametrize("text", [b"[" * 2**24, b"[Inf, " + b'"", ' * 2**22 + b"0]"])
def test_large_text_is_not_looked_through_for_what_is_rare(text):
    start = time.process_time()
    with pytest.raises(StatusError, match="JSON Parse error"):
        parse(text)
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": Inf, "b": "' + b'\\"' * (MEBIBYTE // 2),
        b'{"a": Inf, "b": "' + b'"\\' * (MEBIBYTE // 2),
        b'{"a": Inf, "b": "' + b'\\\n"' * (MEBIBYTE // 3),
        b"[" * 2000 + b'"' + b'\\"' * (MEBIBYTE // 2),
        b"[Inf, " + b"-" * MEBIBYTE,
        b"[Inf, " + b"Inf " * (MEBIBYTE // 4),
        b'{"a": Inf, "b": ' + b'"" ' * (MEBIBYTE // 3),
        b"[" + b"1" * MEBIBYTE + b".5" + b"]",
        b'{"a":' * (MEBIBYTE // 5),
    ],
    ids=["escapes", "quotes", "lines", "deep", "minus", "words", "strings", "number", "nested"],
)
def test_time_is_linear_in_the_text(text):
    start = time.process_time()
    with contextlib.suppress(StatusError):
        parse(text)
    assert time.process_time() - start < 1.0
