"""An entry as text for a terminal: what the page of the reference says, word for word."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tfline.pipelines.reference.entry import Argument, Entry
from tfline.pipelines.reference.index import KINDS, entries_of, names
from tfline.pipelines.reference.words import first_sentence

WIDTH = 80


def show(entry: Entry) -> str:
    """Returns an entry in lines of at most `WIDTH` characters where its words allow."""
    lines = [f"{entry.name}  ({entry.kind})", "", *_wrapped(entry.summary, "  ")]
    for paragraph in filter(None, entry.text.split("\n\n")):
        lines += ["", *_wrapped(paragraph, "  ")]
    for title, text in entry.facts:
        lines += ["", title, *_wrapped(text, "  ")]
    if entry.arguments:
        lines += ["", "Arguments", *(line for a in entry.arguments for line in _argument(a))]
    if entry.example is not None:
        lines += ["", "Example", *(f"  {line}" for line in entry.example.text.splitlines())]
    return "\n".join(lines)


def show_names() -> str:
    """Returns the names of all entries, kind by kind."""
    lines = ["tfline help NAME explains one of these, such as auc, train or train.epochs."]
    for kind, of_kind in KINDS.items():
        # the sections of a spec stand for what is in them
        listed = [name for name in names()[kind] if kind != "key" or "." not in name]
        lines += ["", of_kind.title, *_wrapped(", ".join(listed), "  ")]
    return "\n".join(lines)


def show_keys(section: str) -> str:
    """Returns a line for each key of a section; empty if it has none."""
    entries = [entry for entry in entries_of("key") if entry.name.startswith(f"{section}.")]
    width = max((len(entry.name) for entry in entries), default=0) + 2
    lines = []
    for entry in entries:
        summary = first_sentence(_plain(entry.summary))
        indent = " " * (width + 2)
        first, *more = _wrapped(summary, indent) or [""]
        lines += [f"  {entry.name:<{width}}{first.strip()}", *more]
    return "\n".join(lines)


def _argument(argument: Argument) -> Iterator[str]:
    said = ", ".join(filter(None, (argument.values, _given(argument))))
    yield f"  {argument.name}  {_plain(said)}".rstrip()
    yield from _wrapped(argument.text, "      ")


def _given(argument: Argument) -> str:
    if argument.required:
        return "required"
    return "" if argument.default is None else f"default {argument.default}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        _plain(text), WIDTH, initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())
