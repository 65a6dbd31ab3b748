"""A YAML document that remembers where each of its values was written.

Every error about a spec names the line, or the ``--set`` override, that it comes from.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tfline.transforms.errors import SpecError

Path_ = tuple[str | int, ...]

_DEEPEST = 50
"""No spec is nested so deeply, unless an alias leads back into its own anchor."""


class _Loader(yaml.SafeLoader):
    """Reads 1e-3 as a number, as YAML 1.2 and JSON do; PyYAML's YAML 1.1 reads a text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"),
    [*"-+0123456789"],
)


@dataclasses.dataclass(frozen=True)
class Document:
    """A parsed YAML file with overrides.

    Attributes:
        source: The file.
        data: Its content.
        places: Where each value was written, by the path of keys and indices that leads to it.
    """

    source: Path | str
    data: dict[str, Any]
    places: dict[Path_, str]

    @classmethod
    def of(cls, data: Mapping[str, Any], source: str) -> Document:
        """Returns the document of a spec that was not written in YAML.

        Args:
            data: What the YAML would say, in plain values: mappings, lists, texts and numbers.
            source: Where it was written, in words.
        """
        document = cls(source, {}, {})
        document.change(data, source)
        return document

    def change(self, sections: Mapping[str, Any], source: str) -> None:
        """Sets sections; the keys of a section that are left out stay as they are.

        Args:
            sections: By name. `model` and `features` are set as a whole: what they hold are no
                settings but names.
            source: Where it was written, in words.
        """
        for name, value in sections.items():
            known = self.data.get(name)
            merged = isinstance(known, dict) and isinstance(value, Mapping)
            if merged and name not in _NAMES:
                for key, child in value.items():
                    self.set((name, key), child, source)
            else:
                self.set((name,), value, source)

    def set(self, path: Sequence[str | int], value: Any, source: str) -> None:
        """Sets the value at a path, and where it was written."""
        section: Any = self.data
        for key in path[:-1]:
            section = section[key]
        section[path[-1]] = value
        for below in [place for place in self.places if place[: len(path)] == tuple(path)]:
            del self.places[below]
        for depth in range(len(path)):
            self.places[tuple(path[: depth + 1])] = source
        _note_value(value, tuple(path), source, self.places)

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

    def known(self, path: Sequence[str | int]) -> tuple[str | int, ...]:
        """Returns the parts of a path that the document has, without what a reader puts between."""
        known: tuple[str | int, ...] = ()
        for part in path:
            if (*known, part) in self.places:
                known = (*known, part)
        return known

    def place(self, path: Sequence[str | int]) -> str:
        """Returns where the value at `path` was written, or the nearest one around it."""
        known = self.known(path)
        where = self.places.get(known, f"{self.source}:1")
        dotted = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in known).lstrip(".")
        return f"{where}, {dotted}" if dotted else where

    def mention(self, name: str) -> str:
        """Returns the first place that names a raw feature; empty if none does."""
        values = {path: self._value(path) for path in self.places}
        whole = [path for path, value in values.items() if name in (value, path[-1])]
        word = re.compile(rf"\b{re.escape(name)}\b")  # in a formula or a condition
        texts = {path: value for path, value in values.items() if isinstance(value, str)}
        parts = [path for path, text in texts.items() if word.search(text)]
        return next(map(self.place, (*whole, *parts)), "")

    def _value(self, path: Path_) -> Any:
        value: Any = self.data
        for key in path:
            value = value[key]
        return value


_NAMES = frozenset({"model", "features"})


def _note_value(value: Any, path: Path_, source: str, places: dict[Path_, str]) -> None:
    """Fills `places` for everything in a value."""
    children: Any = ()
    if isinstance(value, Mapping):
        children = value.items()
    elif isinstance(value, list | tuple):
        children = enumerate(value)
    for key, child in children:
        places[(*path, key)] = source
        _note_value(child, (*path, key), source, places)


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
        node = yaml.compose(text, Loader=_Loader)
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
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError) as exc:  # a tag, a date or a key that Python cannot hold
        raise SpecError(f"Not valid YAML: {exc}", str(source)) from exc
    document = Document(source, data, places)
    for override in overrides:
        _override(document, override)
    return document


def _note_places(
    node: yaml.Node, path: Path_, source: Path | str, places: dict[Path_, str]
) -> None:
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
        node = yaml.compose(text, Loader=_Loader)
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as exc:
        raise SpecError(f"The value is not valid YAML: {exc}", where) from exc
    if node is not None:
        _note_places(node, (), where, {})  # refuses a key that is there twice
    *parents, last = _path(dotted)
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
    document.set((*parents, last), value, where)


def _path(dotted: str) -> list[str]:
    """Returns the keys that a dotted path names; below `tune.over` a key is a path itself."""
    over = "tune.over."
    if dotted.startswith(over) and dotted != over:
        return ["tune", "over", dotted.removeprefix(over)]
    return dotted.split(".")
