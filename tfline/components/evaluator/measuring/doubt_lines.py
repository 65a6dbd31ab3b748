"""``uncertainty.jsonl``: a line a slice, how far its values may be off."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from tfline.components.evaluator.measuring.results import SliceDoubt, Spread, Uncertainty
from tfline.metrics.slices import SliceKey


def to_line(key: SliceKey, doubt: SliceDoubt) -> str:
    """Returns what is known of a slice as a line of JSON."""
    values = [
        [*metric, dataclasses.asdict(uncertainty)]
        for metric, uncertainty in doubt.uncertainty.items()
    ]
    content = {"slice": key, "labelled": doubt.labelled, "units": doubt.units}
    return json.dumps({**content, "uncertainty": values})


def from_line(line: str) -> tuple[SliceKey, SliceDoubt]:
    """Returns what `to_line` wrote."""
    content = json.loads(line)
    found = {(name, place): _uncertainty(fields) for name, place, fields in content["uncertainty"]}
    key = tuple((feature, value) for feature, value in content["slice"])
    return key, SliceDoubt(found, tuple(content["labelled"]), content["units"])


def _uncertainty(fields: dict[str, Any]) -> Uncertainty:
    spreads = {
        name: Spread(**fields[name]) if fields[name] else None
        for name in ("candidate", "difference")
    }
    return Uncertainty(**{**fields, **spreads})
