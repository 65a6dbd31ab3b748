"""Entries of what is chosen by name inside `train`: losses, optimizers and schedules."""

from __future__ import annotations

import typing
from functools import partial
from typing import Any

from tfline.components.trainer.losses import AnyLoss
from tfline.components.trainer.losses.loss import Loss
from tfline.components.trainer.named import OwnCode
from tfline.components.trainer.optimizers import AnyOptimizer, Optimizer
from tfline.components.trainer.schedules import AnySchedule
from tfline.pipelines.reference import examples
from tfline.pipelines.reference.entry import Argument, Entry, Example, Makers
from tfline.pipelines.reference.words import for_users, in_yaml, values_in_words
from tfline.transforms.docstrings import read_class
from tfline.transforms.features import FrozenModel


def losses() -> Makers:
    """Returns the losses."""
    return _makers("loss", AnyLoss)


def optimizers() -> Makers:
    """Returns the optimizers."""
    return _makers("optimizer", AnyOptimizer)


def schedules() -> Makers:
    """Returns the schedules."""
    return _makers("schedule", AnySchedule)


def members(choice: Any) -> list[type[FrozenModel]]:
    """Returns the models of an annotation such as `AnyLoss`, without the user's own code."""
    union = typing.get_args(choice)[0]
    return [kind for kind in typing.get_args(union) if not issubclass(kind, OwnCode)]


def _makers(what: str, choice: Any) -> Makers:
    return {
        kind.model_fields["name"].default: partial(_entry, what, kind) for kind in members(choice)
    }


def _entry(what: str, kind: type[FrozenModel]) -> Entry:
    name: str = kind.model_fields["name"].default
    docstring = read_class(kind)
    return Entry(
        kind=what,
        name=name,
        summary=docstring.summary,
        text=for_users(docstring.text),
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
            text=for_users(field.get("description", "")),
            required=name in required,
        )
        for name, field in schema["properties"].items()
        if name != "name"
    )
