"""How many values of a raw feature its transforms take, and what the schema says against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import FeatureSpec
from tfline.transforms.kinds import kinds_of
from tfline.transforms.table import SEVERAL, resolve
from tfline.transforms.value_counts import HINTS, ONE, Taken, ValueCount, count_problem

_TAKEN: dict[str | None, Taken] = {
    "Strings": "one",
    "Bytes": "one",
    "Times": "one",
    "Tokens": "list",
    "Series": "list",
}
_SINGLE = frozenset(SEVERAL) - {"pca"} | {"expression"}
"""Transforms that take one number of each of their raw features."""


def taken(feature: FeatureSpec) -> Taken:
    """Returns how many values of its raw features the first step of a feature takes."""
    first = feature.steps[0].transform
    if first in _SINGLE:
        return "one"
    return _TAKEN.get(kinds_of(resolve(first)).takes, "vector")


def check_counts(
    features: Sequence[FeatureSpec],
    label: Mapping[str, Taken],
    weight: str | None,
    declared: Mapping[str, ValueCount],
) -> dict[str, ValueCount]:
    """Returns how many values of each raw feature a record may hold.

    Args:
        features: Those of the model.
        label: The raw features that the label is read from, and how many values it takes of each.
        weight: The raw feature that says how much an example counts.
        declared: What the schema says; a feature that is not in it has one value where one is
            taken, and any number where a list is.

    Raises:
        AnomalyError: A transform takes another number of values than the schema says.
    """
    counts: dict[str, ValueCount] = {}
    for key, take in label.items():
        counts[key] = _settled("label", key, take, declared)
    if weight is not None:
        counts[weight] = _settled("weight", weight, "one", declared)
    for feature in features:
        for key in feature.keys:
            count = _settled("feature", key, taken(feature), declared)
            # a raw feature may be in several features, of which the strictest decides
            counts[key] = min(counts.get(key, count), count, key=_strictness)
    return counts


def _settled(role: str, key: str, take: Taken, declared: Mapping[str, ValueCount]) -> ValueCount:
    """Returns how many values a record may hold of `key`."""
    found = declared.get(key)
    if problem := count_problem(found, take):
        raise AnomalyError(
            f"The {role} '{key}' holds {found}, but it takes {problem}", hint=HINTS[role, take]
        )
    if take == "list":
        return found or ValueCount(0, None)
    return found if found is not None and found.high != 1 else ONE


def _strictness(count: ValueCount) -> float:
    return float("inf") if count.high is None else count.high
