"""Entries of what is chosen by name inside `train`: losses, optimizers and schedules."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any

from tfline.components.trainer.losses import AnyLoss, Loss
from tfline.components.trainer.named import OwnCode
from tfline.components.trainer.optimizers import AnyOptimizer, Optimizer
from tfline.components.trainer.schedules import AnySchedule
from tfline.pipelines.reference import examples
from tfline.pipelines.reference.entry import Argument, Entry, Example
from tfline.pipelines.reference.words import in_yaml, values_in_words
from tfline.transforms.docstrings import read_class
from tfline.transforms.features import FrozenModel


def losses() -> Sequence[Entry]:
    """Returns an entry for each loss."""
    return [_entry("loss", kind) for kind in members(AnyLoss)]


def optimizers() -> Sequence[Entry]:
    """Returns an entry for each optimizer."""
    return [_entry("optimizer", kind) for kind in members(AnyOptimizer)]


def schedules() -> Sequence[Entry]:
    """Returns an entry for each schedule."""
    return [_entry("schedule", kind) for kind in members(AnySchedule)]


def members(choice: Any) -> list[type[FrozenModel]]:
    """Returns the models of an annotation such as `AnyLoss`, without the user's own code."""
    union = typing.get_args(choice)[0]
    return [kind for kind in typing.get_args(union) if kind is not OwnCode]


def _entry(what: str, kind: type[FrozenModel]) -> Entry:
    name: str = kind.model_fields["name"].default
    docstring = read_class(kind)
    return Entry(
        kind=what,
        name=name,
        summary=docstring.summary,
        text=docstring.text,
        facts=_facts(kind),
        arguments=_arguments(kind),
        example=Example(examples.of_choice(what, kind)),
    )


def _facts(kind: type[FrozenModel]) -> tuple[tuple[str, str], ...]:
    if issubclass(kind, Loss):
        return (("Tasks", ", ".join(f"`{task}`" for task in sorted(kind.tasks))),)
    if issubclass(kind, Optimizer):
        return (("Learning rate", f"`train.learning_rate`; by default {kind.default_rate:g}"),)
    return ()


def _arguments(kind: type[FrozenModel]) -> tuple[Argument, ...]:
    schema = kind.model_json_schema()
    definitions, required = schema.get("$defs", {}), schema.get("required", ())
    return tuple(
        Argument(
            name=name,
            values=values_in_words(field, definitions),
            default=in_yaml(field["default"]) if field.get("default") is not None else None,
            text=field.get("description", ""),
            required=name in required,
        )
        for name, field in schema["properties"].items()
        if name != "name"
    )
