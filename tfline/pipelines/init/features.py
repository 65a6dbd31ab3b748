"""How each column becomes a feature, by its kind; and which do not, with the reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tfline.pipelines.init.columns import Column, Sample
from tfline.pipelines.init.kinds import Kind, epoch_unit, image_shape
from tfline.pipelines.init.leaks import SUSPICIOUS, gives_away
from tfline.pipelines.init.pictures import picture_size
from tfline.pipelines.init.words import ID, has_word

MOST_LINES = 7
"""So many lines are left for features in a spec of 15."""

MOST_ONE_HOT = 20
"""More categories than this are embedded."""

MOST_BINS = 32
"""Ranges of a number for a network; of few records fewer, so that each has some to learn from."""

MOST_TERMS = 1_000
MOST_WORDS = 2_000
_LEAST_BINS = 4
_RECORDS_OF_BIN = 100
_MISSING = 0.05


@dataclasses.dataclass(frozen=True)
class Plan:
    """The features of a model.

    Attributes:
        forms: What `features` says: a transform and its columns, or a name and its chain.
        left_out: The columns that are no feature, by the reason.
        notes: What else there is to say.
    """

    forms: Mapping[str, Any]
    left_out: Mapping[str, Sequence[str]]
    notes: tuple[str, ...] = ()


def usable(
    sample: Sample,
    kinds: Mapping[str, Kind],
    taken: Mapping[str, str],
    explained: Mapping[str, float],
    together: Mapping[str, str] = MappingProxyType({}),
) -> tuple[dict[str, Kind], dict[str, list[str]], tuple[str, ...]]:
    """Divides the columns into those that a model may learn from, and the others by their reason.

    Args:
        sample: The records.
        kinds: What each column is.
        taken: Columns that have another use, such as the label, and which; empty: none to speak of.
        explained: How much of the label each explains.
        together: Columns that tell the label with another one, and how.

    Returns:
        The kinds of the usable ones, the others by reason, and what else is to be said.
    """
    kept: dict[str, Kind] = {}
    left_out: dict[str, list[str]] = {}
    notes = []
    for name, kind in kinds.items():
        reason = taken[name] if name in taken else _reason(sample.columns[name], kind)
        share = explained.get(name, 0.0)
        if reason is None and gives_away(share):
            reason = "gives the label away"
        if reason is None:
            reason = together.get(name)
        if reason is None:
            kept[name] = kind
            if share >= SUSPICIOUS:
                notes.append(f"{name} alone explains {share:.0%}: is it known before the label is?")
        elif reason:
            left_out.setdefault(reason, []).append(name)
    return kept, left_out, tuple(notes)


def _reason(column: Column, kind: Kind) -> str | None:
    """Returns why a column is no feature; None: it is one."""
    reasons: Mapping[Kind, str] = {
        "empty": "no value",
        "constant": "the same value everywhere",
        "id": "an id: hardly a value repeats",
        "group": "an id: a model meets new ones",
        "mixed": "neither numbers nor text",
    }
    if kind == "category" and not column.counts:
        return "no value"
    return reasons.get(kind)


Choice = Mapping[Kind, Callable[[Column], str]]
"""The transform of a column, by its kind."""


def network_features(sample: Sample, kept: Mapping[str, Kind]) -> dict[str, Any]:
    """Returns the features of a network for tables: pieces of numbers, categories as vectors."""
    return _short_forms(sample, kept, FOR_NETWORKS, ARGUMENTS)


def linear_features(sample: Sample, kept: Mapping[str, Kind]) -> dict[str, Any]:
    """Returns the features of a linear model for tables: scaled numbers, categories as vectors."""
    return _short_forms(sample, kept, FOR_LINEAR, ARGUMENTS)


def tree_features(sample: Sample, kept: Mapping[str, Kind]) -> dict[str, Any]:
    """Returns the features of trees for tables: numbers as they are, gaps as gaps."""
    return _short_forms(sample, kept, FOR_TREES, {**ARGUMENTS, "datetime": tree_time_arguments})


def _of_number(column: Column) -> str:
    return "bucketize" if column.missing >= _MISSING or column.has_long_tail else "z_score"


def _of_code(column: Column) -> str:
    return _of_category(column) if column.distinct > 2 or column.missing else "z_score"


def _of_category(column: Column) -> str:
    return "one_hot" if column.distinct <= MOST_ONE_HOT else "string_lookup"


def _of_tree_code(column: Column) -> str:
    return "string_lookup" if has_word(column.name, ID) else "keep_missing"


FOR_LINEAR: Choice = {
    "number": _of_number,
    "code": _of_code,
    "category": _of_category,
    "vector": lambda _: "z_score",
    "time": lambda _: "datetime",
    "text": lambda _: "bag_of_words",
    "tags": lambda _: "multi_hot",
    "series": lambda _: "steps",
}

FOR_NETWORKS: Choice = {**FOR_LINEAR, "number": lambda _: "piecewise_linear"}

FOR_TREES: Choice = {
    **FOR_LINEAR,
    "number": lambda _: "keep_missing",
    "code": _of_tree_code,
    "category": lambda _: "string_lookup",
    "vector": lambda _: "keep_missing",
}

Arguments = Callable[[Sequence[Column]], dict[str, Any]]
"""The arguments of a transform for some columns."""


def _short_forms(
    sample: Sample, kept: Mapping[str, Kind], choice: Choice, arguments: Mapping[str, Arguments]
) -> dict[str, Any]:
    """Returns the short forms of `features`: a transform, its columns and its arguments."""
    groups: dict[str, list[str]] = {}
    for name, kind in kept.items():
        groups.setdefault(choice[kind](sample.columns[name]), []).append(name)
    forms: dict[str, Any] = {}
    for transform in [name for name in TRANSFORM_ORDER if name in groups]:
        names = groups[transform]
        if transform == "steps":
            chain = ["steps", "z_score"]
            forms |= {f"{name}_steps": {"key": name, "transform": chain} for name in names}
            continue
        columns = [sample.columns[name] for name in names]
        given = arguments[transform](columns) if transform in arguments else {}
        forms[transform] = {"features": names, **given} if given else names
    return forms


def _piece_arguments(columns: Sequence[Column]) -> dict[str, Any]:
    bins = len(columns[0].values) // _RECORDS_OF_BIN
    return {"bins": min(max(bins, _LEAST_BINS), MOST_BINS)}


def _lookup_arguments(columns: Sequence[Column]) -> dict[str, Any]:
    return {"top_k": MOST_TERMS} if max(column.distinct for column in columns) > MOST_TERMS else {}


def time_arguments(columns: Sequence[Column]) -> dict[str, Any]:
    """Returns the parts of a calendar that points in time differ in, and the unit of integers."""
    texts = [str(value) for column in columns for value in column.flat if isinstance(value, str)]
    dates_only = bool(texts) and all(text[10:] in _MIDNIGHT for text in texts)
    unit = epoch_unit(columns[0])
    arguments: dict[str, Any] = {"parts": ["month", "weekday"]} if dates_only else {}
    return arguments | ({"unit": unit} if unit not in (None, "s") else {})


def tree_time_arguments(columns: Sequence[Column]) -> dict[str, Any]:
    """Returns those of `time_arguments`, with plain numbers: trees need no angles."""
    return {**time_arguments(columns), "cyclic": False}


_MIDNIGHT = ("", "T00:00:00", " 00:00:00")

TRANSFORM_ORDER = (
    "keep_missing", "piecewise_linear", "z_score", "bucketize", "one_hot", "string_lookup",
    "datetime", "multi_hot", "bag_of_words", "steps",
)  # fmt: skip

ARGUMENTS: Mapping[str, Arguments] = {
    "piecewise_linear": _piece_arguments,
    "string_lookup": _lookup_arguments,
    "datetime": time_arguments,
    "multi_hot": lambda _: {"top_k": MOST_TERMS},
    "bag_of_words": lambda _: {"top_k": MOST_WORDS},
}


def tf_idf_features(sample: Sample, kept: Mapping[str, Kind]) -> dict[str, Any]:
    """Returns the features of a linear model of words and pairs of words."""
    [name] = kept
    column = sample.columns[name]
    has_tags = any("<" in str(text) and "/>" in str(text) for text in column.flat[:500])
    first: Any = {"standardize": {"strip_html": True}} if has_tags else "standardize"
    chain = [first, "split", {"ngrams": {"sizes": [1, 2]}}, {"tf_idf": {"top_k": 10_000}}]
    return {name: {"transform": chain}}


def token_features(sample: Sample, kept: Mapping[str, Kind]) -> dict[str, Any]:
    """Returns the features of a network that reads words in their order."""
    [name] = kept
    words = sorted(len(str(text).split()) for text in sample.columns[name].flat)
    length = max(8, min(400, words[int(0.9 * (len(words) - 1))]))
    return {name: {"transform": {"text_vectorization": {"length": length, "top_k": 10_000}}}}


def picture_features(sample: Sample, kept: Mapping[str, Kind]) -> dict[str, Any]:
    """Returns the feature of a network for pictures: the first column of pictures."""
    name, kind = next((name, kind) for name, kind in kept.items() if kind in PICTURES)
    column = sample.columns[name]
    if kind == "flat_image":
        low, high = column.sorted_numbers[0], column.sorted_numbers[-1]
        step: list[Any] = [{"reshape": {"shape": list(image_shape(column.lengths[0]) or ())}}]
        return {name: {"transform": [*step, "rescale"] if low >= 0 and high > 1 else step}}
    if kind == "raw_image":
        shape = image_shape(len(column.flat[0]))  # type: ignore[arg-type]  # bytes
        return {name: {"transform": [{"decode_raw": {"shape": list(shape or ())}}, "rescale"]}}
    height, width, channels = picture_size(column)
    size = {"size": [height, width], **({"channels": 1} if channels == 1 else {})}
    return {name: {"transform": [{"decode_image": size}, "rescale"]}}


PICTURES: frozenset[Kind] = frozenset({"image", "raw_image", "flat_image"})


def series_features(sample: Sample, kept: Mapping[str, Kind]) -> dict[str, Any]:
    """Returns the features of a network for series: the windows of numbers, padded alike."""
    numbers = [name for name, kind in kept.items() if kind in ("vector", "series")]
    length = max(sample.columns[name].lengths[1] for name in numbers)
    chain = ["z_score_steps", {"pad": {"length": length}}]
    return {name: {"transform": chain} for name in numbers[:MOST_LINES]}


def no_features(sample: Sample, kept: Mapping[str, Kind]) -> dict[str, Any]:
    """Returns none: a text goes on with its own beginning."""
    del sample, kept
    return {}
