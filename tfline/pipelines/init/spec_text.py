"""The text of a spec: a line of YAML a section, and comments above that say why."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_WIDTH = 100
MOST_LINES = 15
"""So many lines of YAML a spec has at most; comments are not counted."""


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of a spec.

    Attributes:
        key: Its name.
        value: Plain values.
        comments: Lines above it.
        is_block: Whether each of its keys has a line of its own.
    """

    key: str
    value: Any
    comments: tuple[str, ...] = ()
    is_block: bool = False


def write_text(sections: Sequence[Section]) -> str:
    """Returns the spec as YAML with comments."""
    lines: list[str] = []
    for section in sections:
        for comment in section.comments:
            lines += textwrap.wrap(
                comment, _WIDTH, initial_indent="# ", subsequent_indent="#   ",
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
        lines += _section(section)
    return "\n".join(lines) + "\n"


def _section(section: Section) -> list[str]:
    if not section.is_block or not isinstance(section.value, Mapping):
        return [f"{section.key}: {_flow(section.value)}"]
    children = [f"  {_flow(key)}: {_flow(value)}" for key, value in section.value.items()]
    return [f"{section.key}:", *children]


def _flow(value: Any) -> str:
    """Returns a value on one line."""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False
    )
    return text.strip().removesuffix("\n...").strip()


def lines_of_yaml(text: str) -> int:
    """Returns how many lines of a spec are no comments."""
    return sum(
        1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )


def listed(names: Sequence[str], most: int = 12) -> str:
    """Returns names for a comment: the first of them, and how many more there are."""
    shown = ", ".join(name.replace("\n", " ") for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
