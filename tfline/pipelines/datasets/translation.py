"""Pairs of sentences in two languages, from a tab-separated file of the user's.

Such as those that https://www.manythings.org/anki makes of the Tatoeba project: a sentence, a tab,
its translation, and perhaps a tab and a remark.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.splits import write_splits
from tfline.transforms.errors import DataError, SpecError

_EVAL_OF_256 = 5
"""Sentences whose first hash byte is below this go to the eval split: 2 %."""

_GZIP = b"\x1f\x8b"


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes the pairs: `source`, `target` and the number of `words` of the source, as strings.

    `words` is ``1 to 4``, ``5 to 8`` or ``9 or more``.

    Args:
        out_dir: Where ``train-*`` and ``eval-*`` go: 98 % and 2 %, by a hash of the source, so that
            all translations of a sentence are in the same split.
        source: A text file, compressed with gzip or not, or a folder that holds a single one
            called ``*.txt``, ``*.tsv`` or the same with ``.gz``.

    Returns:
        The number of records by split.

    Raises:
        SpecError: No file is given.
        DataError: The file is missing, or a line of it is no pair.
    """
    if source is None:
        raise SpecError(
            "The pairs come with no package: a tab-separated file is needed",
            hint="`tfline data translation --from spa.txt`",
        )
    splits: dict[str, list[bytes]] = {"train": [], "eval": []}
    for sentence, translation in _read_pairs(_file(source)):
        is_eval = hashlib.sha256(sentence.encode()).digest()[0] < _EVAL_OF_256
        row = {"source": sentence, "target": translation, "words": _words(sentence)}
        splits["eval" if is_eval else "train"].append(encode_example(row))
    return write_splits(out_dir, splits)


def _read_pairs(file: Path) -> Iterator[tuple[str, str]]:
    try:
        content = file.read_bytes()
        text = (gzip.decompress(content) if content.startswith(_GZIP) else content).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as exc:
        raise DataError(f"The pairs cannot be read: {exc}", where=str(file)) from exc
    for number, line in enumerate(text.rstrip("\n").split("\n"), start=1):
        sentence, translation, *_ = [part.strip() for part in line.split("\t")] + ["", ""]
        if not sentence or not translation:
            raise DataError(
                f"Expected a sentence, a tab and its translation. Received: {line!r}",
                where=f"line {number} of {file}",
            )
        yield sentence, translation


def _file(source: Path) -> Path:
    if not source.is_dir():
        return source
    files = [
        path
        for pattern in ("*.txt", "*.tsv", "*.txt.gz", "*.tsv.gz")
        for path in source.glob(pattern)
        if not path.name.startswith("_")
    ]
    if len(files) != 1:
        named = ", ".join(sorted(path.name for path in files)) or "none"
        raise DataError(
            f"Expected a single text file in the folder. Received: {named}", where=str(source)
        )
    return files[0]


def _words(sentence: str) -> str:
    count = len(sentence.split())
    if count < 5:
        return "1 to 4"
    return "5 to 8" if count < 9 else "9 or more"
