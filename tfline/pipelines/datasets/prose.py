"""English prose: the topics of Python's own help, from the standard library.

Source: the Python Language Reference, as shipped in `pydoc_data.topics`; another text in each
version of Python.
"""

from __future__ import annotations

from pathlib import Path

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.pieces import Pieces, cut_text
from tfline.pipelines.datasets.splits import write_splits

_PIECES = Pieces(101, overlap=1)
"""The characters of a record: each but the last is followed by one."""

_EVAL_EVERY = 10
"""One topic of so many goes to the eval split."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes pieces of the topics in their order: `text` and `topic`, both strings.

    A piece begins with the last character of the one before it. The last piece of a topic is
    shorter.

    Args:
        out_dir: Where ``train-*`` and ``eval-*`` go; no topic is in both.
        source: Not used; the text comes with Python.

    Returns:
        The number of records by split.
    """
    from pydoc_data.topics import topics

    del source
    splits: dict[str, list[bytes]] = {"train": [], "eval": []}
    for index, topic in enumerate(sorted(topics)):
        split = "eval" if index % _EVAL_EVERY == 0 else "train"
        splits[split] += [
            encode_example({"text": piece, "topic": topic})
            for piece in cut_text(topics[topic], _PIECES)
        ]
    return write_splits(out_dir, splits)
