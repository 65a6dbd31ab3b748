"""The transform: what each feature became of its raw features."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from tfline.pipelines.report.run_files import RunFiles


@dataclasses.dataclass(frozen=True)
class TransformedFeature:
    """A feature of the model.

    Attributes:
        name: Its name.
        keys: The raw features that it is made from.
        steps: Each transform with its arguments, in words.
        kind: ``numeric``, ``index``, ``image`` or ``string``.
        shape: Of the tensor, without the batch.
        depth: Different indices; None if it has none.
        width: Numbers in the tensor.
        note: Embedding and augmentation, in words.
    """

    name: str
    keys: tuple[str, ...]
    steps: tuple[str, ...]
    kind: str
    shape: tuple[int, ...]
    depth: int | None
    width: int
    note: str


@dataclasses.dataclass(frozen=True)
class TransformSection:
    """The transform.

    Attributes:
        features: In the order of the spec.
        width: Numbers that the model sees of a record.
        materialized: Whether transformed examples were written.
    """

    features: tuple[TransformedFeature, ...]
    width: int
    materialized: bool


def collect(files: RunFiles) -> TransformSection | None:
    """Returns the transform; None if the run has none."""
    content = files.transform
    if content is None:
        return None
    steps = {feature["name"]: feature["steps"] for feature in files.spec.get("features", ())}
    features = tuple(
        _feature(described, steps.get(described["name"], ())) for described in content["features"]
    )
    folder = files.record.output("Transform", "transform_graph")
    return TransformSection(
        features=features,
        width=sum(feature.width for feature in features),
        materialized=folder is not None and (folder / "materialized").is_dir(),
    )


def _feature(described: dict[str, Any], steps: Any) -> TransformedFeature:
    notes = []
    if described["embedding"]:
        notes.append(f"embedded in {described['embedding']} dimensions")
    if described["augment"]:
        notes.append(f"varied in training: {_arguments(described['augment'])}")
    return TransformedFeature(
        name=described["name"],
        keys=tuple(described["keys"]),
        steps=tuple(f"{step['transform']}{_call(step['arguments'])}" for step in steps),
        kind=described["kind"],
        shape=tuple(described["shape"]),
        depth=described["depth"],
        width=math.prod(described["shape"]),
        note="; ".join(notes),
    )


def _call(arguments: dict[str, Any]) -> str:
    return f"({_arguments(arguments)})" if arguments else ""


def _arguments(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in arguments.items())
