"""Long texts in pieces: a record each, in their order, with the document that it is of.

A network that reads or writes texts takes so many characters or words at a time. Pieces of one
document tell of each other, above all where they overlap; so each names its document, by which
records can be divided: ``split: {by: group, feature: document}``.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import Value
from tfline.transforms.errors import DataError, SpecError, did_you_mean

Row = dict[str, Value]

DOCUMENT, PIECE, TEXT = "document", "piece", "text"
"""The raw features of a piece, beside the columns of its row: its document, its place in that from
0 on, and the text itself where the documents are files."""

_WORD = re.compile(r"\S+")


@dataclasses.dataclass(frozen=True)
class Pieces:
    """How texts are cut.

    Attributes:
        size: How many characters or words a piece has at most.
        overlap: With how many of those that end a piece the next one begins. A text that is learned
            to be continued needs one, since the last of a piece has nothing after it.
        by: What is counted. Words end at white space, and what stands between two is kept.
        text: The column of a table that holds the texts; None: each input file is one.
        document: The column that names the document of a row; None: each row is one.

    Raises:
        SpecError: A number is out of range.
    """

    size: int
    overlap: int = 0
    by: Literal["character", "word"] = "character"
    text: str | None = None
    document: str | None = None

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.overlap < self.size:
            raise SpecError(
                "Invalid pieces of a text. Expected a size of 1 or more, and an overlap of 0 or "
                f"more and below the size. Received: size {self.size}, overlap {self.overlap}"
            )
        if self.document is not None and self.text is None:
            raise SpecError(
                "A column that names the document needs a table",
                hint="Name the column of the texts, too: `--text COLUMN`.",
            )


def cut_text(text: str, pieces: Pieces) -> Iterator[str]:
    """Yields the pieces of a text; the last one may be shorter, and holds something new.

    Args:
        text: Of any length; an empty one has no piece.
        pieces: How it is cut.
    """
    if pieces.by == "word":
        spans = [match.span() for match in _WORD.finditer(text)]
    else:
        spans = [(place, place + 1) for place in range(len(text))]
    step = pieces.size - pieces.overlap
    for first in range(0, max(len(spans) - pieces.overlap, min(len(spans), 1)), step):
        last = min(first + pieces.size, len(spans)) - 1
        yield text[spans[first][0] : spans[last][1]]


def cut_rows(rows: Iterable[Row], pieces: Pieces) -> Iterator[Row]:
    """Yields a record for each piece of the text of each row; a row without one has none.

    Args:
        rows: Documents, or the rows of a table.
        pieces: How their texts are cut.

    Yields:
        The columns of the row with the piece in the place of the text; ``document`` and ``piece``.

    Raises:
        DataError: There is no such column, it holds no text, or one has the name of another.
    """
    column = pieces.text or TEXT
    counts: dict[Value, int] = {}
    for number, row in enumerate(rows):
        _check(row, column, pieces)
        text = row[column]
        if text is None:
            continue
        if not isinstance(text, str):
            raise DataError(
                f"The column '{column}' holds no text, but {text!r}", where=f"row {number + 1}"
            )
        named = pieces.document or (DOCUMENT if pieces.text is None else None)
        document = number if named is None else row[named]
        for piece in cut_text(text, pieces):
            place = counts.get(document, 0)
            counts[document] = place + 1
            yield {**row, column: piece, DOCUMENT: document, PIECE: place}


def _check(row: Row, column: str, pieces: Pieces) -> None:
    """Raises a DataError when a row lacks what is needed, or has what it would be given."""
    for name in filter(None, (column, pieces.document)):
        if name not in row:
            raise DataError(f"There is no column '{name}'", hint=did_you_mean(name, row))
    if pieces.text is None:
        return
    taken = {PIECE, DOCUMENT} - {pieces.document}
    if taken & row.keys():
        raise DataError(
            f"The column '{min(taken & row.keys())}' has a name that pieces need themselves",
            hint=f"If it names the documents: `--document {DOCUMENT}`.",
        )


def read_documents(inputs: Sequence[Path]) -> Iterator[Row]:
    """Yields each text file as ``text``, and as ``document`` its name without the ending.

    Args:
        inputs: Files in UTF-8, compressed with gzip or not; or folders, of which all files named
            ``.txt`` are read, whose names are then relative to it.

    Raises:
        DataError: There is no file, it cannot be read, is empty or is not UTF-8, or two have one
            name.
    """
    names: dict[str, Path] = {}
    for path in inputs:
        found = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
        if not found:
            raise DataError("The folder holds no text file (*.txt).", where=str(path))
        for file in found:
            relative = file.relative_to(path) if path.is_dir() else Path(file.name)
            name = str(relative.with_suffix(""))
            if name in names:
                raise DataError(
                    f"Two files make the document '{name}': {names[name]} and {file}",
                    hint="Give them different names, or the folder that holds both.",
                )
            names[name] = file
    for name, file in names.items():
        yield {TEXT: _read(file), DOCUMENT: name}


def _read(file: Path) -> str:
    with tfrecord.open_decompressed(str(file)) as stream:
        content = stream.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise DataError(
            f"The text is not UTF-8: {exc}", str(file), f"`iconv -t UTF-8 {file}` converts it."
        ) from exc
    if not text.strip():
        raise DataError("The file holds no text.", where=str(file))
    return text
