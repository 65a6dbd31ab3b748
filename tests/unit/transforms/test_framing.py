"""The layout of a record, against the RFC of its checksum and the documented one."""

from __future__ import annotations

import io
import struct

import pytest

from tfline.transforms import framing


def test_masked_crc_matches_rfc_3720() -> None:
    crc = 0xE3069283  # RFC 3720, of "123456789"
    rotated = ((crc >> 15) | (crc << 17)) & 0xFFFFFFFF
    assert framing.masked_crc(b"123456789") == (rotated + 0xA282EAD8) % 2**32


def test_frame_has_the_documented_layout() -> None:
    framed = framing.frame(b"abc")
    assert struct.unpack_from("<Q", framed) == (3,)
    assert framed[12:15] == b"abc"
    assert len(framed) == 3 + framing.FRAMING_BYTES


def test_frames_are_read_one_after_the_other() -> None:
    stream = io.BytesIO(framing.frame(b"a") + framing.frame(b""))
    assert [framing.read_frame(stream) for _ in range(3)] == [b"a", b"", None]


@pytest.mark.parametrize(
    ("content", "in_header", "truncated"),
    [
        (framing.frame(b"abc")[:5], True, True),
        (b"no record, but text of some length", True, False),
        (framing.frame(b"abc")[:-1], False, True),
        (framing.frame(b"abc")[:-1] + b"x", False, False),
    ],
)
def test_error_says_where_and_how(content: bytes, in_header: bool, truncated: bool) -> None:
    with pytest.raises(framing.FrameError) as caught:
        framing.read_frame(io.BytesIO(content))
    assert (caught.value.in_header, caught.value.truncated) == (in_header, truncated)
