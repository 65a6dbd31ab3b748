"""JSON Schema in words: what a value may be, for people who know YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES = {
    "boolean": "true or false",
    "integer": "an integer",
    "null": "nothing",
    "number": "a number",
    "object": "a section",
    "string": "a text",
}

_LIMITS = {
    "minimum": "{} or more",
    "exclusiveMinimum": "above {}",
    "maximum": "{} at most",
    "exclusiveMaximum": "below {}",
}


def values_in_words(schema: Schema, definitions: Schema) -> str:
    """Returns what a value may be: ``an integer, 1 or more``.

    Args:
        schema: Of the value.
        definitions: What ``$ref`` refers to, by name.
    """
    alternatives = [_single(part, definitions) for part in options(schema, definitions)]
    different = [words for words in dict.fromkeys(alternatives) if words != _TYPES["null"]]
    return ", or ".join(different) or "anything"


def options(schema: Schema, definitions: Schema) -> Iterator[Schema]:
    """Yields the alternatives of a schema, with references followed."""
    if "$ref" in schema:
        yield from options(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    elif "properties" not in schema and ("anyOf" in schema or "oneOf" in schema):
        for part in schema.get("anyOf", schema.get("oneOf", ())):
            yield from options(part, definitions)
    else:
        yield schema


def for_users(text: str) -> str:
    """Returns a description without Python's word for what a spec leaves out."""
    return text.replace("None: ", "Left out: ").replace("``", "`")


def first_sentence(text: str) -> str:
    """Returns the first sentence without its full stop; "et al." ends none."""
    return re.split(r"(?<!et al)\.\s", text, maxsplit=1)[0].rstrip(".")


def in_yaml(value: Any) -> str:
    """Returns a value as it is written in a spec."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _single(schema: Schema, definitions: Schema) -> str:
    if "const" in schema:
        return f"`{in_yaml(schema['const'])}`"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{in_yaml(value)}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return _list(schema, definitions)
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"names to {values_in_words(schema['additionalProperties'], definitions)}"
    limits = [text.format(f"{schema[name]:,}") for name, text in _LIMITS.items() if name in schema]
    return ", ".join([_TYPES.get(schema.get("type", ""), "anything"), *limits])


def _list(schema: Schema, definitions: Schema) -> str:
    if "prefixItems" in schema:
        return f"a list of {len(schema['prefixItems'])}"
    items = schema.get("items", {})
    words = values_in_words(items, definitions) if items else "anything"
    return f"a list, each {words}"
