"""What a file looks like, judged by its first bytes.

Most files that are not TFRecords are something well known: naming it tells the user in one line
what went wrong.
"""

from __future__ import annotations

import json

HEAD_BYTES = 4096
"""How many of the first bytes of a file the functions here want to see."""

GZIP_MAGIC = b"\x1f\x8b"

_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
)
_FILES = (
    (GZIP_MAGIC, "gzip"),
    (b"PAR1", "Parquet"),
    (b"Obj\x01", "Avro"),
    (b"ARROW1", "Arrow"),
    (b"ORC", "ORC"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\x93NUMPY", "NumPy"),
    (b"PK\x03\x04", "ZIP"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"%PDF-", "PDF"),
)


def image_format(head: bytes) -> str | None:
    """Returns the name of the image format that `head` begins with, or None."""
    for magic, name in _IMAGES:
        if head.startswith(magic):
            return name
    return "WebP" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def file_format(head: bytes) -> str | None:
    """Returns the name of the file format that `head` looks like, or None if it is unknown.

    Args:
        head: The first bytes of a file, `HEAD_BYTES` of them if it has as many.

    Returns:
        For example ``"Parquet"``, ``"PNG"``, ``"CSV"`` or ``"text"``.
    """
    for magic, name in _FILES:
        if head.startswith(magic):
            return name
    return image_format(head) or _text_format(head)


def _text_format(head: bytes) -> str | None:
    """Returns ``"JSON"``, ``"CSV"``, ``"TSV"``, ``"text"``, or None for binary data."""
    # A character of several bytes may be cut at the end of the head: that is no sign of binary.
    text = head.decode("utf-8", errors="ignore" if len(head) >= HEAD_BYTES else "replace")
    if not text.strip() or any(ord(c) < 32 and c not in "\t\r\n" for c in text) or "\ufffd" in text:
        return None
    first_line = text.lstrip("\ufeff \r\n\t").splitlines()[0]
    if _is_json(first_line) or first_line.startswith(("{", "[")):
        return "JSON"
    if first_line.count("\t"):
        return "TSV"
    return "CSV" if first_line.count(",") or first_line.count(";") else "text"


def _is_json(line: str) -> bool:
    """Tells whether `line` is a JSON object or array, as in a file of JSON lines."""
    try:
        return isinstance(json.loads(line), dict | list)
    except ValueError:
        return False
