"""Examples of the reference: made from signatures and schemas, so that none is out of date.

An argument that has to be given has a value in its annotation, ``Field(examples=[...])``, or one
that follows from its type.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tfline.components.trainer.models import FAMILIES as MODEL_FAMILIES
from tfline.components.trainer.models import MODELS
from tfline.metrics.table import Metric
from tfline.pipelines.reference.words import Schema, options
from tfline.transforms.arguments import arguments_schema
from tfline.transforms.features import FrozenModel
from tfline.transforms.kinds import kinds_of
from tfline.transforms.table import SEVERAL, TRANSFORMS

Section = dict[str, Any]

RAW = {
    "Numbers": "fare",
    "Strings": "company",
    "Bytes": "picture",
    "Tokens": "tags",
    "Series": "load",
    "Times": "pickup_time",
}
"""By what a transform takes, the name of a raw feature that has it."""

_ENDS = ("Numbers", "Gapped", "Indices", "Vector", "Image", "Text")
"""What a model takes."""

_FOREIGN = ("decode_raw", "expression")
"""Transforms that need something that the raw features of `RAW` are not."""

_PICTURE: Section = {"picture": {"transform": [{"decode_image": {"size": [64, 64]}}, "rescale"]}}
_REVIEW: Section = {"review": {"transform": {"text_vectorization": {"length": 50}}}}

_FOR_MODELS: Mapping[str, Section] = {
    "tables": {
        "label": "big_tipper",
        "features": {"z_score": ["fare"], "string_lookup": ["company"]},
    },
    "trees": {
        "label": "big_tipper",
        "features": {"keep_missing": ["fare"], "string_lookup": ["company"]},
    },
    "images": {"label": "kind", "features": _PICTURE},
    "series": {
        "label": {"key": "ahead", "task": "forecast"},
        "features": {"load": {"transform": ["z_score_steps", {"window": {"length": 24}}]}},
    },
    "forecasts that repeat": {
        "label": {"key": "load_ahead", "task": "forecast", "horizon": 6},
        "features": {"load": {"transform": {"window": {"length": 48}}}},
    },
    "texts": {"label": "sentiment", "features": _REVIEW},
    "texts to write": {
        "label": {"key": "target", "task": "text"},
        "features": {"source": {"transform": {"text_vectorization": {"length": 20}}}},
    },
}
"""By the family of a model, a label and features that it is for."""


def in_yaml(document: Section) -> str:
    """Returns sections as people write them: short ones on a line, others one key a line."""
    lines = []
    for name, value in document.items():
        flat = f"{name}: {_flow(value)}"
        if len(flat) <= 76 or not isinstance(value, Mapping):
            lines.append(flat)
            continue
        lines.append(f"{name}:")
        lines += [f"  {key}: {_flow(inner)}" for key, inner in value.items()]
    return "\n".join(lines)


def _flow(value: Any) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...")


def of_transform(name: str) -> str:
    """Returns the section `features` with a feature that ends in what a model takes."""
    if name == "expression":
        return in_yaml(
            {"features": {"speed": {"formula": "miles / hours", "transform": "z_score"}}}
        )
    before, after = _way_to(name), _way_from(name)
    steps = [_step(step) for step in (*before, name, *after)]
    first = (*before, name)[0]
    if first in SEVERAL:
        keys = (
            ["miles", "hours"]
            if kinds_of(TRANSFORMS[first]).takes == "Numbers"
            else ["company", "area"]
        )
        return in_yaml({"features": {"both": {"key": keys, "transform": _single(steps)}}})
    raw = RAW.get(kinds_of(TRANSFORMS[first]).takes or "Numbers", "fare")
    if len(steps) > 1:
        return in_yaml({"features": {raw: {"transform": steps}}})
    if isinstance(steps[0], str):
        return in_yaml({"features": {name: [raw]}})
    return in_yaml({"features": {name: {"features": [raw], **steps[0][name]}}})


def _single(steps: list[Any]) -> Any:
    return steps[0] if len(steps) == 1 else steps


def _step(name: str) -> str | Section:
    arguments = required_arguments(arguments_schema(TRANSFORMS[name]))
    return {name: arguments} if arguments else name


def _way_to(name: str) -> tuple[str, ...]:
    """Returns the fewest steps from a raw feature to what a transform takes."""
    takes = kinds_of(TRANSFORMS[name]).takes
    if takes in RAW or takes is None:
        return ()
    firsts = [
        step
        for step in TRANSFORMS
        if kinds_of(TRANSFORMS[step]).takes in RAW and step not in _FOREIGN
    ]
    return _fewest([(step,) for step in firsts], {takes})


def _way_from(name: str) -> tuple[str, ...]:
    """Returns the fewest steps from what a transform gives to what a model takes."""
    return _fewest([(name,)], {*_ENDS, None})[1:]


def _fewest(ways: list[tuple[str, ...]], ends: Collection[str | None]) -> tuple[str, ...]:
    """Returns the shortest way that begins as one of `ways` and gives one of `ends`; () if none."""
    queue, seen = deque(ways), set()
    while queue:
        way = queue.popleft()
        gives = kinds_of(TRANSFORMS[way[-1]]).gives
        if gives in ends:
            return way
        if gives not in seen:
            seen.add(gives)
            queue.extend((*way, step) for step in _after(gives))
    return ()


def _after(kind: str | None) -> Iterator[str]:
    return (name for name, function in TRANSFORMS.items() if kinds_of(function).takes == kind)


def of_model(name: str) -> str:
    """Returns the sections `label`, `features` and `model`."""
    [family] = [family for family, members in MODEL_FAMILIES.items() if name in members]
    arguments = required_arguments(arguments_schema(MODELS[name]))
    return in_yaml({**_FOR_MODELS[family], "model": {name: arguments} if arguments else name})


def of_choice(what: str, kind: type[FrozenModel]) -> str:
    """Returns the section `train` with a loss, an optimizer or a schedule."""
    schema = kind.model_json_schema()
    values = required_arguments(schema, skip="name") or _first_argument(schema)
    name = kind.model_fields["name"].default
    return in_yaml({"train": {what: {name: values} if values else name}})


def _first_argument(schema: Schema) -> Section:
    """Returns an argument with its default, to show how one is given."""
    for name, value in schema["properties"].items():
        if name != "name" and value.get("default") is not None:
            return {name: value["default"]}
    return {}


def of_metric(name: str, metric: Metric) -> str:
    """Returns the section `evaluate` with a metric."""
    if metric.better is None:
        return in_yaml({"evaluate": {"metrics": [name]}})
    bound = 0.8 if metric.better == "larger" else 0.5
    return in_yaml({"evaluate": {"require": {name: bound + max(metric.range[0], 0.0)}}})


def of_key(path: str, value: Schema, definitions: Schema) -> str:
    """Returns a section with one key in it, and what that cannot be without."""
    parts = path.split(".")
    for text, part in _samples():
        if _has(part, parts):
            return text
    section = value_of(value, definitions)
    for name in reversed(parts):
        section = {name: section}
    return in_yaml(section)


@cache
def _samples() -> list[tuple[str, Section]]:
    """Returns the parts of specs that show keys in use, as text and as sections."""
    text = Path(__file__).with_name("samples.yaml").read_text(encoding="utf-8")
    parts = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [(part.strip(), yaml.safe_load(part)) for part in parts.split("\n---\n")]


def _has(value: Any, path: Sequence[str]) -> bool:
    """Tells whether a key is in a part of a spec; NAME is any name in a section, or an item."""
    if not path:
        return True
    if isinstance(value, list):
        return any(_has(item, path) for item in value if isinstance(item, Mapping))
    if not isinstance(value, Mapping):
        return False
    first, *rest = path
    if first == "NAME":
        return any(_has(member, rest) for member in value.values())
    return first in value and _has(value[first], rest)


def required_arguments(schema: Schema, skip: str = "") -> Section:
    """Returns a value for each argument that has to be given."""
    return {
        name: value_of(schema["properties"][name], schema.get("$defs", {}))
        for name in schema.get("required", ())
        if name != skip
    }


def value_of(schema: Schema, definitions: Schema) -> Any:
    """Returns a value that a schema allows: its example, its default, or one of its type."""
    if "examples" in schema:
        return schema["examples"][0]
    if schema.get("default") not in (None, "", [], {}):
        return schema["default"]
    parts = [part for part in options(schema, definitions) if part.get("type") != "null"]
    part: Schema = parts[0] if parts else {}
    if "examples" in part:
        return part["examples"][0]
    if "enum" in part or "const" in part:
        return part["const"] if "const" in part else part["enum"][0]
    return _of_type(part, definitions)


def _of_type(schema: Schema, definitions: Schema) -> Any:
    kind = schema.get("type")
    if kind == "array":
        items = schema.get("prefixItems") or [schema["items"]] * schema.get("minItems", 1)
        return [value_of(item, definitions) for item in items]
    if kind == "object":
        return required_arguments({**schema, "$defs": definitions})
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return _number(schema, 24 if kind == "integer" else 0.5)
    return "NAME"


def _number(schema: Schema, usual: float) -> float:
    """Returns the usual number, or the nearest that is allowed."""
    low: float = schema.get("minimum", usual)
    high: float = schema.get("maximum", usual)
    return min(max(usual, low), high)
