"""What a spec says of the raw features that it names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from tfline.components.example_validator.config import Expectation
from tfline.tasks.table import known_task, label_keys, label_takes
from tfline.transforms.features import FeatureSpec, LabelSpec
from tfline.transforms.kinds import kinds_of
from tfline.transforms.table import FAMILIES
from tfline.transforms.table import resolve as resolve_transform
from tfline.transforms.taken import taken

_EXPECTED: dict[str | None, Literal["number", "bytes"]] = {
    "Numbers": "number",
    "Series": "number",
    "Bytes": "bytes",
}
"""What a raw feature must be, by what its first transform takes."""

_LOOKED_UP = frozenset(FAMILIES["categories"]) - {"hashing"}
"""The transforms that know the values of the train split, and no others."""


def expectations(
    label: LabelSpec,
    features: Iterable[FeatureSpec],
    weights: Iterable[str | None],
    sliced: Iterable[str | None],
) -> tuple[Expectation, ...]:
    """Returns what a spec says of each raw feature that it names.

    Args:
        label: What is predicted.
        features: What it is predicted from.
        weights: The raw features that weigh a record in training and evaluation, if any.
        sliced: The raw features by which the records are grouped in an evaluation.
    """
    task, values = known_task(label), label_takes(label)
    may_lack = task is not None and task.may_be_empty
    found = [
        Expectation(key=key, kind="any", role="label", values=values, may_lack=may_lack)
        for key in label_keys(label)
    ]
    for feature in features:
        begins = feature.steps[0].transform
        takes = kinds_of(resolve_transform(begins)).takes
        kind: Literal["number", "category", "bytes", "any"] = _EXPECTED.get(takes, "any")
        if begins in _LOOKED_UP:
            kind = "category"
        found += [
            Expectation(key=key, kind=kind, role="feature", values=taken(feature))
            for key in feature.keys
        ]
    found += [
        Expectation(key=key, kind="number", role="weight", values="one")
        for key in dict.fromkeys(weights)
        if key is not None
    ]
    named = {expectation.key for expectation in found}
    found += [
        Expectation(key=key, kind="any", role="slice")
        for key in sliced
        if key is not None and key not in named
    ]
    return tuple(dict.fromkeys(found))  # a raw feature may be in several features
