"""How records are divided: by time, by group, else in the same shares of each class."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tfline.components.artifacts.windows import WINDOW_START
from tfline.pipelines.init.columns import Column, Sample
from tfline.pipelines.init.kinds import Kind
from tfline.pipelines.init.label import Label
from tfline.pipelines.init.words import NOT_EVENT_TIME, has_word

EVAL = 0.2

_LEAST_TIMES = 20


@dataclasses.dataclass(frozen=True)
class Split:
    """How records are divided.

    Attributes:
        rule: What `data.split` says.
        why: The reason, for people.
        by: The column that divides them, if one does.
    """

    rule: Mapping[str, Any]
    why: str
    by: str | None = None


def choose_split(sample: Sample, kinds: Mapping[str, Kind], label: Label) -> Split:
    """Returns how records are divided into train and eval."""
    shares = {"train": 1 - EVAL, "eval": EVAL}
    if WINDOW_START in sample.columns:
        rule = {**shares, "by": "time", "feature": WINDOW_START}
        return Split(rule, "the last windows are for eval", WINDOW_START)
    skipped = ""
    for name in times(sample, kinds):
        if _has_all_classes(sample, name, label):
            rule = {**shares, "by": "time", "feature": name}
            return Split(
                rule, f"the latest fifth by '{name}' is for eval: a model meets the future", name
            )
        skipped = f"; not by '{name}', since not every class occurs among the latest"
    groups = [name for name, kind in kinds.items() if kind == "group" and _is_whole(sample, name)]
    if groups:
        rule = {**shares, "by": "group", "feature": groups[0]}
        why = f"records of one '{groups[0]}' belong together: it repeats{skipped}"
        return Split(rule, why, groups[0])
    if label.task in ("binary", "multiclass", "regression") and _is_whole(sample, label.name):
        what = "range of the label" if label.task == "regression" else "class"
        rule = {**shares, "by": "stratify", "feature": label.name}
        return Split(rule, f"the same shares of each {what}{skipped}")
    return Split(shares, f"by the hash of a record{skipped}")


def times(sample: Sample, kinds: Mapping[str, Kind]) -> list[str]:
    """Returns the columns that say when a record was, the most telling first."""
    found = [
        name
        for name, kind in kinds.items()
        if kind == "time"
        and _is_whole(sample, name)
        and not has_word(name, NOT_EVENT_TIME)
        and sample.columns[name].distinct >= min(_LEAST_TIMES, sample.size / 3)
    ]
    return sorted(found, key=lambda name: -sample.columns[name].distinct)


def _is_whole(sample: Sample, name: str) -> bool:
    """Tells whether every record has a value to divide it by."""
    return not sample.columns[name].missing


def _has_all_classes(sample: Sample, time: str, label: Label) -> bool:
    """Tells whether each class occurs in both parts of the records, if they are cut by time."""
    if label.task not in ("binary", "multiclass"):
        return True
    column: Column = sample.columns[label.name]
    pairs = zip(sample.columns[time].values, column.values, strict=True)
    ordered = [value[0] for _, value in sorted(pairs, key=lambda pair: pair[0]) if value]
    cut = round(len(ordered) * (1 - EVAL))
    first, last = set(ordered[:cut]), set(ordered[cut:])
    return first == last == set(column.counts) or len(column.counts) > len(ordered) / 50
