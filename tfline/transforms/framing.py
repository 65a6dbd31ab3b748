"""How records stand in a TFRecord file; the only place that knows.

    uint64  length            little-endian
    uint32  masked CRC-32C    of the 8 bytes of length
    byte    data[length]
    uint32  masked CRC-32C    of data

The layout is that of ``tensorflow/core/lib/io/record_writer.h``. It is here, below components and
model server, because both write and read such files, and neither may need the other.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

import google_crc32c

_LENGTH = struct.Struct("<Q")
CRC = struct.Struct("<I")
HEADER = struct.Struct("<QI")
FRAMING_BYTES = HEADER.size + CRC.size
"""What a record takes in a file beside its own bytes."""

_MASK_DELTA = 0xA282EAD8


class FrameError(Exception):
    """A record cannot be read.

    Args:
        what: What is wrong with it.
        in_header: Whether it is wrong before the data: the file may be something else.
        truncated: Whether the file ends too early; else a checksum does not match.
    """

    def __init__(self, what: str, *, in_header: bool, truncated: bool) -> None:
        super().__init__(what)
        self.what = what
        self.in_header = in_header
        self.truncated = truncated


def masked_crc(data: bytes) -> int:
    """Returns the CRC-32C of `data`, rotated and shifted as TFRecord stores it."""
    return _masked(google_crc32c.value(data))


def _masked(crc: int) -> int:
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def is_framed(head: bytes) -> bool:
    """Tells whether a file that begins with `head` is a TFRecord file, by its first checksum."""
    if len(head) < HEADER.size:
        return False
    _, crc = HEADER.unpack(head[: HEADER.size])
    return bool(masked_crc(head[: _LENGTH.size]) == crc)


def frame_parts(parts: Sequence[bytes]) -> list[bytes]:
    """Returns what stands in a file for a record that is given in parts, without copying them."""
    if len(parts) == 1:
        return [frame(parts[0])]
    length = _LENGTH.pack(sum(map(len, parts)))
    crc = 0
    for part in parts:
        crc = google_crc32c.extend(crc, part)
    return [length, CRC.pack(masked_crc(length)), *parts, CRC.pack(_masked(crc))]


def frame(record: bytes) -> bytes:
    """Returns `record` with the length and the checksums that go around it in a file."""
    length = _LENGTH.pack(len(record))
    return b"".join((length, CRC.pack(masked_crc(length)), record, CRC.pack(masked_crc(record))))


def read_frame(stream: BinaryIO) -> bytes | None:
    """Returns the next record of a file, both checksums verified; None at its end.

    Raises:
        FrameError: The record is cut off, or a checksum does not match.
    """
    header = stream.read(HEADER.size)
    if not header:
        return None
    if len(header) < HEADER.size:
        raise FrameError("The file is truncated inside a header", in_header=True, truncated=True)
    length, length_crc = HEADER.unpack(header)
    if masked_crc(header[: _LENGTH.size]) != length_crc:
        raise FrameError(
            "The checksum of the length does not match", in_header=True, truncated=False
        )
    body = stream.read(length + CRC.size)
    if len(body) < length + CRC.size:
        raise FrameError(
            f"The file is truncated: {length:,} bytes of data are announced",
            in_header=False,
            truncated=True,
        )
    record = body[:length]
    if masked_crc(record) != CRC.unpack(body[length:])[0]:
        raise FrameError(
            "The checksum of the data does not match", in_header=False, truncated=False
        )
    return record
