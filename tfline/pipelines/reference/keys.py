"""Entries of the keys of a spec: from its JSON Schema, which editors read, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tfline.pipelines.reference import examples
from tfline.pipelines.reference.entry import Entry, Example
from tfline.pipelines.reference.words import Schema, in_yaml, options, values_in_words
from tfline.pipelines.spec import json_schema

_NAMED = {"loss": "losses", "optimizer": "optimizers", "schedule": "schedules"}
"""Keys whose value is chosen by name: what can be named has entries of its own."""

_FORMS = ("features", "model", "label.transform", "features.NAME.transform")
"""Sections whose keys are the names of transforms or models."""


def entries() -> Sequence[Entry]:
    """Returns an entry for each key, sections before what is in them."""
    schema = json_schema()
    return list(_walk(schema, "", schema["$defs"]))


def _walk(section: Schema, path: str, definitions: Schema) -> Iterator[Entry]:
    """Yields the keys of a section, each followed by those below it."""
    for name, value in section.get("properties", {}).items():
        yield from _key(f"{path}{name}", name in section.get("required", ()), value, definitions)


def _key(path: str, required: bool, value: dict[str, Any], definitions: Schema) -> Iterator[Entry]:
    below = [] if _is_named(path) else list(_below(path, value, definitions))
    yield Entry(
        kind="key",
        name=path,
        summary=_summary(value, definitions),
        text=_text(value, definitions),
        facts=tuple(_facts(path, required, value, definitions)),
        example=Example(examples.of_key(path, value, definitions)),
        family=path.partition(".")[0],
    )
    yield from below


def _below(path: str, value: Schema, definitions: Schema) -> Iterator[Entry]:
    """Yields the keys below a key: those of a section, of its named members or of its items."""
    seen: set[str] = set()
    for part in options(value, definitions):
        inner = [(f"{path}.", part)]
        if isinstance(part.get("additionalProperties"), dict):
            members = options(part["additionalProperties"], definitions)
            inner += [(f"{path}.NAME.", member) for member in members]
        if isinstance(part.get("items"), dict):
            inner += [(f"{path}.", item) for item in options(part["items"], definitions)]
        for prefix, section in inner:
            if prefix == f"{path}." and path in _FORMS:
                continue  # the names of transforms or models
            for entry in _walk(section, prefix, definitions):
                if entry.name not in seen:
                    seen.add(entry.name)
                    yield entry


def _is_named(path: str) -> bool:
    last = path.rpartition(".")[2]
    of_steps = path == "kubernetes.steps"  # the same keys once more
    return last in _NAMED or of_steps or path in ("model", "label.transform") or (
        path.startswith("features.NAME.") and last == "transform"
    )


def _summary(value: Schema, definitions: Schema) -> str:
    if "description" in value:
        return str(value["description"])
    found = (part.get("description", "") for part in options(value, definitions))
    return next(filter(None, found), "").split("\n\n")[0]


def _text(value: Schema, definitions: Schema) -> str:
    """Returns what the section itself says, beside the description of the key."""
    parts = [part["description"] for part in options(value, definitions)
             if "properties" in part and "description" in part]  # fmt: skip
    return parts[0] if len(parts) == 1 and parts[0] != _summary(value, definitions) else ""


def _facts(
    path: str, required: bool, value: Schema, definitions: Schema
) -> Iterator[tuple[str, str]]:
    last = path.rpartition(".")[2]
    if last in _NAMED and path.startswith("train."):
        yield "Values", f"a name among the {_NAMED[last]}, or `{{name: {{arguments}}}}`"
    else:
        yield "Values", values_in_words(value, definitions)
    if required:
        yield "Default", "required"
    elif value.get("default") is not None:
        yield "Default", f"`{in_yaml(value['default'])}`"
