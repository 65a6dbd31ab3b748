"""The names of all characters, and their general category: Unicode's, as Python knows them.

Source: the Unicode Character Database, as shipped by ``unicodedata``; 138,552 names in Unicode 14
(Python 3.11), more in later versions.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from pathlib import Path

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.splits import write_splits

_EVAL_EVERY = 10
"""One name of so many of each category goes to the eval split; none of a category with less."""

_COMMON = 500
"""A script with fewer names is among the others."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes the characters: `name`, `category` (two letters) and `script`, all strings.

    The script is the first word of a name, such as LATIN, or OTHER if few begin with it.

    Args:
        out_dir: Where ``train-*`` and ``eval-*`` go: 90 % and 10 % of each category.
        source: Not used; the data comes with Python.

    Returns:
        The number of records by split.
    """
    del source
    names = {
        character: name
        for character in map(chr, range(sys.maxunicode + 1))
        if (name := unicodedata.name(character, ""))
    }
    sizes = Counter(_script(name) for name in names.values())
    splits: dict[str, list[bytes]] = {"train": [], "eval": []}
    seen: Counter[str] = Counter()
    for character, name in names.items():
        category, script = unicodedata.category(character), _script(name)
        seen[category] += 1
        record = encode_example(
            {
                "name": name,
                "category": category,
                "script": script if sizes[script] >= _COMMON else "OTHER",
            }
        )
        splits["train" if seen[category] % _EVAL_EVERY else "eval"].append(record)
    return write_splits(out_dir, splits)


def _script(name: str) -> str:
    return name.replace("-", " ").split()[0]
