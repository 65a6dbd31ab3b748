"""A vocabulary of byte pairs as the model file of SentencePiece, whose operator reads texts.

The model file is a message of ``sentencepiece_model.proto`` (Kudo and Richardson 2018); its few
fields that matter are written here, so that no other package is needed.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final

SPACE: Final = "\u2581"
"""What stands for a space in a vocabulary."""

_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
_BPE = 2
_NEVER_MERGED = -1e9
_FIXED32, _BYTES, _VARINT = 5, 2, 0


def byte_pair_model(
    vocabulary: Mapping[str, int],
    merges: Sequence[tuple[str, str]],
    unknown: str,
    controls: Sequence[str],
) -> bytes:
    """Returns the model file for a vocabulary that was merged from pairs.

    Args:
        vocabulary: The index of each piece; bytes are written ``<0x0A>``.
        merges: The pairs that become a piece, the first ones first.
        unknown: The piece for what is not in the vocabulary.
        controls: Pieces that no text has, such as its beginning.

    Raises:
        ValueError: The indices leave one out.
    """
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    if [vocabulary[piece] for piece in pieces] != list(range(len(pieces))):
        raise ValueError("expected indices from 0 on, none left out")
    rank: dict[str, int] = {}
    for place, (first, second) in enumerate(merges):
        rank.setdefault(first + second, place)
    parts = []
    for piece in pieces:
        score = float(-rank[piece]) if piece in rank else _NEVER_MERGED
        kind = _kind(piece, unknown, controls)
        parts.append(_field(1, _field(1, piece.encode()) + _field(2, score) + _field(3, kind)))
    trainer = _field(3, _BPE) + _field(4, len(pieces)) + _field(35, 1)  # 35: bytes as a last resort
    trainer += _field(40, vocabulary[unknown]) + _field(41, -1) + _field(42, -1) + _field(43, -1)
    # 3: a space before the text; 4: several spaces stay several; 5: a space is a piece
    normalizer = _field(1, b"identity") + _field(3, 1) + _field(4, 0) + _field(5, 1)
    return b"".join([*parts, _field(2, trainer), _field(3, normalizer)])


def _kind(piece: str, unknown: str, controls: Sequence[str]) -> int:
    if piece == unknown:
        return _UNKNOWN
    if piece in controls:
        return _CONTROL
    return _BYTE if len(piece) == len("<0x00>") and piece.startswith("<0x") else _NORMAL


def _field(number: int, value: bytes | int | float) -> bytes:
    """Returns a field of a message as it is on the wire."""
    if isinstance(value, float):
        return _varint(number << 3 | _FIXED32) + struct.pack("<f", value)
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value % (1 << 64))
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
