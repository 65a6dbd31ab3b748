"""A YAML document that remembers where each of its values was written.

Every error about a spec names the line, or the ``--set`` override, that it comes from.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tfline.transforms.errors import SpecError

Path_ = tuple[str | int, ...]

_DEEPEST = 50
"""No spec is nested so deeply, unless an alias leads back into its own anchor."""


@dataclasses.dataclass(frozen=True)
class Document:
    """A parsed YAML file with overrides.

    Attributes:
        source: The file.
        data: Its content.
        places: Where each value was written, by the path of keys and indices that leads to it.
    """

    source: Path
    data: dict[str, Any]
    places: dict[Path_, str]

    def places_below(self, section: str) -> dict[str, str]:
        """Returns where each value of a section was written, by its dotted path."""
        return {
            ".".join(map(str, path)): where
            for path, where in self.places.items()
            if path[0] == section
        }

    def as_json(self) -> str:
        """Returns the content as JSON, which is YAML too."""
        return json.dumps(self.data, ensure_ascii=False, default=str)

    def place(self, path: Sequence[str | int]) -> str:
        """Returns where the value at `path` was written, or the nearest one around it."""
        known: list[str | int] = []
        for part in path:
            if (*known, part) in self.places:
                known.append(part)
        where = self.places.get(tuple(known), f"{self.source}:1")
        dotted = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in known).lstrip(".")
        return f"{where}, {dotted}" if dotted else where


def read_document(source: Path, overrides: Sequence[str] = ()) -> Document:
    """Reads a YAML file and applies overrides.

    Args:
        source: The file.
        overrides: Each ``key.path=value``, the value in YAML.

    Raises:
        SpecError: The file cannot be read, is no YAML mapping, or names a key twice; or an
            override has no ``=`` or leads into something that is no section.
    """
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SpecError(f"The spec cannot be read: {exc}", str(source)) from exc
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise SpecError(f"Not valid YAML: {exc.problem}", f"{source}:{line}") from exc
    except yaml.YAMLError as exc:
        raise SpecError(f"Not valid YAML: {exc}", str(source)) from exc
    if not isinstance(node, yaml.MappingNode):
        raise SpecError("A spec is a mapping of sections such as `data:` and `features:`",
                        f"{source}:1")  # fmt: skip
    places: dict[Path_, str] = {}
    _note_places(node, (), source, places)
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as exc:  # a tag, a date or a key that Python cannot hold
        raise SpecError(f"Not valid YAML: {exc}", str(source)) from exc
    document = Document(source, data, places)
    for override in overrides:
        _override(document, override)
    return document


def _note_places(node: yaml.Node, path: Path_, source: Path, places: dict[Path_, str]) -> None:
    """Fills `places` for the tree under `node`; refuses keys that are there twice."""
    if len(path) > _DEEPEST:
        raise SpecError("Not valid YAML: a value contains itself", f"{source}:1")
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            places[(*path, index)] = f"{source}:{child.start_mark.line + 1}"
            _note_places(child, (*path, index), source, places)
    elif isinstance(node, yaml.MappingNode):
        for key_node, child in node.value:
            key, where = key_node.value, f"{source}:{key_node.start_mark.line + 1}"
            if not isinstance(key, str):
                raise SpecError("Not valid YAML: a key is a name", where)
            if (*path, key) in places:
                raise SpecError(
                    f"The key '{key}' is there twice; the first is at {places[(*path, key)]}",
                    where,
                )
            places[(*path, key)] = where
            _note_places(child, (*path, key), source, places)


def _override(document: Document, override: str) -> None:
    """Sets one ``key.path=value`` in the document's data."""
    where = f"--set {override}"
    dotted, equals, text = override.partition("=")
    if not equals or not dotted:
        raise SpecError("An override reads key.path=value", where)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise SpecError(f"The value is not valid YAML: {exc}", where) from exc
    *parents, last = dotted.split(".")
    section: Any = document.data
    for depth, key in enumerate(parents):
        section = section.setdefault(key, {})
        if not isinstance(section, dict):
            name = ".".join(parents[: depth + 1])
            raise SpecError(
                f"`{name}` is no section but {section!r}",
                where,
                f"Write its long form into the spec, or set `{name}` as a whole.",
            )
    section[last] = value
    path = (*parents, last)
    for below in [place for place in document.places if place[: len(path)] == path]:
        del document.places[below]
    for depth in range(len(path)):
        document.places[path[: depth + 1]] = where
