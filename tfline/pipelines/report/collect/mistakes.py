"""The worst errors: pictures as pictures, text as text, the rest as values."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, UnidentifiedImageError

from tfline.components.evaluator.evidence.evidence_file import Values
from tfline.pipelines.report.run_files import RunFiles
from tfline.tasks.table import find_task

_PICTURE_SIDE = 160
"""Pixels of the longer side of a picture at most; a small one is enlarged by whole factors."""

_LEAST_POINTS, _MOST_POINTS = 12, 256
"""Numbers from which on a raw feature is drawn, not written; and those that are drawn."""

_REASONS = 4
"""Raw features that are named as reasons of an answer, at most."""


@dataclasses.dataclass(frozen=True)
class Shown:
    """A raw feature of a record; one of the values, or none if it is missing.

    Attributes:
        text: What it holds, in words.
        picture: Base64 of a PNG.
        curve: The points of a series of numbers, in an SVG of 100 x 100.
    """

    text: str = ""
    picture: str = ""
    curve: str = ""


@dataclasses.dataclass(frozen=True)
class MistakeCard:
    """A record on which the model is far off.

    Attributes:
        record: Its number among the eval records, from 0.
        label: The true class, or number.
        predicted: The predicted one.
        error: As in `evidence_file.Mistake`.
        features: Raw feature to what it holds.
        reasons: What has added the most to the answer, with its sign, the most first.
    """

    record: int
    label: str
    predicted: str
    error: float
    features: dict[str, Shown]
    reasons: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class MistakesSection:
    """The worst errors.

    Attributes:
        cards: The worst first.
        records: How many records were looked at.
        measure: What an error is, as the head of its column.
        is_share: Whether it is a probability.
        pictured: Raw features that are pictures.
        unit: What the reasons add up to, in words; empty: there are none.
        keys: All other raw features, but for the label where it is one: a text to go on with.
    """

    cards: tuple[MistakeCard, ...]
    records: int
    measure: str
    is_share: bool
    pictured: tuple[str, ...]
    unit: str
    keys: tuple[str, ...]


def collect(files: RunFiles) -> MistakesSection | None:
    """Returns the worst errors; None if no record was looked at."""
    evidence, verdict = files.evidence, files.verdict
    if evidence is None or verdict is None:
        return None
    shapes = _picture_shapes(files.spec)
    cards = tuple(
        MistakeCard(
            record=mistake.record,
            label=mistake.label,
            predicted=mistake.predicted,
            error=mistake.error,
            features={
                key: _shown(value, shapes.get(key)) for key, value in mistake.features.items()
            },
            reasons=_reasons(mistake.attributions),
        )
        for mistake in evidence.mistakes
    )
    keys = list(dict.fromkeys(key for card in cards for key in card.features))
    pictured = tuple(key for key in keys if any(card.features[key].picture for card in cards))
    return MistakesSection(
        cards=cards,
        records=evidence.records,
        measure=find_task(verdict["task"]).error_name,
        is_share=find_task(verdict["task"]).error_is_share,
        pictured=pictured,
        unit=next((mistake.unit for mistake in evidence.mistakes), ""),
        keys=tuple(key for key in keys if key not in (*pictured, verdict["label"])),
    )


def _reasons(attributions: Mapping[str, float]) -> tuple[str, ...]:
    """Returns the features that have added the most, such as ``fare +1.25``."""
    ranked = sorted(attributions.items(), key=lambda item: -abs(item[1]))[:_REASONS]
    return tuple(f"{key} {added:+.3g}" for key, added in ranked if added)


def _picture_shapes(spec: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Returns the shape of each raw feature that holds bare pixels: bytes, or numbers."""
    shapes = {}
    for feature in spec.get("features", ()):
        first = feature["steps"][0]
        if first["transform"] in ("decode_raw", "reshape") and "shape" in first["arguments"]:
            shapes[feature["keys"][0]] = tuple(first["arguments"]["shape"])
    return shapes


def _shown(values: Values, shape: tuple[int, ...] | None) -> Shown:
    if values.encoded:
        content = base64.b64decode(values.encoded[0])
        picture = _picture(content, shape)
        return Shown(picture=picture) if picture else Shown(text=f"{len(content):,} bytes")
    numbers = values.numbers
    known = [number for number in numbers if number is not None]
    if shape and len(known) == math.prod(shape):
        picture = _picture(_pixels(known), shape)
        if picture:
            return Shown(picture=picture)
    if len(known) >= _LEAST_POINTS:
        text = f"{len(numbers)} numbers, {min(known):.4g} to {max(known):.4g}"
        return Shown(text=text, curve=_curve(numbers[:_MOST_POINTS], min(known), max(known)))
    written = ("n/a" if number is None else f"{number:.6g}" for number in numbers)
    return Shown(text=", ".join(values.texts or written))


def _curve(numbers: Sequence[float | None], low: float, high: float) -> str:
    """Returns ``x,y`` of each number that is known, from left to right; the largest is on top."""
    across, up = 100 / (len(numbers) - 1), 100 / (high - low or 1.0)
    return " ".join(
        f"{index * across:.4g},{(high - number) * up:.4g}"
        for index, number in enumerate(numbers)
        if number is not None
    )


def _pixels(numbers: Sequence[float]) -> bytes:
    """Returns a byte a number: the least or 0 is black; the largest is white, or 1 or 255 is."""
    low, high = min(*numbers, 0.0), max(numbers)
    white = next((most for most in (1.0, 255.0) if most / 2 <= high <= most), high)
    return bytes(round(255 * (number - low) / ((white - low) or 1.0)) for number in numbers)


def _picture(content: bytes, shape: tuple[int, ...] | None) -> str:
    """Returns base64 of a small PNG; empty if the bytes are no picture."""
    try:
        image = _bare_pixels(content, shape) if shape else Image.open(io.BytesIO(content))
        image = image if image.mode in ("L", "RGB") else image.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, binascii.Error):
        return ""  # what else the bytes may be is for the caller to say
    if max(image.size) > _PICTURE_SIDE:
        image.thumbnail((_PICTURE_SIDE, _PICTURE_SIDE))
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _bare_pixels(content: bytes, shape: tuple[int, ...]) -> Image.Image:
    height, width, channels = (*shape, 1)[:3]
    return Image.frombytes("L" if channels == 1 else "RGB", (width, height), content)
