"""Entries of transforms and models: from their signatures and docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from tfline.components.trainer import models as trainer_models
from tfline.pipelines.reference import examples
from tfline.pipelines.reference.entry import Argument, Entry, Example, Makers
from tfline.pipelines.reference.words import Schema, for_users, in_yaml, values_in_words
from tfline.transforms import table
from tfline.transforms.arguments import arguments_schema
from tfline.transforms.docstrings import read_docstring
from tfline.transforms.kinds import KINDS, kinds_of
from tfline.transforms.table import TRANSFORMS


def transforms() -> Makers:
    """Returns the transforms."""
    return {
        name: partial(_transform, name, family, transform)
        for family, members in table.FAMILIES.items()
        for name, transform in members.items()
    }


def models() -> Makers:
    """Returns the models."""
    return {
        name: partial(_model, name, family, build)
        for family, members in trainer_models.FAMILIES.items()
        for name, build in members.items()
    }


def _transform(name: str, family: str, transform: Callable[..., Any]) -> Entry:
    docstring = read_docstring(transform.__doc__)
    takes, gives = kinds_of(transform)
    following = [other for other, after in TRANSFORMS.items() if kinds_of(after).takes == gives]
    return Entry(
        kind="transform",
        name=name,
        summary=docstring.summary,
        text=for_users(docstring.text),
        facts=(
            ("Takes", _flow(takes, docstring.arguments.get("x", ""))),
            ("Gives", _flow(gives, docstring.sections.get("Returns", ""))),
            ("Followed by", ", ".join(f"`{other}`" for other in following) or "nothing"),
        ),
        arguments=_arguments(transform),
        example=Example(docstring.sections.get("Example") or examples.of_transform(name)),
        family=family,
    )


def _model(name: str, family: str, build: Callable[..., Any]) -> Entry:
    docstring = read_docstring(build.__doc__)
    return Entry(
        kind="model",
        name=name,
        summary=docstring.summary,
        text=for_users(docstring.text),
        facts=(("Features", for_users(docstring.arguments["features"])),),
        arguments=_arguments(build),
        example=Example(docstring.sections.get("Example") or examples.of_model(name)),
        family=family,
    )


def _flow(kind: str | None, text: str) -> str:
    """Returns the kind of tensors that flow in or out, and what the docstring says of them."""
    said = for_users(" ".join(text.split())) or KINDS[str(kind)]
    return said if kind is None else f"{kind}: {said}"


def _arguments(function: Callable[..., Any]) -> tuple[Argument, ...]:
    schema = arguments_schema(function)
    definitions, required = schema.get("$defs", {}), schema.get("required", ())
    signature = inspect.signature(function).parameters
    return tuple(
        Argument(
            name=name,
            values=values_in_words(field, definitions),
            default=_default(field, is_own=name in signature),
            text=for_users(field.get("description", "")),
            required=name in required,
        )
        for name, field in schema.get("properties", {}).items()
    )


def _default(field: Schema, is_own: bool) -> str | None:
    """Returns the default of an argument; an option that models share has one in each of them."""
    if not is_own:
        return "the model's own"
    return None if field.get("default") is None else in_yaml(field["default"])
