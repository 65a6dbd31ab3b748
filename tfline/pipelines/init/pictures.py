"""How large pictures are, by their first bytes; nothing is decoded."""

from __future__ import annotations

import statistics
import struct

from tfline.components.example_gen.sniff import image_format
from tfline.pipelines.init.columns import Column

SIDES = (28, 32, 64, 96, 128)
"""The sides to which pictures are brought; larger ones take long."""

_LOOKED_AT = 200
_GREY = (0, 4)
"""The colour types of grey PNGs, without transparency and with."""


def picture_size(column: Column) -> tuple[int, int, int]:
    """Returns the height, width and channels that suit the pictures of a column."""
    found = [_header(value) for value in column.flat[:_LOOKED_AT] if isinstance(value, bytes)]
    known = [header for header in found if header is not None]
    if not known:
        return 64, 64, 3
    least = statistics.median(min(height, width) for height, width, _ in known)
    side = max((side for side in SIDES if side <= least), default=SIDES[0])
    return side, side, max(channels for _, _, channels in known)


def _header(data: bytes) -> tuple[int, int, int] | None:
    """Returns height, width and channels; None if they are not told in the usual place."""
    try:
        return _HEADERS[image_format(data) or ""](data)
    except (KeyError, struct.error, IndexError):
        return None


def _png(data: bytes) -> tuple[int, int, int]:
    width, height, _, colour = struct.unpack(">IIBB", data[16:26])
    return height, width, 1 if colour in _GREY else 3


def _gif(data: bytes) -> tuple[int, int, int]:
    width, height = struct.unpack("<HH", data[6:10])
    return height, width, 3


def _bmp(data: bytes) -> tuple[int, int, int]:
    width, height = struct.unpack("<ii", data[18:26])
    return abs(height), width, 3


def _jpeg(data: bytes) -> tuple[int, int, int]:
    """Returns what the start-of-frame segment says (ITU-T T.81, B.2.2)."""
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width, components = struct.unpack(">HHB", data[at + 5 : at + 10])
            return height, width, 1 if components == 1 else 3
        at += 2 + length
    raise IndexError("no start of frame")


_HEADERS = {"PNG": _png, "GIF": _gif, "BMP": _bmp, "JPEG": _jpeg}
