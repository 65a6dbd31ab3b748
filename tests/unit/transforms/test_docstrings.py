"""What is read of a docstring, and that the schema of a spec says what each key is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfline.pipelines.spec import json_schema
from tfline.transforms.docstrings import read_class, read_docstring
from tfline.transforms.features import FrozenModel

TEXT = """Cuts a text.

    It goes on
    for two lines.

    Args:
        length: How many tokens; of what is longer,
            the rest is cut.
        **options: Of the layers.

    Returns:
        int64 [batch, length].

    Example:
        a: {b: 1}
          c: 2
    """


def test_docstring_is_taken_apart():
    found = read_docstring(TEXT)
    assert found.summary == "Cuts a text."
    assert found.text == "It goes on\nfor two lines."
    assert found.arguments == {
        "length": "How many tokens; of what is longer, the rest is cut.",
        "options": "Of the layers.",
    }
    assert found.sections == {"Returns": "int64 [batch, length].", "Example": "a: {b: 1}\n  c: 2"}
    assert read_docstring(None).summary == ""


class Base(FrozenModel):
    """A base.

    Attributes:
        first: Of the base.
        second: Of the base, too.
    """

    first: int = 1
    second: int = 2


class Derived(Base):
    """A class with a base.

    Attributes:
        second: Of the class.
    """


def test_class_takes_what_it_does_not_say_from_its_base():
    assert read_class(Derived).arguments == {"first": "Of the base.", "second": "Of the class."}
    schema = Derived.model_json_schema()
    assert schema["description"] == "A class with a base."
    assert schema["properties"]["second"]["description"] == "Of the class."


def properties(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        if "$ref" not in field:
            yield from properties(field, f"{path}.{name}")
    for alternative in schema.get("anyOf", []):
        yield from properties(alternative, path)


def test_schema_describes_every_key_for_the_editor():
    schema = json_schema()
    found = dict(properties(schema))
    for name, definition in schema["$defs"].items():
        assert "Attributes:" not in definition.get("description", ""), name
        found |= properties(definition, name)
    named = ("name", "features")  # the name of a choice; the raw features of a transform
    silent = [
        path
        for path, field in found.items()
        if not {"description", "$ref"} & field.keys() and path.rpartition(".")[2] not in named
    ]
    choices = ("loss.", "optimizer.", "schedule.")  # each a model with a description of its own
    assert [path for path in silent if not path.startswith(choices)] == []
