"""Where the examined records are, with their labels: what a map is drawn of."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from tfline.pipelines.report.run_files import RunFiles

MOST_SHOWN = 2_000
"""Records on a map."""


@dataclasses.dataclass(frozen=True)
class Places:
    """Records on a map; [n] each.

    Attributes:
        names: The raw features to the right and upwards.
        label: The raw feature of the label.
        x: To the right.
        y: Upwards.
        values: The label: a number, or the index of a class.
        classes: Their names; empty of numbers.
    """

    names: tuple[str, str]
    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    values: tuple[float, ...]
    classes: tuple[str, ...]


def find_places(files: RunFiles) -> Places | None:
    """Returns where the examined records are; None without coordinates, or one label a record."""
    evidence, sample, places, verdict = files.evidence, files.sample, files.places, files.verdict
    if evidence is None or evidence.map is None or sample is None or places is None:
        return None
    labels = sample[0]
    if verdict is None or labels.ndim != 1:
        return None
    known = np.isfinite(places).all(axis=1) & np.isfinite(labels.astype(np.float64))
    if not known.any():
        return None
    stride = math.ceil(int(known.sum()) / MOST_SHOWN)
    shown = np.flatnonzero(known)[::stride]
    return Places(
        evidence.map,
        verdict["label"],
        tuple(places[shown, 0].tolist()),
        tuple(places[shown, 1].tolist()),
        tuple(labels[shown].astype(np.float64).tolist()),
        tuple(verdict["classes"]),
    )
