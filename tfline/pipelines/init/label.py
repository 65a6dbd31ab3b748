"""Which column is predicted, and what it asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from tfline.pipelines.init.columns import Column, Sample
from tfline.pipelines.init.kinds import Kind
from tfline.pipelines.init.words import AMOUNT, EVENT, LABEL, has_word
from tfline.transforms.errors import DataError, did_you_mean

Task = Literal["binary", "multiclass", "multilabel", "regression", "forecast", "text"]

MOST_CLASSES = 1_000
"""Whole numbers of more different values are numbers; so many named classes are still learnt."""

_FEW_CLASSES = 20
_MOST_TOKENS = 10_000
_NEVER: frozenset[Kind] = frozenset(
    {
        "empty",
        "id",
        "group",
        "time",
        "image",
        "raw_image",
        "flat_image",
        "mixed",
        "series",
        "vector",
    }
)
_NEGATIVE = frozenset(
    ["no", "n", "not", "non", "false", "f", "0", "negative", "neg", "none", "normal"]
)
_POSITIVE = frozenset(
    ["yes", "y", "true", "t", "1", "positive", "pos", "good", "bad", "spam", "fraud", "churned"]
)


@dataclasses.dataclass(frozen=True)
class Label:
    """What is predicted.

    Attributes:
        name: The column.
        task: What is asked of it.
        why: How it was found, for people.
        classes: The two named classes of a binary label, the positive one second; else empty.
        note: What else there is to say of it.
        is_whole: Whether its numbers stand for classes and have to be integers.
        form: What `label` of the spec says beside its name and task.
    """

    name: str
    task: Task
    why: str
    classes: tuple[str, ...] = ()
    note: str = ""
    is_whole: bool = False
    form: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def choose_label(
    sample: Sample, kinds: Mapping[str, Kind], asked: str | None, *, in_order: bool = True
) -> Label:
    """Returns what is predicted.

    Args:
        sample: The records.
        kinds: What each column is.
        asked: The column that is asked for; None: it is guessed from names and positions.
        in_order: Whether the columns have an order by which to guess.

    Raises:
        DataError: There is no such column, none that could be a label, or nothing to learn of it.
    """
    if asked is not None and asked not in sample.columns:
        raise DataError(
            f"There is no column '{asked}' to predict", hint=did_you_mean(asked, sample.columns)
        )
    if asked is not None:
        return read_label(sample.columns[asked], kinds[asked], "as asked for")
    name, why = guess(kinds, in_order=in_order)
    return read_label(sample.columns[name], kinds[name], f"guessed: {why}")


def guess(kinds: Mapping[str, Kind], *, in_order: bool = True) -> tuple[str, str]:
    """Returns the column that is most likely the label, and why.

    Args:
        kinds: What each column is.
        in_order: Whether the columns have an order by which to guess.

    Raises:
        DataError: No column could be it, or nothing tells which one.
    """
    for name in kinds:
        if name.lower() in LABEL and kinds[name] not in _NEVER:
            return name, f"it is called '{name}'"
    usable = [name for name, kind in kinds.items() if kind not in _NEVER and kind != "constant"]
    short = [name for name in usable if kinds[name] != "text"] or usable
    if not short:
        raise DataError(
            "No column can be predicted: "
            + (", ".join(f"{name} is {kind}" for name, kind in list(kinds.items())[:8]) or "none"),
            hint="Say which one: `--label COLUMN`.",
        )
    for words in (LABEL, EVENT, AMOUNT):
        named = [name for name in short if has_word(name, words)]
        if not named and words is not AMOUNT:  # an error: better than another column
            named = [n for n, kind in kinds.items() if kind == "constant" and has_word(n, words)]
        if named:
            return named[-1], "by its name"
    if not in_order and len(short) > 1:
        raise DataError(
            "No name tells which feature is the label, and the features of a record have no order",
            hint=f"Say which one: `--label COLUMN`. There are: {', '.join(sorted(short))}.",
        )
    return short[-1], "the last column that can be one"


def read_label(column: Column, kind: Kind, why: str) -> Label:
    """Returns what a column asks for.

    Raises:
        DataError: There is nothing to learn of it.
    """
    name = column.name
    if kind == "constant":
        value = next(iter(column.counts))
        raise DataError(
            f"The label '{name}' has one class only, {value!r}: there is nothing to tell apart",
            hint="Choose another column: `--label COLUMN`.",
        )
    if kind in ("empty", "mixed", "image", "raw_image", "flat_image", "time"):
        raise DataError(
            f"The label '{name}' cannot be predicted: {_WHAT[kind]}",
            hint="Choose another column: `--label COLUMN`.",
        )
    if kind == "tags":
        return Label(name, "multilabel", why)
    if kind in ("vector", "series"):
        return _of_lists(column, kind, why)
    if kind == "text":
        return Label(name, "text", why, form={"top_k": _MOST_TOKENS})
    if column.is_number:
        return _of_numbers(column, kind, why)
    return _of_names(column, kind, why)


def _of_lists(column: Column, kind: Kind, why: str) -> Label:
    if kind == "series":
        raise DataError(
            f"The label '{column.name}' holds lists of different lengths",
            hint="A forecast has equally many steps in every record.",
        )
    return Label(column.name, "forecast", why, form={"horizon": column.lengths[1]})


_WHAT: Mapping[Kind, str] = {
    "empty": "it has no value",
    "mixed": "its values are of several types, or no text",
    "image": "it holds pictures",
    "raw_image": "it holds pictures",
    "flat_image": "it holds pictures",
    "time": "it holds points in time",
}


def _of_numbers(column: Column, kind: Kind, why: str) -> Label:
    name = column.name
    if column.is_whole and column.distinct == 2:
        positive = max(column.counts, key=float)
        share = column.counts[positive] / column.present
        note = f"{int(positive)} is positive, {_share(share)} of the records"
        return Label(name, "binary", why, note=note, is_whole=True)
    low, high = column.sorted_numbers[0], column.sorted_numbers[-1]
    in_a_row = low in (0, 1) and high - low + 1 == column.distinct
    few = column.distinct <= (_FEW_CLASSES if in_a_row else 5)
    named = kind == "code" and has_word(name, LABEL) and column.distinct <= _FEW_CLASSES
    if column.is_whole and (few or named):
        return Label(name, "multiclass", why, note=_classes_note(column), is_whole=True)
    note = f"{low:g} to {high:g}, standard deviation {column.deviation:.4g}"
    return Label(name, "regression", why, note=note)


def _of_names(column: Column, kind: Kind, why: str) -> Label:
    name = column.name
    if kind == "id" or column.distinct > 0.5 * column.present > 10:
        raise DataError(
            f"The label '{name}' has {column.distinct:,} classes among {column.present:,} records "
            "of the sample: there is hardly a second record to learn one from",
            hint="Choose another column: `--label COLUMN`.",
        )
    if column.distinct > 2:
        return Label(name, "multiclass", why, note=_classes_note(column))
    classes = tuple(sorted(map(str, column.counts), key=lambda one: _positive(column, one)))
    share = column.counts[classes[1]] / column.present
    note = f"'{classes[1]}' is positive, {_share(share)} of the records"
    return Label(name, "binary", why, classes=classes, note=note)


def _positive(column: Column, value: str) -> tuple[bool, bool, float]:
    """Returns what sorts the positive class last: by the names, else it is the rarer one."""
    word = value.lower().partition(" ")[0]
    return word in _POSITIVE, word not in _NEGATIVE, -column.counts[value]


def _classes_note(column: Column) -> str:
    rarest = min(column.counts.values())
    note = f"{column.distinct:,} classes, {rarest:,} records or more of each in the sample"
    if column.distinct > MOST_CLASSES or column.present < 10 * column.distinct:
        note += ": expect little of the rare ones"
    return note


def _share(share: float) -> str:
    return f"{share:.1%}" if share < 0.01 else f"{share:.0%}"
