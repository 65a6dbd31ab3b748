"""Functions that a spec names: a line of a table, or the dotted path of the user's own."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.greetings import without_greetings

NOTEBOOK_PACKAGE = "tfline_notebook"
"""The package of modules that are written for functions of a notebook; no other machine has it."""


def find_function(
    name: str,
    table: Mapping[str, Callable[..., Any]],
    what: str,
    takes: Sequence[str] = (),
) -> Callable[..., Any]:
    """Returns the function called `name`.

    Args:
        name: A name of `table`, or the dotted path of a function.
        table: The functions that have a short name.
        what: What they are, to be named in an error: ``transform``, ``model``.
        takes: What they are called with, by position; empty: that is not looked at.

    Raises:
        SpecError: There is no such function, its module cannot be imported, or it cannot be called
            with what it is to take.
    """
    if name in table:
        return table[name]
    module, _, function = name.rpartition(".")
    if not module:
        raise SpecError(f"Unknown {what} '{name}'", hint=did_you_mean(name, table))
    if module == "__main__":
        raise SpecError(
            f"{what.capitalize()} '{name}' cannot be imported: `__main__` is another module in "
            "every process",
            hint="Put it into a module. In Python the function itself can be given, too: "
            "`tfline.Pipeline(model=build, ...)`.",
        )
    try:
        with without_greetings():
            found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    except Exception as exc:  # the user's module may raise anything
        raise SpecError(
            f"{what.capitalize()} '{name}' cannot be imported: {type(exc).__name__}: {exc}",
            hint="Install the package it is in, or run from the folder that holds it.",
        ) from exc
    if takes and callable(found) and not _takes(found, len(takes)):
        wanted = f"def {function}({', '.join(takes)}, *, ...)"
        raise SpecError(
            f"{what.capitalize()} '{name}' is called with {' and '.join(takes)}, and takes "
            f"{inspect.signature(found)}",
            hint=f"Write `{wanted}`: the arguments that a spec gives come behind the star.",
        )
    return found


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Tells whether a function can be called with so many positional arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # of C, which does not say
        return True
    kinds = inspect.Parameter
    placed = [
        p for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    ]
    needed = sum(parameter.default is kinds.empty for parameter in placed)
    endless = any(parameter.kind is kinds.VAR_POSITIONAL for parameter in parameters)
    return needed <= count and (endless or count <= len(placed))
