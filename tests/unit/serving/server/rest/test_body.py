"""What REST requests may have in memory."""

from __future__ import annotations

import gzip

import pytest

from tfline.serving.server.rest.body import Memory, Share, TooLargeError, unpacked
from tfline.serving.server.status import Code, StatusError

GZIP = [(b"content-encoding", b"gzip")]


def test_what_a_request_has_is_given_back() -> None:
    memory = Memory(100)
    for _ in range(3):
        with Share(memory) as share:
            share.take(60)
            share.take(40)


def test_one_request_has_to_wait_for_others_but_not_for_itself() -> None:
    memory = Memory(100)
    with Share(memory) as first, Share(memory) as second:
        first.take(60)
        with pytest.raises(StatusError, match="under way have more than 100 bytes") as caught:
            second.take(60)
        assert caught.value.code is Code.RESOURCE_EXHAUSTED
        assert not isinstance(caught.value, TooLargeError)
        with pytest.raises(TooLargeError, match="--rest_api_max_total_bytes"):
            first.take(41)
    with Share(memory) as third:
        third.take(100)


def test_unpacked_bytes_are_those_of_the_request() -> None:
    memory = Memory(100_000)
    with Share(memory) as share:
        body = gzip.compress(b" " * 60_000)
        assert len(unpacked(body, GZIP, 80_000, share)) == 60_000
        with Share(memory) as other, pytest.raises(StatusError, match="under way"):
            unpacked(body, GZIP, 80_000, other)


@pytest.mark.parametrize(
    ("text", "least"),
    [
        (b"[" + b"[]," * 999 + b"[]]", 72_000),
        (b"[" + b'{"a": 0},' * 999 + b"{}]", 190_000),
        (b"[" + b'"ab",' * 999 + b'""]', 72_000),
        (b"[" + b"1.5," * 999 + b"1.5]", 40_000),
    ],
)
def test_values_are_counted(text: bytes, least: int) -> None:
    """As much as they take, measured with 2,000,000 of each; not three times as much."""
    with Share(Memory(least)) as share, pytest.raises(TooLargeError):
        share.take_document(text)
    with Share(Memory(3 * least)) as share:
        share.take_document(text)
