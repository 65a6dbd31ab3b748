"""What there is to say of one name: a transform, a model, a key of the spec, a command."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Literal

Language = Literal["yaml", "sh"]


@dataclasses.dataclass(frozen=True)
class Argument:
    """An argument of a transform, or a flag of a command.

    Attributes:
        name: As it is written.
        values: What it may be, in words; empty: nothing follows it.
        default: As it is written; None: there is none.
        text: What it does.
        required: Whether it has to be given.
    """

    name: str
    values: str
    default: str | None
    text: str
    required: bool = False

    @property
    def given(self) -> str:
        """What holds if it is left out, in words."""
        return "required" if self.required else self.default or ""


@dataclasses.dataclass(frozen=True)
class Example:
    """Something to copy that runs.

    Attributes:
        text: A part of a spec, or commands.
        language: What it is.
    """

    text: str
    language: Language = "yaml"


@dataclasses.dataclass(frozen=True)
class Entry:
    """A name with all that is known of it.

    Attributes:
        kind: What it is: a name of `tfline.pipelines.reference.index.KINDS`.
        name: As it is written in a spec or on the command line.
        summary: One line.
        text: More paragraphs; may be empty.
        facts: Pairs of a heading and what is under it, in a line or a few.
        arguments: In the order of the code.
        example: None: there is nothing to copy.
        family: What it is listed under; empty: its kind is one list.
    """

    kind: str
    name: str
    summary: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    arguments: tuple[Argument, ...] = ()
    example: Example | None = None
    family: str = ""


Makers = Mapping[str, Callable[[], Entry]]
"""The names of a kind, each with what makes its entry: a name is found before any is made."""
