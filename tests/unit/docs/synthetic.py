"""Records that a spec can be checked on, made from what it says of its features."""

from __future__ import annotations

import io
import math
import random
from pathlib import Path
from typing import Any

from PIL import Image

from tfline.components.example_gen.example_proto import encode_example
from tfline.components.example_gen.tfrecord import write_records
from tfline.pipelines.spec import PipelineSpec
from tfline.transforms.features import FeatureSpec, LabelSpec
from tfline.transforms.kinds import kinds_of
from tfline.transforms.objects import object_sides
from tfline.transforms.table import resolve

Row = dict[str, Any]

_WORDS = ("red", "green", "blue")


def write_data(spec: PipelineSpec, folder: Path, records: int = 60) -> None:
    """Writes a few records for each pattern of `spec.data`, below a folder."""
    chance = random.Random(0)
    for patterns in spec.data.patterns.values():
        for pattern in patterns:
            path = pattern.replace("*", "0").replace("{SPAN}", str(spec.data.span or 1))
            rows = (make_row(spec, chance) for _ in range(records))
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            write_records(file, map(encode_example, rows))


def make_row(spec: PipelineSpec, chance: random.Random) -> Row:
    """Returns a record with everything that a spec names."""
    row: Row = {}
    for cross in spec.evaluate.slices:
        for by in cross:
            is_number = bool(by.bounds or by.formula)
            row |= {key: chance.random() if is_number else chance.choice(_WORDS) for key in by.keys}
    for feature in spec.features:
        row |= {key: _value(feature, chance) for key in feature.keys}
    if spec.train.weight is not None:
        row[spec.train.weight] = chance.random() + 0.5
    if spec.data.split is not None and spec.data.split.feature is not None:
        row.setdefault(spec.data.split.feature, chance.choice(_WORDS))
    if spec.label.series is not None:
        row.setdefault(spec.label.series, chance.choice(_WORDS))
    return {**row, **_label(spec.label, chance)}


def _value(feature: FeatureSpec, chance: random.Random) -> Any:
    first = feature.steps[0]
    takes = kinds_of(resolve(first.transform)).takes
    if first.transform == "decode_raw":
        return bytes(math.prod(first.arguments["shape"]))
    if takes == "Bytes":
        return _png()
    if takes in ("Numbers", None):
        return chance.uniform(1, 50)
    if takes == "Series":
        return [chance.random() for _ in range(60)]
    return [chance.choice(_WORDS) for _ in range(4)] if takes == "Tokens" else chance.choice(_WORDS)


def _label(label: LabelSpec, chance: random.Random) -> Row:
    if label.task == "forecast":
        return {label.key: [chance.random() for _ in range(label.horizon + label.steps - 1)]}
    if label.task in ("mask", "image"):
        return {label.key: bytes(label.size)}
    if label.task == "text":
        return {label.key: " ".join(chance.choice(_WORDS) for _ in range(3))}
    if label.task == "box":
        return {label.key: chance.choice(_WORDS), **dict.fromkeys(label.targets, 0.5)}
    if label.task == "boxes":
        sides = zip(object_sides(label), (0.1, 0.2, 0.5, 0.6), strict=True)
        classes = [chance.choice(label.classes or _WORDS) for _ in range(2)]
        return {label.key: classes, **{key: [side] * 2 for key, side in sides}}
    if label.targets:
        return {key: float(chance.random() > 0.5) for key in label.targets}
    if label.task == "regression":
        return {label.key: chance.uniform(0, 10)}
    return {label.key: chance.choice(label.classes or ("no", "yes"))}


def _png() -> bytes:
    file = io.BytesIO()
    Image.new("L", (64, 64)).save(file, "PNG")
    return file.getvalue()
