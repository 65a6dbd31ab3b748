"""Entries of the server's flags."""

from __future__ import annotations

import dataclasses
from functools import partial

from tfline.pipelines.reference.entry import Argument, Entry, Example, Makers
from tfline.pipelines.reference.words import in_yaml
from tfline.serving.server.flags import Flags

_VALUES = {"bool": "true or false", "int": "an integer", "float": "a number", "str": "a text"}

_EXAMPLES = {"bool": "true", "int": "1", "float": "0.5", "str": "FILE"}
"""Values for flags whose default is none."""


def flags() -> Makers:
    """Returns the flags."""
    return {field.name: partial(_entry, field) for field in dataclasses.fields(Flags)}


def _entry(field: dataclasses.Field[object]) -> Entry:
    kind, default = str(field.type), in_yaml(field.default)
    value = _EXAMPLES[kind] if not field.default else default
    return Entry(
        kind="flag",
        name=field.name,
        summary=f"{field.metadata['description']}.",
        arguments=(Argument(f"--{field.name}", _VALUES[kind], default, ""),),
        example=Example(f"python -m tfline.serving.server --{field.name}={value}", "sh"),
    )
