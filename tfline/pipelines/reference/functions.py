"""Entries of transforms and models: from their signatures and docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from tfline.components.trainer import models as trainer_models
from tfline.pipelines.reference import examples
from tfline.pipelines.reference.entry import Argument, Entry, Example
from tfline.pipelines.reference.words import in_yaml, values_in_words
from tfline.transforms import table
from tfline.transforms.arguments import arguments_schema
from tfline.transforms.docstrings import Docstring, read_docstring
from tfline.transforms.kinds import KINDS, kinds_of

_FACTS = ("Returns", "Raises")


def transforms() -> Sequence[Entry]:
    """Returns an entry for each transform."""
    return [
        _entry("transform", name, family, transform, _flow(transform), examples.of_transform)
        for family, members in table.FAMILIES.items()
        for name, transform in members.items()
    ]


def models() -> Sequence[Entry]:
    """Returns an entry for each model."""
    return [
        _entry("model", name, family, build, (), examples.of_model)
        for family, members in trainer_models.FAMILIES.items()
        for name, build in members.items()
    ]


def _entry(
    kind: str,
    name: str,
    family: str,
    function: Callable[..., Any],
    facts: tuple[tuple[str, str], ...],
    example: Callable[[str], str],
) -> Entry:
    docstring = read_docstring(function.__doc__)
    shown = docstring.sections.get("Example") or example(name)
    return Entry(
        kind=kind,
        name=name,
        summary=docstring.summary,
        text=docstring.text,
        facts=(*_inputs(docstring), *facts, *_sections(docstring)),
        arguments=_arguments(function),
        example=Example(shown),
        family=family,
    )


def _inputs(docstring: Docstring) -> tuple[tuple[str, str], ...]:
    """Returns what goes in: ``x`` of a transform, ``features`` of a model."""
    found = docstring.arguments
    return tuple(("Input", found[name]) for name in ("x", "features") if name in found)


def _flow(transform: Callable[..., Any]) -> tuple[tuple[str, str], ...]:
    """Returns what a transform takes and gives, and what may come after it."""
    takes, gives = kinds_of(transform)
    facts = [("Takes", takes), ("Gives", gives)]
    said = [(title, f"{kind}: {KINDS[kind]}") for title, kind in facts if kind is not None]
    following = [name for name, other in table.TRANSFORMS.items() if kinds_of(other).takes == gives]
    if gives is not None:
        said.append(("Followed by", ", ".join(f"`{name}`" for name in following) or "nothing"))
    return tuple(said)


def _sections(docstring: Docstring) -> tuple[tuple[str, str], ...]:
    found = docstring.sections
    return tuple((name, " ".join(found[name].split())) for name in _FACTS if name in found)


def _arguments(function: Callable[..., Any]) -> tuple[Argument, ...]:
    schema = arguments_schema(function)
    definitions, required = schema.get("$defs", {}), schema.get("required", ())
    signature = inspect.signature(function).parameters
    return tuple(
        Argument(
            name=name,
            values=values_in_words(field, definitions),
            default=in_yaml(field["default"]) if "default" in field else _shared(name in signature),
            text=field.get("description", ""),
            required=name in required,
        )
        for name, field in schema.get("properties", {}).items()
    )


def _shared(is_own: bool) -> str | None:
    """Returns the default of an option that models share: each has its own."""
    return None if is_own else "the model's own"
