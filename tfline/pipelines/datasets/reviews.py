"""Film reviews, good or bad, from files of the user's: the Large Movie Review Dataset.

Source: A. L. Maas et al., Learning Word Vectors for Sentiment Analysis, ACL 2011: the folder
``aclImdb`` as it is distributed, or samples of it as CSV files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tfline.components.example_gen.example_proto import Value, encode_example
from tfline.pipelines.datasets.csv_table import read_table
from tfline.pipelines.datasets.splits import write_splits
from tfline.transforms.errors import DataError, SpecError

_SPLITS = {"train": "train", "eval": "test"}
_LABELS = {"neg": 0, "pos": 1}
_LONG = 200
"""A review of so many words or more is long."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes the reviews: `text` (string), `label` (int64, 1: good), `length` (short or long).

    Args:
        out_dir: Where ``train-*`` and ``eval-*`` go; the latter holds the reviews for testing.
        source: A folder with ``train/pos/*.txt``, ``train/neg``, ``test/pos`` and ``test/neg``;
            or with CSV files, compressed with gzip or not, whose names hold ``train`` or ``test``
            and whose columns `text` and `label`.

    Returns:
        The number of records by split.

    Raises:
        SpecError: No folder is given.
        DataError: It does not hold the reviews, or a file cannot be read.
    """
    if source is None:
        raise SpecError(
            "The reviews come with no package: a folder is needed",
            hint="`tfline data reviews --from aclImdb`",
        )
    return write_splits(
        out_dir,
        {split: map(_encode, _rows(source, name)) for split, name in _SPLITS.items()},
    )


def _encode(row: dict[str, Value]) -> bytes:
    text = str(row["text"])
    length = "long" if len(text.split()) >= _LONG else "short"
    return encode_example({"text": text, "label": row["label"], "length": length})


def _rows(folder: Path, name: str) -> Iterator[dict[str, Value]]:
    """Yields `text` and `label` of the reviews of ``train`` or ``test``."""
    if (folder / name).is_dir():
        yield from _read_texts(folder / name)
        return
    tables = sorted(folder.glob(f"*{name}*.csv")) + sorted(folder.glob(f"*{name}*.csv.gz"))
    if not tables:
        raise DataError(
            f"The folder holds neither {name}/pos and {name}/neg nor a {name} CSV file",
            where=str(folder),
        )
    yield from read_table(tables, {"text": "string", "label": "int"})


def _read_texts(folder: Path) -> Iterator[dict[str, Value]]:
    for name, label in _LABELS.items():
        files = sorted((folder / name).glob("*.txt"))
        if not files:
            raise DataError("The folder holds no *.txt files", where=str(folder / name))
        for file in files:
            yield {"text": file.read_text(encoding="utf-8"), "label": label}
