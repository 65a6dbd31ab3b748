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

import google_crc32c

LENGTH = struct.Struct("<Q")
CRC = struct.Struct("<I")
HEADER = struct.Struct("<QI")
FRAMING_BYTES = HEADER.size + CRC.size
"""What a record takes in a file beside its own bytes."""

_MASK_DELTA = 0xA282EAD8


def masked_crc(data: bytes) -> int:
    """Returns the CRC-32C of `data`, rotated and shifted as TFRecord stores it."""
    crc: int = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def frame(record: bytes) -> bytes:
    """Returns `record` with the length and the checksums that go around it in a file."""
    length = LENGTH.pack(len(record))
    return b"".join((length, CRC.pack(masked_crc(length)), record, CRC.pack(masked_crc(record))))
