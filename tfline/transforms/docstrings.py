"""Reads Google docstrings: what the code says of itself is what users read of it.

The JSON Schema of a spec, `tfline help` and the pages of the reference take the description of an
argument from here, so that it is written once, beside the argument.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Mapping

_SECTIONS = ("Args", "Attributes", "Example", "Raises", "Returns", "Yields")
_NAMED = ("Args", "Attributes")
_HEADING = re.compile(rf"^({'|'.join(_SECTIONS)}):$", re.MULTILINE)
_ARGUMENT = re.compile(r"^\*{0,2}(\w+)(?: \([^)]*\))?: *", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Docstring:
    """The parts of a docstring.

    Attributes:
        summary: Its first line.
        text: What follows up to the first section; may be empty.
        arguments: Of the sections `Args` and `Attributes`: name to description, on one line.
        sections: The other sections by their heading, without their indentation.
    """

    summary: str = ""
    text: str = ""
    arguments: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sections: Mapping[str, str] = dataclasses.field(default_factory=dict)


def read_docstring(text: str | None) -> Docstring:
    """Takes a docstring apart; one that is not there has no parts."""
    head, *rest = _HEADING.split(inspect.cleandoc(text or ""))
    summary, _, body = head.strip().partition("\n\n")
    arguments: dict[str, str] = {}
    sections: dict[str, str] = {}
    for name, content in zip(rest[::2], rest[1::2], strict=True):
        content = textwrap.dedent(content.strip("\n")).strip()
        if name in _NAMED:
            arguments |= _read_arguments(content)
        else:
            sections[name] = content
    return Docstring(" ".join(summary.split()), body.strip(), arguments, sections)


def read_class(kind: type) -> Docstring:
    """Reads the docstring of a class; arguments that it does not name are those of its bases."""
    own = read_docstring(kind.__doc__)
    arguments: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not base.__module__.startswith(("builtins", "pydantic")):
            arguments |= read_docstring(base.__doc__).arguments
    return dataclasses.replace(own, arguments=arguments)


def _read_arguments(content: str) -> dict[str, str]:
    """Reads ``name: description``, whose further lines are indented."""
    _, *parts = _ARGUMENT.split(content)
    return {
        name: " ".join(description.split())
        for name, description in zip(parts[::2], parts[1::2], strict=True)
    }
