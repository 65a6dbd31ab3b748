"""Spans: data that comes in numbered portions, such as a folder a day.

``{SPAN}`` in a pattern stands for the number, as in TFX's ExampleGen; without a number in the
spec it is the newest for which every split has files.
"""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Iterable, Mapping, Sequence

from tfline.transforms.errors import DataError

SPAN = "{SPAN}"


def at_span(patterns: Mapping[str, Sequence[str]], span: int | None) -> dict[str, list[str]]:
    """Returns patterns with a number in the place of ``{SPAN}``.

    Args:
        patterns: Patterns by split.
        span: The number; None: the largest that there is.

    Raises:
        DataError: No span, or not this one, has files for every pattern.
    """
    names = [pattern for group in patterns.values() for pattern in group if SPAN in pattern]
    found = {pattern: _spans(pattern) for pattern in names}
    common = set.intersection(*map(set, found.values())) if found else set()
    if names and not common:
        raise DataError(
            "No span has files for every pattern", ", ".join(names), _hint(found.values())
        )
    if names and span is not None and span not in common:
        raise DataError(f"There is no span {span}", ", ".join(names), _hint(found.values()))
    number = max(common, default=0) if span is None else span
    return {
        split: [
            pattern.replace(SPAN, found[pattern][number]) if pattern in found else pattern
            for pattern in group
        ]
        for split, group in patterns.items()
    }


def _spans(pattern: str) -> dict[int, str]:
    """Returns the numbers for which files match, each as it is written: ``007`` for 7."""
    marker = "SPAN"
    expression = fnmatch.translate(pattern.replace(SPAN, marker))
    head, _, tail = expression.partition(marker)
    matcher = re.compile(f"{head}([0-9]+){tail.replace(marker, '[0-9]+')}")
    matches = map(matcher.match, glob.glob(pattern.replace(SPAN, "[0-9]*")))
    return {int(match[1]): match[1] for match in matches if match}


def _hint(found: Iterable[Mapping[int, str]]) -> str:
    numbers = sorted({number for spans in found for number in spans})
    return f"There are: {', '.join(map(str, numbers)) or 'none'}."
