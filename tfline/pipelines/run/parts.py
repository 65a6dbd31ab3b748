"""What a component's result depends on, part by part, and the fingerprint of all parts.

TFX's cache key holds the dotted path of the code that runs, never its content, so an edit would
hit a stale cache. Here each component gets the content of every source file that it reaches, the
versions of the packages that compute in it, its section of the spec and the files it reads; the
key is made of all of them. The parts are kept, so that it can be told which one changed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal


@dataclasses.dataclass(frozen=True, order=True)
class Part:
    """One thing that a result depends on.

    Attributes:
        kind: A source file, a data or weight file, an installed package, or a value of the spec.
        name: The module, the file, the package, or the path in the spec: ``train.epochs``.
        value: A digest of the content, a version, or the value as JSON.
        role: What a file is for: ``data.train``, ``model``.
    """

    kind: Literal["source", "file", "package", "setting"]
    name: str
    value: str
    role: str = ""

    @property
    def label(self) -> str:
        """What it is called in a message."""
        prefix = {"source": "source", "package": "package", "file": self.role, "setting": ""}
        return f"{prefix[self.kind]} {self.name}".strip()


Parts = tuple[Part, ...]
"""Everything that something depends on."""


def digest(parts: Iterable[Part]) -> str:
    """Returns the fingerprint of all parts; their order does not matter."""
    return combined({part.label: part.value for part in parts})


def combined(digests: Mapping[str, str]) -> str:
    """Returns one digest of several."""
    text = json.dumps(dict(digests), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def settings(name: str, value: Any) -> Parts:
    """Returns a part for every leaf of a JSON value, named by its path below `name`."""
    if isinstance(value, Mapping) and value:
        return tuple(
            part for key, child in value.items() for part in settings(f"{name}.{key}", child)
        )
    return (Part("setting", name, json.dumps(value, ensure_ascii=False)),)


def all_settings(spec: Mapping[str, Any]) -> Parts:
    """Returns a part for every leaf of a whole spec."""
    return tuple(part for key, value in spec.items() for part in settings(key, value))


def find_setting(parts: Iterable[Part], name: str) -> Any:
    """Returns the value of a setting; None if it is not among the parts."""
    for part in parts:
        if part.kind == "setting" and part.name == name:
            return json.loads(part.value)
    return None


@dataclasses.dataclass(frozen=True)
class Change:
    """A part that differs between two plans.

    Attributes:
        before: None if the part is new.
        after: None if the part is gone.
    """

    before: Part | None
    after: Part | None

    @property
    def part(self) -> Part:
        """The part, as it is now if it still is."""
        found = self.after or self.before
        if found is None:
            raise ValueError("A change is from or to something")
        return found

    def __str__(self) -> str:
        part = self.part
        if self.before is None:
            return f"{part.label} is new: {_short(part.value)}"
        if self.after is None:
            return f"{part.label} is gone, was {_short(part.value)}"
        if part.kind == "source":
            return f"{part.label} was edited"
        before, after = self.before.value, self.after.value
        if part.kind == "setting" and (items := _items(before, after)):
            return f"{part.label}: {items}"
        return f"{part.label}: {_short(before)} -> {_short(after)}"


_LONGEST = 80
"""Characters of a value that are shown."""

_SHOWN_ITEMS = 3
"""Items of a list that are shown."""


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."


def _items(before: str, after: str) -> str:
    """Returns which items of a long list of a setting have come and gone; empty if it is none."""
    if len(before) + len(after) <= _LONGEST or not (
        before.startswith("[") and after.startswith("[")
    ):
        return ""
    old, new = json.loads(before), json.loads(after)
    told = []
    for word, items, others in (("without", old, new), ("with", new, old)):
        found = [_name(item) for item in items if item not in others]
        more = f" and {len(found) - _SHOWN_ITEMS} more" if len(found) > _SHOWN_ITEMS else ""
        if found:
            told.append(f"{word} {', '.join(found[:_SHOWN_ITEMS])}{more}")
    return ", ".join(told) or "in another order"


def _name(item: Any) -> str:
    """Returns what an item of a list is called."""
    named = item.get("name") or item.get("key") if isinstance(item, Mapping) else None
    return named if isinstance(named, str) else _short(json.dumps(item, ensure_ascii=False))


def changes(before: Iterable[Part], after: Iterable[Part]) -> list[Change]:
    """Returns every part that differs, by its label."""
    old = {part.label: part for part in before}
    new = {part.label: part for part in after}
    return [
        Change(old.get(label), new.get(label))
        for label in sorted({*old, *new})
        if old.get(label) != new.get(label)
    ]
