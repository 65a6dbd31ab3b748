"""Formats are told by the first bytes of a file."""

from __future__ import annotations

import pytest

from tfline.components.example_gen import sniff


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x1f\x8b\x08", "gzip"),
        (b"PAR1....", "Parquet"),
        (b"\x89PNG\r\n\x1a\n....", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"RIFF\x00\x00\x00\x00WEBP", "WebP"),
        (b'{"a": 1}\n{"a": 2}\n', "JSON"),
        (b"[\n  1,\n  2\n]", "JSON"),
        (b"a,b\n1,2\n", "CSV"),
        ("\ufeffgr\u00f6\u00dfe;farbe\n1;2\n".encode(), "CSV"),
        (b"a\tb\n1\t2\n", "TSV"),
        (b"just words\n", "text"),
        (b"\x00\x01\x02", None),
        (b"", None),
        (b"\xff\xfe\xfa", None),
    ],
)
def test_file_format_is_named_for_first_bytes(head: bytes, name: str | None) -> None:
    assert sniff.file_format(head) == name


def test_file_format_is_text_when_a_character_is_cut_at_the_end() -> None:
    head = ("a" * (sniff.HEAD_BYTES - 1) + "\u00e4").encode()[: sniff.HEAD_BYTES]
    assert sniff.file_format(head) == "text"


def test_image_format_is_none_for_other_files() -> None:
    assert sniff.image_format(b"PAR1") is None
