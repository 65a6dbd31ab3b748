"""Entries of the keys of a spec: from its JSON Schema, which editors read, too."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tfline.pipelines.reference import examples
from tfline.pipelines.reference.entry import Entry, Example, Makers
from tfline.pipelines.reference.words import Schema, for_users, in_yaml, options, values_in_words
from tfline.pipelines.spec import PipelineSpec
from tfline.pipelines.spec.feature_forms import named_feature_json_schema

_NAMED = {"loss": "losses", "optimizer": "optimizers", "schedule": "schedules"}
"""Keys of `train` whose value is chosen by name: what can be named has entries of its own."""

_FORMS = ("model", "label.transform", "features.NAME.transform", "kubernetes.steps")
"""Keys whose own keys are not listed: names of models or transforms, or listed elsewhere."""


def keys() -> Makers:
    """Returns the keys, sections before what is in them."""
    schema = PipelineSpec.model_json_schema()
    features = schema["properties"]["features"]
    features["additionalProperties"] = named_feature_json_schema({})
    definitions = schema["$defs"]
    return {
        path: partial(_entry, path, is_required, value, definitions)
        for path, is_required, value in _walk(schema, "", definitions)
    }


def _walk(
    section: Schema, prefix: str, definitions: Schema
) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Yields the path, whether it is required, and the schema of each key of a section."""
    for name, value in section.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield path, name in section.get("required", ()), value
        if path not in _FORMS and not path.startswith("train.") and name != "name":
            for below, at in _sections(value, definitions):
                yield from _walk(below, f"{path}.{at}", definitions)


def _sections(value: Schema, definitions: Schema) -> Iterator[tuple[Schema, str]]:
    """Yields the sections that a value may be or hold, and the path to what is in them."""
    for part in options(value, definitions):
        yield part, ""
        if isinstance(part.get("additionalProperties"), dict):
            members = options(part["additionalProperties"], definitions)
            yield from ((member, "NAME.") for member in members)
        if isinstance(part.get("items"), dict):
            yield from ((item, "") for item in options(part["items"], definitions))


def _entry(path: str, is_required: bool, value: dict[str, Any], definitions: Schema) -> Entry:
    example = examples.of_key(path, value, definitions)
    return Entry(
        kind="key",
        name=path,
        summary=for_users(_summary(value, definitions)),
        text=for_users(_text(value, definitions)),
        facts=tuple(_facts(path, is_required, value, definitions)),
        example=Example(example) if example else None,
        family=path.partition(".")[0],
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
    path: str, is_required: bool, value: Schema, definitions: Schema
) -> Iterator[tuple[str, str]]:
    last = path.rpartition(".")[2]
    if last in _NAMED and path.startswith("train."):
        yield "Values", f"a name among the {_NAMED[last]}, or `{{name: {{arguments}}}}`"
    else:
        yield "Values", values_in_words(value, definitions)
    if is_required:
        yield "Default", "required"
    elif value.get("default") is not None:
        yield "Default", f"`{in_yaml(value['default'])}`"
