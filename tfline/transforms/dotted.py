"""Functions that a spec names: a line of a table, or the dotted path of the user's own."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from tfline.transforms.errors import SpecError, did_you_mean

NOTEBOOK_PACKAGE = "tfline_notebook"
"""The package of modules that are written for functions of a notebook; no other machine has it."""


def find_function(
    name: str, table: Mapping[str, Callable[..., Any]], what: str
) -> Callable[..., Any]:
    """Returns the function called `name`.

    Args:
        name: A name of `table`, or the dotted path of a function.
        table: The functions that have a short name.
        what: What they are, to be named in an error: ``transform``, ``model``.

    Raises:
        SpecError: There is no such function, or its module cannot be imported.
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
        found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    except Exception as exc:  # the user's module may raise anything
        raise SpecError(
            f"{what.capitalize()} '{name}' cannot be imported: {type(exc).__name__}: {exc}",
            hint="Install the package it is in, or run from the folder that holds it.",
        ) from exc
    return found
