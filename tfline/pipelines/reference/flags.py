"""Entries of the server's flags."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tfline.pipelines.reference.entry import Argument, Entry, Example
from tfline.pipelines.reference.words import in_yaml
from tfline.serving.server.flags import Flags

_VALUES = {"bool": "true or false", "int": "an integer", "float": "a number", "str": "a text"}


def entries() -> Sequence[Entry]:
    """Returns an entry for each flag."""
    return [_entry(field) for field in dataclasses.fields(Flags)]


def _entry(field: dataclasses.Field[object]) -> Entry:
    kind, default = str(field.type), in_yaml(field.default)
    value = default if field.default not in ("", False) else {"bool": "true"}.get(kind, "FILE")
    return Entry(
        kind="flag",
        name=field.name,
        summary=f"{field.metadata['description']}.",
        arguments=(Argument(f"--{field.name}", _VALUES[kind], default, "See above."),),
        example=Example(f"python -m tfline.serving.server --{field.name}={value}", "sh"),
    )
